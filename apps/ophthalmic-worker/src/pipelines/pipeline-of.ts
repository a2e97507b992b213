import type { Pipeline } from '@sightline/inference';
import { readRetinalOct } from './read-retinal-oct.ts';

/** How a model of this worker reads; evaluating asks here as serving does. */
export const pipelineOf = (): Pipeline => readRetinalOct;
