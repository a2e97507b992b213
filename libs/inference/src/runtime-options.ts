import type { RuntimeOptions } from './processes/process-runtime.ts';
import type { WorkerConfig } from './worker-config.ts';

const MiB = 2 ** 20;

/** What an operator said of the runtime; the rest is the runtime's own default. */
export function runtimeOptions(config: WorkerConfig): Partial<RuntimeOptions> {
  const said: { [K in keyof RuntimeOptions]: RuntimeOptions[K] | undefined } = {
    providers: config.executionProviders,
    threads: config.intraOpThreads,
    processes: config.modelProcesses,
    maxBatch: config.maxBatch,
    latencyBoundMs: config.batchLatencyMs,
    batchLimitMs: config.batchTimeLimitMs,
    queueBytes: bytes(config.inputMemoryMib),
    modelMemoryBytes: bytes(config.modelMemoryMib),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function bytes(mebibytes: number | undefined): number | undefined {
  return mebibytes === undefined ? undefined : mebibytes * MiB;
}
