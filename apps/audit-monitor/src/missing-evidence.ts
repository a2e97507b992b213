import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { evidenceNeeded, type ModelRole } from '@sightline/contracts';
import type { VersionFolder } from '@sightline/models';

/**
 * What a version lacks for a part: kinds of evidence its manifest does not name, and files that are not there or are not what the
 * manifest says, its graph included. Empty where nothing is missing.
 */
export async function missingEvidence({ path, manifest }: VersionFolder, role: ModelRole): Promise<string[]> {
  const needed = evidenceNeeded[role];
  if (needed.length === 0) return [];
  const unnamed = needed.filter((kind) => !manifest.evidence.some((one) => one.kind === kind));
  const named = manifest.evidence.filter(({ kind }) => needed.includes(kind));
  const files = [{ file: manifest.file, sha256: manifest.sha256 }, ...named];
  const faults = await Promise.all(files.map(({ file, sha256 }) => faultOf(path, file, sha256)));
  return [...unnamed.map((kind) => `the manifest names no ${kind}`), ...faults.filter((fault) => fault !== undefined)];
}

async function faultOf(folder: string, file: string, sha256: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(join(folder, file)), hash);
  } catch {
    return `${file} is not there`;
  }
  return hash.digest('hex') === sha256 ? undefined : `${file} is not the file whose sha256 the manifest names`;
}
