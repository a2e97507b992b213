import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { answersTable } from './server-answers.ts';

it('the paper says of each answer of a server what is proved of it', async () => {
  const paper = await readFile(join(import.meta.dirname, '../../docs/conformance/fhir.md'), 'utf8');
  expect(paper).toContain(`\n${answersTable()}\n`);
});
