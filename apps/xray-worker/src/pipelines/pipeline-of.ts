import type { Pipeline } from '@sightline/inference';
import { readChestXray } from './read-chest-xray.ts';

/** How a model of this worker reads; evaluating asks here as serving does. */
export const pipelineOf = (): Pipeline => readChestXray;
