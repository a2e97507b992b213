import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileMeta } from '@sightline/dicom';

/** Every Part 10 file in a folder, whatever its name, by SOP Instance UID. */
export async function storedFiles(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    const read = readFileMeta(bytes);
    if (read.kind === 'meta') found.set(read.meta.mediaStorageSopInstanceUid ?? '', bytes);
  }
  return found;
}
