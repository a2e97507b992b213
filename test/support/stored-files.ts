import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileMeta } from '@sightline/dicom';

/** Every Part 10 file under a folder, whatever its name, by SOP Instance UID. */
export async function storedFiles(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = new Map<string, Buffer>();
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    const read = readFileMeta(bytes);
    if (read.kind === 'meta') found.set(read.meta.mediaStorageSopInstanceUid ?? '', bytes);
  }
  return found;
}
