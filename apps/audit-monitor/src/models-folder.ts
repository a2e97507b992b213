import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest, type ModelManifest } from '@sightline/contracts';

/** A model version as it lies in the models folder. */
export interface VersionFolder {
  path: string;
  manifest: ModelManifest;
  /** Of the bytes of model.json. */
  manifestSha256: string;
}

/** What the models folder holds. `refused` names each folder whose manifest is not one, and why. */
export interface ModelsOnDisk {
  versions: VersionFolder[];
  refused: { folder: string; reason: string }[];
}

/**
 * Reads every `<folder>/model.json`: one folder is one version, however it is called. Names that begin with a dot are passed over,
 * so that a folder can be copied under such a name and appear complete by being renamed.
 */
export async function readModelsFolder(folder: string): Promise<ModelsOnDisk> {
  const found: ModelsOnDisk = { versions: [], refused: [] };
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.name.startsWith('.') && !entry.isFile()).map(({ name }) => name);
  for (const name of names.toSorted()) {
    const bytes = await readFile(join(folder, name, 'model.json')).catch(() => undefined);
    if (bytes === undefined) continue;
    const read = parse(bytes);
    if (typeof read === 'string') found.refused.push({ folder: name, reason: read });
    else if (found.versions.some(({ manifest }) => isSame(manifest, read)))
      found.refused.push({ folder: name, reason: `${read.name}@${read.version} is there already` });
    else
      found.versions.push({
        path: join(folder, name),
        manifest: read,
        manifestSha256: createHash('sha256').update(bytes).digest('hex'),
      });
  }
  return found;
}

function parse(bytes: Buffer): ModelManifest | string {
  const parsed = parseManifest(bytes.toString('utf8'));
  switch (parsed.kind) {
    case 'manifest':
      return parsed.manifest;
    case 'not-json':
      return 'model.json is not JSON';
    case 'malformed':
      return `model.json: ${parsed.issue}`;
  }
}

function isSame(one: ModelManifest, other: ModelManifest): boolean {
  return one.name === other.name && one.version === other.version;
}
