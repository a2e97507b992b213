import { availableParallelism } from 'node:os';
import { Batcher, type RowsOfInput } from '../batching/batcher.ts';
import { Budget } from '../batching/budget.ts';
import { joinRows, rowsOf } from '../batching/rows.ts';
import { rowsIn } from '../batching/waiting-rows.ts';
import type { Model } from '../models/model-repository.ts';
import { Runtime, type Answer, type Computed, type Loaded, type Tensor } from '../runtime.ts';
import { observeBatches } from '../runtime-metrics.ts';
import { ForkedProcess } from './forked-process.ts';
import type { ExecutionProvider, SessionJob, SessionReply } from './session-protocol.ts';
import { SharedScratch, type Parcel } from './shared-scratch.ts';
import { WorkProcess, type Failed } from './work-process.ts';

const MiB = 2 ** 20;

export interface RuntimeOptions {
  /** Tried in this order. */
  providers: readonly ExecutionProvider[];
  /** Of one model, all its processes together. */
  threads: number;
  /**
   * Of one model, each with its share of the threads and of the memory, as many batches at a time. By default one for each thread, up
   * to four, where only the CPU computes: a thread for each of two batches does more than two threads for one, then another.
   */
  processes: number;
  /** Rows of a batch, and how long a row waits for others. By default 1 where only the CPU computes. */
  maxBatch: number;
  latencyBoundMs: number;
  /** Bytes of input in hand, of all models together; beyond them `run` waits. */
  queueBytes: number;
  /** Resident memory one model may take; a process is ended beyond its share. */
  modelMemoryBytes: number;
  /** Of one batch. */
  batchLimitMs: number;
}

/** As many as requests a worker has in hand by default. */
const mostProcesses = 4;

const onCpuAlone = (threads: number) => ({ maxBatch: 1, processes: Math.min(threads, mostProcesses) });
const elsewhere = { maxBatch: 16, processes: 1 };

const defaults: Omit<RuntimeOptions, 'maxBatch' | 'processes'> = {
  providers: ['cpu'],
  threads: availableParallelism(),
  latencyBoundMs: 5,
  queueBytes: 128 * MiB,
  modelMemoryBytes: 4_096 * MiB,
  batchLimitMs: 60_000,
};

/** Input of one batch at most, unless a single row is larger. */
const maxBatchBytes = 32 * MiB;

interface OpenModel {
  processes: readonly ModelProcess[];
  batcher: Batcher;
}

interface ModelProcess {
  work: WorkProcess<SessionJob, SessionReply>;
  load: SessionJob;
}

/**
 * Computes each model in processes of its own. A thread would not do: native code neither yields nor ends when its thread is
 * terminated, and the whole app could then not even exit. A process can be killed in the middle of a multiplication, a crash in a
 * kernel takes no other model down, and an unloaded model leaves nothing behind.
 */
export class ProcessRuntime extends Runtime {
  readonly #options: RuntimeOptions;
  readonly #models = new Map<string, OpenModel>();
  /** Of batches: each has the threads of one process. */
  readonly #turns: Budget;
  readonly #bytes: Budget;
  readonly #scratch = new SharedScratch();
  /** Where the input of a call lies in the scratch. */
  readonly #parcels = new WeakMap<Tensor, Parcel>();

  constructor(options: Partial<RuntimeOptions> = {}) {
    super();
    const common = { ...defaults, ...options };
    const onCpu = common.providers.every((provider) => provider === 'cpu');
    this.#options = { ...(onCpu ? onCpuAlone(common.threads) : elsewhere), ...common };
    this.#turns = new Budget(this.#options.processes);
    this.#bytes = new Budget(this.#options.queueBytes);
  }

  /** Of the processes that compute a model, while there are any. */
  processIdsOf(model: Model): number[] {
    const { processes = [] } = this.#models.get(keyOf(model)) ?? {};
    return processes.flatMap(({ work: { processId } }) => processId ?? []);
  }

  async load(model: Model, signal: AbortSignal): Promise<Computed<Loaded>> {
    const { processes } = this.#open(model);
    const replies = await Promise.all(processes.map(({ work, load }) => work.ask(load, signal)));
    const reply = replies.find(({ kind }) => kind !== 'loaded') ?? replies[0];
    if (reply?.kind === 'loaded') return { kind: 'computed', value: reply.loaded };
    await this.unload(model);
    return unexpected(reply);
  }

  async unload(model: Model): Promise<void> {
    const open = this.#models.get(keyOf(model));
    this.#models.delete(keyOf(model));
    open?.batcher.close();
    await Promise.all(open?.processes.map(({ work }) => work.close()) ?? []);
  }

  async run(model: Model, input: Tensor, signal: AbortSignal): Promise<Computed<Answer>> {
    const giveBack = await this.#bytes.take(input.data.byteLength, signal);
    // Of this call alone: callers may ask twice with one tensor.
    const own = { ...input };
    // Copied while another batch is computed.
    const parcel = await this.#scratch.put(input.data);
    if (parcel !== undefined) this.#parcels.set(own, parcel);
    try {
      return await this.#open(model).batcher.run(own, signal);
    } finally {
      if (parcel !== undefined) this.#scratch.free(parcel);
      giveBack();
    }
  }

  async close(): Promise<void> {
    const open = [...this.#models.values()];
    this.#models.clear();
    for (const { batcher } of open) batcher.close();
    await Promise.all(open.flatMap(({ processes }) => processes.map(({ work }) => work.close())));
    this.#scratch.close();
  }

  #open(model: Model): OpenModel {
    const known = this.#models.get(keyOf(model));
    if (known !== undefined) return known;
    const { processes: count } = this.#options;
    const processes = Array.from({ length: count }, (_, place) => this.#processOf(model, place));
    const free = processes.map(({ work }) => work);
    const compute = async (rows: readonly RowsOfInput[], signal: AbortSignal): Promise<Computed<Answer>> => {
      // The one that was busy last, so that its memory is warm. The batcher asks for no more than there are.
      const work = free.pop();
      if (work === undefined) throw new RangeError('more batches at once than processes');
      const reply = await work.ask(this.#runJob(rows), signal).finally(() => free.push(work));
      if (reply.kind === 'answered') return { kind: 'computed', value: reply.answer };
      return reply.kind === 'failed' && reply.opening === true ? notReopened(reply) : unexpected(reply);
    };
    const shape = { ...this.#options, maxBatchBytes, atOnce: count };
    const opened = { processes, batcher: new Batcher(compute, this.#turns, shape, observeBatches(model)) };
    this.#models.set(keyOf(model), opened);
    return opened;
  }

  /** The one at `place` among the processes of a model. */
  #processOf(model: Model, place: number): ModelProcess {
    const { processes, threads, modelMemoryBytes } = this.#options;
    const load = this.#loadJob(model, Math.max(1, Math.floor((threads + place) / processes)));
    const start = (): ForkedProcess =>
      new ForkedProcess(new URL('./session-process.ts', import.meta.url), {
        parameters: [String(modelMemoryBytes / processes)],
        inherited: this.#scratch.fd,
      });
    return { load, work: new WorkProcess('the inference process', start, load) };
  }

  #runJob(rows: readonly RowsOfInput[]): SessionJob {
    const parcels = rows.flatMap(({ input, from, count }) => {
      const parcel = this.#parcels.get(input);
      const each = input.data.byteLength / (input.dims[0] ?? 1);
      return parcel === undefined ? [] : [{ at: parcel.at + from * each, bytes: count * each }];
    });
    if (parcels.length < rows.length)
      return { kind: 'run', input: joinRows(rows.map(({ input, from, count }) => rowsOf(input, from, count))) };
    return { kind: 'run-parcels', dims: [rowsIn(rows), ...(rows[0]?.input.dims.slice(1) ?? [])], parcels };
  }

  #loadJob({ manifest, path }: Model, threads: number): SessionJob {
    const { providers, maxBatch } = this.#options;
    const { size } = manifest.input.preparation.resize;
    const outputs = manifest.graph;
    return {
      kind: 'load',
      model: { path, sha256: manifest.sha256, input: manifest.input.tensor.name, outputs },
      settings: { providers, threads, warmUp: [...new Set([1, maxBatch])].map((rows) => [rows, 1, size, size]) },
    };
  }
}

function keyOf({ manifest, path }: Model): string {
  return `${manifest.name}@${manifest.version} ${manifest.sha256} ${path}`;
}

/** Its process died and another could not be opened, its file being gone or changed: no fault of what was asked. */
function notReopened({ failure }: Failed): Failed {
  return { kind: 'failed', failure: { ...failure, kind: 'unavailable' } };
}

function unexpected(reply: SessionReply | undefined): Failed {
  if (reply?.kind === 'failed') return reply;
  return { kind: 'failed', failure: { kind: 'defect', message: `the inference process answered ${reply?.kind}` } };
}
