import { modelManifestSchema, type ModelManifest } from '@sightline/contracts';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Every `<name>/model.json` in a folder. Throws on one that is malformed, or a version that is there twice: a mesh that would
 * route by guess does not start.
 */
export async function loadModels(folder: string): Promise<ModelManifest[]> {
  const manifests: ModelManifest[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name, 'model.json');
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== undefined) manifests.push(parseManifest(text, `${entry.name}/model.json`));
  }
  const names = manifests.map(({ name, version }) => `${name}@${version}`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`${twice} is in the models folder twice`);
  return manifests;
}

function parseManifest(text: string, where: string): ModelManifest {
  const parsed = modelManifestSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${where}: ${issue?.path.join('.')} ${issue?.message}`);
}
