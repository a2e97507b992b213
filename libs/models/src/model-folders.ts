import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Every folder below `root` that holds a model.json, `<model>/` or `<model>/<version>/`, sorted: each is one version of one model,
 * whatever it is called, and holds no other. Names that begin with a dot are passed over, so that a folder can be copied under such a
 * name and appear complete by being renamed. Rejects where `root` cannot be read, which says nothing of what it holds.
 */
export async function modelFolders(root: string): Promise<string[]> {
  const folders = foldersAmong(root, await readdir(root, { withFileTypes: true }));
  const nested = folders.map(async (folder): Promise<string[]> => {
    const { holdsModel, inner } = await lookInto(folder);
    if (holdsModel) return [folder];
    const looks = await Promise.all(inner.map(lookInto));
    return inner.filter((_, i) => looks[i]?.holdsModel === true);
  });
  return (await Promise.all(nested)).flat().toSorted();
}

/** What cannot be looked into, but is there, is taken for a model: reading it says what is wrong. */
async function lookInto(folder: string): Promise<{ holdsModel: boolean; inner: string[] }> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return { holdsModel: entries.some(({ name }) => name === 'model.json'), inner: foldersAmong(folder, entries) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { holdsModel: code !== 'ENOENT' && code !== 'ENOTDIR', inner: [] };
  }
}

/** Links too: what is mounted may lie elsewhere. */
function foldersAmong(parent: string, entries: readonly Dirent[]): string[] {
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => join(parent, name));
}
