import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelManifest } from '@sightline/contracts';
import { testManifest } from './test-manifest.ts';

const everyKind = ['evaluation', 'gates', 'explanation', 'golden', 'card'] as const;

/** Writes a version's folder with a graph of a few bytes and the evidence its manifest names; resolves to the folder's path. */
export async function writeModelVersion(
  modelsDir: string,
  changes: Partial<ModelManifest> & { version: string },
  kinds: readonly ModelManifest['evidence'][number]['kind'][] = everyKind,
): Promise<string> {
  const path = join(modelsDir, `${changes.name ?? 'test-reader'}-${changes.version}`);
  const write = async (file: string, text: string): Promise<string> => {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
    return createHash('sha256').update(text).digest('hex');
  };
  const sha256 = await write('1/model.onnx', `graph of ${changes.version}`);
  const evidence = await Promise.all(
    kinds.map(async (kind) => ({ kind, file: `${kind}.json`, sha256: await write(`${kind}.json`, `{"${kind}":1}`) })),
  );
  await write('model.json', JSON.stringify(testManifest({ sha256, evidence, ...changes })));
  return path;
}
