import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelManifestSchema, type ModelManifest, type ModelReference } from '@sightline/contracts';
import { readModelsFolder } from '@sightline/models';
import type { DataSource } from '@sightline/persistence';
import type { Logger } from '@sightline/platform';

export interface KnownModel {
  manifest: ModelManifest;
  /** Text of MODEL_CARD.md. */
  card: string | undefined;
}

/**
 * The model versions this app has ever been shown: an answer of the version before is still filed after the folder holds the
 * next one.
 */
export class KnownModels {
  /** A version never changes once it is known. */
  private readonly met = new Map<string, KnownModel>();

  constructor(
    private readonly folder: string,
    private readonly dataSource: DataSource,
    private readonly log: Logger,
  ) {}

  /** Undefined where neither the folder nor the memory of this app knows the version. */
  async find(model: ModelReference): Promise<KnownModel | undefined> {
    const known = await this.recall(model);
    if (known !== undefined) return known;
    await this.learn();
    return this.recall(model);
  }

  /** Remembers every manifest in the folder. */
  async learn(): Promise<void> {
    const { versions, refused } = await readModelsFolder(this.folder);
    for (const { folder, reason } of refused) this.log.warn('model-refused', { folder, reason });
    for (const { path, manifest } of versions) {
      const card = await readFile(join(path, 'MODEL_CARD.md'), 'utf8').catch(() => null);
      await this.dataSource.query(
        'insert into known_model (name, version, manifest, card) values ($1, $2, $3, $4) on conflict do nothing',
        [manifest.name, manifest.version, JSON.stringify(manifest), card],
      );
    }
  }

  private async recall({ name, version }: ModelReference): Promise<KnownModel | undefined> {
    const met = this.met.get(`${name}@${version}`);
    if (met !== undefined) return met;
    const [row] = await this.dataSource.query<{ manifest: unknown; card: string | null }[]>(
      'select manifest, card from known_model where name = $1 and version = $2',
      [name, version],
    );
    if (row === undefined) return undefined;
    const known = { manifest: modelManifestSchema.parse(row.manifest), card: row.card ?? undefined };
    this.met.set(`${name}@${version}`, known);
    return known;
  }
}
