import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest, type ModelManifest } from '@sightline/contracts';

/** A model version as it lies in the models folder. */
export interface VersionFolder {
  /** Where its model.json lies. */
  path: string;
  manifest: ModelManifest;
  /** Of the bytes of model.json. */
  manifestSha256: string;
}

/** `reason` is one line. */
export type ReadVersion = { kind: 'version'; version: VersionFolder } | { kind: 'refused'; reason: string };

/** The version that the model.json in the folder `path` says it is. Never rejects. */
export async function readVersion(path: string): Promise<ReadVersion> {
  const bytes = await readFile(join(path, 'model.json')).catch(() => undefined);
  if (bytes === undefined) return { kind: 'refused', reason: 'model.json cannot be read' };
  const parsed = parseManifest(bytes.toString('utf8'));
  switch (parsed.kind) {
    case 'manifest': {
      const manifestSha256 = createHash('sha256').update(bytes).digest('hex');
      return { kind: 'version', version: { path, manifest: parsed.manifest, manifestSha256 } };
    }
    case 'not-json':
      return { kind: 'refused', reason: 'model.json is not JSON' };
    case 'malformed':
      return { kind: 'refused', reason: `model.json: ${parsed.issue}` };
  }
}
