import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkedCode } from '@sightline/findings';

const repository = join(import.meta.dirname, '../..');

/** Every `{ system, code, display }` in a value that nobody checked, or that says something else than the table. */
function uncheckedCodes(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(uncheckedCodes);
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(uncheckedCodes);
  if (!('system' in value && 'code' in value && 'display' in value)) return below;
  const entry = checkedCode(String(value.system), String(value.code));
  return entry?.display === value.display ? below : [...below, JSON.stringify(value)];
}

async function jsonFiles(folder: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(join(repository, folder), { recursive: true });
  return entries.filter((path) => name.test(path)).map((path) => join(folder, path));
}

describe('the codes of', () => {
  it('every model manifest are in the code table, as it displays them', async () => {
    for (const path of await jsonFiles('models', /(^|\/)model\.json$/)) {
      expect([path, uncheckedCodes(JSON.parse(await readFile(join(repository, path), 'utf8')))]).toEqual([path, []]);
    }
  });

  it('every golden message are in the code table', async () => {
    const paths = await jsonFiles('test/contracts/golden', /\.json$/);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      const messages = JSON.parse(await readFile(join(repository, path), 'utf8')) as { value: string }[];
      expect([path, messages.flatMap(({ value }) => uncheckedCodes(JSON.parse(value)))]).toEqual([path, []]);
    }
  });
});
