import { type ModelManifest, parseManifest } from '@sightline/contracts';
import type { Logger } from '@sightline/platform';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** Manifests by the folder they lie in. */
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

/**
 * Every `<folder>/model.json`: one folder is one version. Names that begin with a dot are passed over, so that a folder can be copied
 * under such a name and appear complete by being renamed.
 */
async function readShelf(folder: string, before: Shelf): Promise<{ shelf: Shelf; faults: string[] }> {
  const shelf = new Map<string, ModelManifest>();
  const faults: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  for (const name of names.toSorted()) {
    const text = await readFile(join(folder, name, 'model.json'), 'utf8').catch(undefinedIfAbsent);
    if (text === undefined) continue;
    const taken = take(text, before.get(name), [...shelf.values()]);
    if (taken.fault !== undefined) faults.push(`${name}/model.json: ${taken.fault}`);
    if (taken.manifest !== undefined) shelf.set(name, taken.manifest);
  }
  return { shelf, faults };
}

interface Taken {
  manifest?: ModelManifest | undefined;
  fault?: string;
}

function take(text: string, before: ModelManifest | undefined, others: readonly ModelManifest[]): Taken {
  const parsed = parseManifest(text);
  if (parsed.kind === 'not-json') return { manifest: before, fault: 'not JSON' };
  if (parsed.kind === 'malformed') return { manifest: before, fault: parsed.issue };
  const { manifest } = parsed;
  const same = (other: ModelManifest): boolean => other.name === manifest.name && other.version === manifest.version;
  if (others.some(same)) return { fault: `${manifest.name}@${manifest.version} is in the models folder twice` };
  if (before === undefined || !same(before) || isDeepStrictEqual(before, manifest)) return { manifest };
  return { manifest: before, fault: `${manifest.name}@${manifest.version} was changed: a change is a new version` };
}

function undefinedIfAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
