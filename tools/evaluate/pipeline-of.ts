import type { Worker } from '@sightline/contracts';
import type { Model, Pipeline } from '@sightline/inference';
import { pipelineOf as xray } from '../../apps/xray-worker/src/pipelines/pipeline-of.ts';

const pipelines: Readonly<Record<Worker, (model: Model) => Pipeline>> = { xray };

/** What its worker reads this model with. */
export function pipelineOf(model: Model): Pipeline {
  return pipelines[model.manifest.worker](model);
}
