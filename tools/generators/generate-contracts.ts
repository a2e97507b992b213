import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contractDocuments } from './contract-documents.ts';

/**
 * Writes docs/contracts from the catalog of topics. With `--check` it writes nothing and exits with 1 where a committed file
 * differs from what the catalog says, is missing, or belongs to no topic any more.
 */
const folder = join(import.meta.dirname, '../../docs/contracts');

async function committed(): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json'));
  return new Map(
    await Promise.all(
      files.map(async (name): Promise<[string, string]> => [name, await readFile(join(folder, name), 'utf8')]),
    ),
  );
}

const wanted = contractDocuments();
const present = await committed();
const stale = [...present.keys()].filter((name) => !wanted.has(name));
const changed = [...wanted].filter(([name, text]) => present.get(name) !== text);

if (process.argv.includes('--check')) {
  const complaints = [
    ...changed.map(([name]) => `${name} differs from the catalog`),
    ...stale.map((name) => `${name} belongs to no topic`),
  ];
  for (const complaint of complaints) console.error(`docs/contracts/${complaint}`);
  if (complaints.length > 0) {
    console.error('run: npx tsx tools/generators/generate-contracts.ts');
    process.exitCode = 1;
  }
} else {
  for (const name of stale) await rm(join(folder, name));
  for (const [name, text] of changed) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  console.log(`docs/contracts: ${wanted.size} documents, ${changed.length} written, ${stale.length} removed`);
}
