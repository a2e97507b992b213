import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';
import { executionProviders } from './processes/session-protocol.ts';

/** What every worker app is told beyond what all apps are. */
export const workerConfigSchema = baseConfigSchema.extend({
  modelsDir: z.string().min(1),
  /** Between looks at the folder: what is added is proved and serves, what is taken away ends. */
  modelsPollMs: z.coerce.number().int().min(100).default(5_000),
  /** Tried in this order; one that is not here is said in one line. */
  executionProviders: z
    .string()
    .default('cpu')
    .transform((list) => list.split(',').map((provider) => provider.trim()))
    .pipe(z.array(z.enum(executionProviders)).min(1)),
  /** Of one model; by default one for each processor. */
  intraOpThreads: z.coerce.number().int().min(1).max(256).optional(),
  /** Of one model, which share its threads and its memory; by default one for each thread, up to four, where only the CPU computes. */
  modelProcesses: z.coerce.number().int().min(1).max(64).optional(),
  /** Rows of several requests computed together, at most, and how long one waits for others. */
  maxBatch: z.coerce.number().int().min(1).max(256).optional(),
  batchLatencyMs: z.coerce.number().int().min(0).max(10_000).optional(),
  /** Of one batch; loading the model again, where its process was ended, included. */
  batchTimeLimitMs: z.coerce.number().int().min(1_000).optional(),
  /** Input that waits to be computed, of all models; whoever has more waits. */
  inputMemoryMib: z.coerce.number().int().min(16).optional(),
  /** Of one model; a process of it is ended beyond its share. */
  modelMemoryMib: z.coerce.number().int().min(128).optional(),
  /** A request whose runner died is taken up by another after this long. */
  leaseMs: z.coerce.number().int().min(1_000).default(30_000),
  /** One request may take this long, all its images together. */
  studyTimeLimitMs: z.coerce.number().int().min(1_000).default(120_000),
  /** Requests in hand at once: what a batch can be made of. */
  concurrency: z.coerce.number().int().min(1).max(64).default(4),
  /** How long a request of a priority may wait for its start. */
  statStartWithinMs: z.coerce.number().int().min(1_000).default(60_000),
  urgentStartWithinMs: z.coerce.number().int().min(1_000).default(180_000),
  routineStartWithinMs: z.coerce.number().int().min(1_000).default(600_000),
  /** What is in hand when the worker is told to stop may take this long to end; less than its orchestrator waits to kill. */
  shutdownGraceMs: z.coerce.number().int().min(0).default(20_000),
});

export type WorkerConfig = z.infer<typeof workerConfigSchema>;
