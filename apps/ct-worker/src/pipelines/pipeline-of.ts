import type { Pipeline } from '@sightline/inference';
import { readHeadCt } from './read-head-ct.ts';

/** How a model of this worker reads; evaluating asks here as serving does. */
export const pipelineOf = (): Pipeline => readHeadCt;
