import { z } from 'zod';

/** One entry per worker; each is an app and has its own topic of requests. */
export const workerSchema = z.enum(['xray', 'ct', 'ophthalmic']);

export type Worker = z.infer<typeof workerSchema>;
export type WorkerApp = `${Worker}-worker`;
export type RequestTopic = `inference.requested.${Worker}.v1`;

export const workerApps: readonly WorkerApp[] = workerSchema.options.map(workerAppOf);
export const requestTopics: readonly RequestTopic[] = workerSchema.options.map(requestTopicOf);

export function workerAppOf(worker: Worker): WorkerApp {
  return `${worker}-worker`;
}

export function requestTopicOf(worker: Worker): RequestTopic {
  return `inference.requested.${worker}.v1`;
}
