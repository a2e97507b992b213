import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';

it('says of a study exactly what the page expects to hear', async () => {
  const [server, page] = await Promise.all(
    ['study-view.ts', '../web/src/study-view.ts'].map((file) => readFile(new URL(file, import.meta.url), 'utf8')),
  );
  expect(server).toBe(page);
});
