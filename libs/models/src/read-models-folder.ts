import { relative } from 'node:path';
import { modelFolders } from './model-folders.ts';
import { readVersion, type VersionFolder } from './read-version.ts';

/** `folder` is relative to the models folder; `reason` is one line. */
export interface RefusedFolder {
  folder: string;
  reason: string;
}

/** No version is in it twice: of two folders that say they are one version, the second is refused. */
export interface ModelsOnDisk {
  versions: VersionFolder[];
  refused: RefusedFolder[];
}

/** What the models folder `root` holds. Rejects where `root` cannot be read; what is wrong below it is refused. */
export async function readModelsFolder(root: string): Promise<ModelsOnDisk> {
  const found: ModelsOnDisk = { versions: [], refused: [] };
  for (const path of await modelFolders(root)) {
    const read = await readVersion(path);
    const refuse = (reason: string) => found.refused.push({ folder: relative(root, path), reason });
    if (read.kind === 'refused') {
      refuse(read.reason);
      continue;
    }
    const { name, version } = read.version.manifest;
    const twin = found.versions.find(({ manifest }) => manifest.name === name && manifest.version === version);
    if (twin === undefined) found.versions.push(read.version);
    else refuse(`${name}@${version} is in ${relative(root, twin.path)} already`);
  }
  return found;
}
