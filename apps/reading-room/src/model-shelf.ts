import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest, type ModelManifest, type ModelReference } from '@sightline/contracts';

interface Shelved {
  manifest: ModelManifest;
  folder: string;
}

/** The manifests and cards of the models this installation runs: one folder of the models folder is one version, whatever it is called. */
export class ModelShelf {
  private readonly known = new Map<string, Shelved>();

  constructor(private readonly directory: string) {}

  /** Undefined where exactly this version is not on the shelf. A version once seen stays known while this process runs. */
  async find(model: ModelReference): Promise<ModelManifest | undefined> {
    return (await this.take(model))?.manifest;
  }

  /** MODEL_CARD.md, Markdown. */
  async card(model: ModelReference): Promise<string | undefined> {
    const shelved = await this.take(model);
    if (shelved === undefined) return undefined;
    return readFile(join(shelved.folder, 'MODEL_CARD.md'), 'utf8').catch(() => undefined);
  }

  private async take({ name, version }: ModelReference): Promise<Shelved | undefined> {
    const key = `${name}@${version}`;
    if (!this.known.has(key)) await this.look();
    return this.known.get(key);
  }

  private async look(): Promise<void> {
    const entries = await readdir(this.directory, { withFileTypes: true });
    for (const { name } of entries.filter((entry) => !entry.isFile())) {
      const folder = join(this.directory, name);
      const manifest = await readManifest(folder);
      const key = `${manifest?.name}@${manifest?.version}`;
      if (manifest !== undefined && !this.known.has(key)) this.known.set(key, { manifest, folder });
    }
  }
}

async function readManifest(folder: string): Promise<ModelManifest | undefined> {
  const text = await readFile(join(folder, 'model.json'), 'utf8').catch(() => undefined);
  const parsed = text === undefined ? undefined : parseManifest(text);
  return parsed?.kind === 'manifest' ? parsed.manifest : undefined;
}
