import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest, type ModelManifest, type Worker } from '@sightline/contracts';

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
  const manifest = await readManifest(join(folder, 'model.json'));
  if (manifest.kind === 'refused') return manifest;
  const path = join(folder, manifest.manifest.file);
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return refused(path, 'cannot be read');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== manifest.manifest.sha256)
    return refused(path, `has sha256 ${sha256}, not the one its manifest states`);
  return { kind: 'model', model: { manifest: manifest.manifest, folder, path } };
}

/**
 * Every folder below `root` that holds a model.json, `<model>/` or `<model>/<version>/`: each is one version of one model. Undefined
 * where `root` cannot be read, which says nothing of what it holds.
 */
export async function modelFolders(root: string): Promise<string[] | undefined> {
  const names = await foldersIn(root);
  const nested = names?.map(async (name): Promise<string[]> => {
    if (await holdsModel(name)) return [name];
    const versions = (await foldersIn(name)) ?? [];
    const held = await Promise.all(versions.map(holdsModel));
    return versions.filter((_, i) => held[i]);
  });
  return nested === undefined ? undefined : (await Promise.all(nested)).flat().sort();
}

/** Every model below `folder` that is made for `worker`; folders without a model.json are passed over. */
export async function loadModels(
  folder: string,
  worker: Worker,
): Promise<{ models: Model[]; refused: ModelRefused[] }> {
  const folders = await modelFolders(folder);
  if (folders === undefined) return { models: [], refused: [refused(folder, 'is no folder of models')] };
  const loaded = await Promise.all(folders.map(loadModel));
  const models = loaded.flatMap((each) => (each.kind === 'model' ? [each.model] : []));
  return {
    models: models.filter(({ manifest }) => manifest.worker === worker),
    refused: loaded.filter((each) => each.kind === 'refused'),
  };
}

async function foldersIn(folder: string): Promise<string[] | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  // A mounted ConfigMap's versions are links to folders with dots before their names.
  return entries
    ?.filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map((entry) => join(folder, entry.name));
}

async function holdsModel(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.includes('model.json');
}

async function readManifest(path: string): Promise<{ kind: 'manifest'; manifest: ModelManifest } | ModelRefused> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return refused(path, 'cannot be read');
  const parsed = parseManifest(text);
  switch (parsed.kind) {
    case 'manifest':
      return parsed;
    case 'not-json':
      return refused(path, 'is no JSON');
    case 'malformed':
      return refused(path, `is no manifest: ${parsed.issue}`);
  }
}

function refused(path: string, why: string): ModelRefused {
  return { kind: 'refused', line: `model refused: ${path} ${why}` };
}
