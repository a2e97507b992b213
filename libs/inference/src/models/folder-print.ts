import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Changes when anything in a folder does; by size and time, so that looking often costs little. */
export async function folderPrint(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const hash = createHash('sha256');
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true) hash.update(`${name}\0${found.size}\0${found.mtimeMs}\0${found.ino}\0`);
  }
  return hash.digest('hex');
}
