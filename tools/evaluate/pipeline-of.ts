import type { Worker } from '@sightline/contracts';
import type { Model, Pipeline } from '@sightline/inference';
import { pipelineOf as ct } from '../../apps/ct-worker/src/pipelines/pipeline-of.ts';
import { pipelineOf as ophthalmic } from '../../apps/ophthalmic-worker/src/pipelines/pipeline-of.ts';
import { pipelineOf as xray } from '../../apps/xray-worker/src/pipelines/pipeline-of.ts';

const pipelines: Readonly<Record<Worker, (model: Model) => Pipeline>> = { xray, ct, ophthalmic };

/** What its worker reads this model with. */
export function pipelineOf(model: Model): Pipeline {
  return pipelines[model.manifest.worker](model);
}
