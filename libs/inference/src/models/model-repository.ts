import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { modelManifestSchema, type ModelManifest, type ModelReference, type Worker } from '@sightline/contracts';

/** A model whose file is the one its manifest vouches for. */
export interface Model {
  manifest: ModelManifest;
  /** Absolute path of the ONNX file. */
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
  const manifest = await readManifest(join(folder, 'model.json'));
  if (manifest.kind === 'refused') return manifest;
  const path = join(folder, manifest.manifest.file);
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return refused(path, 'cannot be read');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== manifest.manifest.sha256)
    return refused(path, `has sha256 ${sha256}, not the one its manifest states`);
  return { kind: 'model', model: { manifest: manifest.manifest, path } };
}

/** Every model below `folder` that is made for `worker`; folders without a model.json are passed over. */
export async function loadModels(
  folder: string,
  worker: Worker,
): Promise<{ models: Model[]; refused: ModelRefused[] }> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (names === undefined) return { models: [], refused: [refused(folder, 'is no folder of models')] };
  const loaded = await Promise.all(
    names.filter((entry) => entry.isDirectory()).map((entry) => loadIfModel(join(folder, entry.name), worker)),
  );
  const models = loaded.flatMap((each) => (each?.kind === 'model' ? [each.model] : []));
  const refusals = loaded.flatMap((each) => (each?.kind === 'refused' ? [each] : []));
  if (models.length + refusals.length === 0) refusals.push(refused(folder, `holds no model for the ${worker} worker`));
  return { models, refused: refusals };
}

/** The model a request names, version included. */
export function findModel(models: readonly Model[], { name, version }: ModelReference): Model | undefined {
  return models.find(({ manifest }) => manifest.name === name && manifest.version === version);
}

async function loadIfModel(folder: string, worker: Worker): Promise<LoadedModel | undefined> {
  const present = (await readdir(folder)).includes('model.json');
  if (!present) return undefined;
  const loaded = await loadModel(folder);
  return loaded.kind === 'model' && loaded.model.manifest.worker !== worker ? undefined : loaded;
}

async function readManifest(path: string): Promise<{ kind: 'manifest'; manifest: ModelManifest } | ModelRefused> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return refused(path, 'cannot be read');
  try {
    const parsed = modelManifestSchema.safeParse(JSON.parse(text));
    if (parsed.success) return { kind: 'manifest', manifest: parsed.data };
    const [issue] = parsed.error.issues;
    return refused(path, `is no manifest: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  } catch {
    return refused(path, 'is no JSON');
  }
}

function refused(path: string, why: string): ModelRefused {
  return { kind: 'refused', line: `model refused: ${path} ${why}` };
}
