import { startWorker } from '@sightline/inference';
import { pipelineOf } from './pipelines/pipeline-of.ts';

await startWorker({ worker: 'ct', pipelineOf });
