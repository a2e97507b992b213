export { answerRequest, type Answered, type Attempt, type Workplace } from './answer-request.ts';
export { calibrate } from './calibrate.ts';
export {
  findModel,
  loadModel,
  loadModels,
  type LoadedModel,
  type Model,
  type ModelRefused,
} from './model-repository.ts';
export { type Pipeline, type Refused } from './pipeline.ts';
export { ProcessRuntime } from './process-runtime.ts';
export { computeImage, readImage, type ImageReading, type Reader } from './read-image.ts';
export { readObjectHeader } from './read-object-header.ts';
export { type Ledger } from './record-answer.ts';
export { Runner, type RunnerOptions } from './runner.ts';
export { type Answer, type Computed, type Tensor } from './runtime.ts';
export { WorkerModule, type WorkerOptions } from './worker.module.ts';
export { workerConfigSchema, type WorkerConfig } from './worker-config.ts';
