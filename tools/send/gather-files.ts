import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

export type Found =
  | { readonly kind: 'dicom' | 'picture'; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: 'other'; readonly path: string; readonly reason: string };

/** Every file below the paths, told apart by what it holds, not by its name. Hidden files are passed over. */
export async function* gatherFiles(paths: readonly string[]): AsyncGenerator<Found> {
  for (const path of paths) {
    const entry = await stat(path).catch(() => undefined);
    if (entry === undefined) {
      yield { kind: 'other', path, reason: 'there is no such file' };
    } else if (entry.isDirectory()) {
      const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
      yield* gatherFiles(names.map((name) => join(path, name)));
    } else {
      yield await look(path);
    }
  }
}

async function look(path: string): Promise<Found> {
  const bytes = await readFile(path);
  if (basename(path).toUpperCase() === 'DICOMDIR') {
    return { kind: 'other', path, reason: 'a DICOMDIR lists images and is none' };
  }
  if (bytes.toString('latin1', 128, 132) === 'DICM') {
    return { kind: 'dicom', path, bytes };
  }
  const isPng = bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'));
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
  return isPng || isJpeg
    ? { kind: 'picture', path, bytes }
    : { kind: 'other', path, reason: 'neither DICOM nor PNG nor JPEG' };
}
