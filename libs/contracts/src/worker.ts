import { z } from 'zod';

/** One entry per worker app; each has its own topic of requests. */
export const workerSchema = z.enum(['xray']);

export type Worker = z.infer<typeof workerSchema>;
