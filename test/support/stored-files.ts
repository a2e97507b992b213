import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileMeta } from '@sightline/dicom';

/** Looks at a folder that its owner tidies under one's hands. */
const looks = 10;

/** Every Part 10 file under a folder, whatever its name, by SOP Instance UID; as a whole, whatever is removed meanwhile. */
export async function storedFiles(folder: string): Promise<Map<string, Buffer>> {
  for (let look = 1; ; look++) {
    try {
      return await filesIn(folder);
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isGone || look === looks) throw error;
    }
  }
}

async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = new Map<string, Buffer>();
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    const read = readFileMeta(bytes);
    if (read.kind === 'meta') found.set(read.meta.mediaStorageSopInstanceUid ?? '', bytes);
  }
  return found;
}
