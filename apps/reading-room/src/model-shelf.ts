import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest, ModelReference } from '@sightline/contracts';
import { readModelsFolder, type VersionFolder } from '@sightline/models';

/** The manifests and cards of the models this installation runs. */
export class ModelShelf {
  private readonly known = new Map<string, VersionFolder>();

  constructor(private readonly directory: string) {}

  /** Undefined where exactly this version is not on the shelf. A version once seen stays known while this process runs. */
  async find(model: ModelReference): Promise<ModelManifest | undefined> {
    return (await this.take(model))?.manifest;
  }

  /** MODEL_CARD.md, Markdown. */
  async card(model: ModelReference): Promise<string | undefined> {
    const shelved = await this.take(model);
    if (shelved === undefined) return undefined;
    return readFile(join(shelved.path, 'MODEL_CARD.md'), 'utf8').catch(() => undefined);
  }

  private async take({ name, version }: ModelReference): Promise<VersionFolder | undefined> {
    const key = `${name}@${version}`;
    if (!this.known.has(key)) await this.look();
    return this.known.get(key);
  }

  private async look(): Promise<void> {
    for (const version of (await readModelsFolder(this.directory)).versions) {
      const key = `${version.manifest.name}@${version.manifest.version}`;
      if (!this.known.has(key)) this.known.set(key, version);
    }
  }
}
