import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest } from '@sightline/contracts';
import { readVersion } from '@sightline/models';

/** A model whose file is the one its manifest vouches for. */
export interface Model {
  manifest: ModelManifest;
  /** Where its model.json lies. */
  folder: string;
  /** Of the ONNX file. */
  path: string;
}

export type LoadedModel = { kind: 'model'; model: Model } | ModelRefused;

/** `line` says which model and why, in one line. */
export interface ModelRefused {
  kind: 'refused';
  line: string;
}

/** The model in `folder` (`model.json` and the file it names), checked against its sha256. */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const read = await readVersion(folder);
  if (read.kind === 'refused') return refused(folder, read.reason);
  const { manifest } = read.version;
  const path = join(folder, manifest.file);
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return refused(folder, `${manifest.file} cannot be read`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== manifest.sha256)
    return refused(folder, `${manifest.file} has sha256 ${sha256}, not the one its manifest states`);
  return { kind: 'model', model: { manifest, folder, path } };
}

function refused(folder: string, why: string): ModelRefused {
  return { kind: 'refused', line: `model refused: ${folder}: ${why}` };
}
