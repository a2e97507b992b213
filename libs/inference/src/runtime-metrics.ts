import { counter, gauge, histogram } from '@sightline/platform';
import type { BatchObserver } from './batching/batcher.ts';
import type { Model } from './models/model-repository.ts';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const waitingRows = gauge('sightline_inference_batch_waiting_rows', 'Rows that wait for a batch', ['model']);

const batchRows = histogram(
  'sightline_inference_batch_rows',
  'Rows computed together',
  [1, 2, 4, 8, 16, 32, 64],
  ['model'],
);

const batchSeconds = histogram('sightline_inference_batch_seconds', 'Computing one batch', seconds, ['model']);

const answerSeconds = histogram(
  'sightline_inference_answer_seconds',
  'From asking a model to its answer, waiting included',
  seconds,
  ['model'],
);

/** `loaded`, or why it was not: `refused` (file, graph or golden), `unavailable` (tried again). */
export const modelLoads = counter('sightline_inference_model_loads_total', 'Models by how loading ended', [
  'model',
  'outcome',
]);

export const modelsServing = gauge('sightline_inference_models_serving', 'Models that answer requests');

export const modelsRefused = gauge('sightline_inference_models_refused', 'Folders whose model may not serve');

/** Images and volumes a model was asked about and did not speak of, by the code of the reason. */
export const refusals = counter('sightline_inference_refusals_total', 'What a model did not speak of, by reason', [
  'model',
  'reason',
]);

/** What the metrics of a model are called by. */
export function modelLabel({ manifest }: Model): string {
  return `${manifest.name}@${manifest.version}`;
}

export function observeBatches(of: Model): BatchObserver {
  const model = modelLabel(of);
  return {
    waiting: (rows) => waitingRows.set({ model }, rows),
    batch: (rows, taken) => {
      batchRows.observe({ model }, rows);
      batchSeconds.observe({ model }, taken);
    },
    answered: (taken) => answerSeconds.observe({ model }, taken),
  };
}
