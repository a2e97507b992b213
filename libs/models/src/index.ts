export { modelFolders } from './model-folders.ts';
export { readModelsFolder, type ModelsOnDisk, type RefusedFolder } from './read-models-folder.ts';
export { readVersion, type ReadVersion, type VersionFolder } from './read-version.ts';
