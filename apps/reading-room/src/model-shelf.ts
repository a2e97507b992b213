import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelManifestSchema, type ModelManifest, type ModelReference } from '@sightline/contracts';

/** The manifests and cards of the models this installation runs, from `models/<name>/`. */
export class ModelShelf {
  private readonly known = new Map<string, ModelManifest>();

  constructor(private readonly directory: string) {}

  /** Undefined where exactly this version is not on the shelf. */
  async find({ name, version }: ModelReference): Promise<ModelManifest | undefined> {
    if (!/^[a-z0-9-]+$/.test(name)) return undefined;
    const known = this.known.get(`${name}@${version}`);
    if (known !== undefined) return known;
    const manifest = await this.read(name);
    if (manifest?.version !== version) return undefined;
    this.known.set(`${name}@${version}`, manifest);
    return manifest;
  }

  /** MODEL_CARD.md, Markdown. */
  async card(model: ModelReference): Promise<string | undefined> {
    if ((await this.find(model)) === undefined) return undefined;
    return readFile(join(this.directory, model.name, 'MODEL_CARD.md'), 'utf8').catch(() => undefined);
  }

  private async read(name: string): Promise<ModelManifest | undefined> {
    try {
      return modelManifestSchema.parse(JSON.parse(await readFile(join(this.directory, name, 'model.json'), 'utf8')));
    } catch {
      return undefined;
    }
  }
}
