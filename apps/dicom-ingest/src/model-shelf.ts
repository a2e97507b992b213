import type { ModelManifest } from '@sightline/contracts';
import { readModelsFolder } from '@sightline/models';
import type { Logger } from '@sightline/platform';
import { relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** Manifests by the folder they lie in, relative to the models folder. */
type Shelf = ReadonlyMap<string, ModelManifest>;

/**
 * The manifests of the models folder, read again at intervals. A version stays as it was first read: one that is changed under its
 * name, or spoilt, goes on as it was. One that is taken away is no longer routed to.
 */
export class ModelShelf {
  private said = new Set<string>();

  private constructor(
    private readonly folder: string,
    private readonly log: Logger,
    private shelf: Shelf,
  ) {}

  /** Throws on a malformed manifest, or a version that is there twice: a mesh that would route by guess does not start. */
  static async open(folder: string, log: Logger): Promise<ModelShelf> {
    const { shelf, faults } = await readShelf(folder, new Map());
    const [fault] = faults;
    if (fault !== undefined) throw new Error(fault);
    return new ModelShelf(folder, log, shelf);
  }

  get manifests(): readonly ModelManifest[] {
    return [...this.shelf.values()];
  }

  /** Reads the folder again. What is wrong from now on is one log line, and takes nothing down. */
  async look(): Promise<void> {
    const { shelf, faults } = await readShelf(this.folder, this.shelf);
    for (const fault of faults) if (!this.said.has(fault)) this.log.warn('model-refused', { fault });
    this.said = new Set(faults);
    this.shelf = shelf;
  }
}

async function readShelf(root: string, before: Shelf): Promise<{ shelf: Shelf; faults: string[] }> {
  const { versions, refused } = await readModelsFolder(root);
  const shelf = new Map<string, ModelManifest>();
  const faults = refused.map(({ folder, reason }) => `${folder}: ${reason}`);
  for (const { path, manifest } of versions) {
    const first = [...before.values()].find((one) => isSame(one, manifest)) ?? manifest;
    shelf.set(relative(root, path), first);
    if (!isDeepStrictEqual(first, manifest))
      faults.push(`${manifest.name}@${manifest.version} was changed: a change is a new version`);
  }
  for (const { folder } of refused) {
    const spoilt = before.get(folder);
    if (spoilt !== undefined && ![...shelf.values()].some((one) => isSame(one, spoilt))) shelf.set(folder, spoilt);
  }
  return { shelf, faults };
}

function isSame(one: ModelManifest, other: ModelManifest): boolean {
  return one.name === other.name && one.version === other.version;
}
