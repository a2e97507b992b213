import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { workerAppOf, type InferenceRequested, type Worker } from '@sightline/contracts';
import { Outbox } from '@sightline/messaging';
import { openObjectStore } from '@sightline/object-store';
import {
  DataSource,
  inTransaction,
  PersistenceModule,
  type Tx,
  WorkQueue,
  workQueueMigrations,
} from '@sightline/persistence';
import { Logger, periodically, Readiness, type Repeating } from '@sightline/platform';
import { answerRequest, type Workplace } from './reading/answer-request.ts';
import { proveGolden } from './models/prove-golden.ts';
import { ServedModels } from './models/served-models.ts';
import { PixelReader } from './pixel-reader.ts';
import { ProcessPixelReader } from './processes/process-pixel-reader.ts';
import { ProcessRuntime } from './processes/process-runtime.ts';
import { runtimeOptions } from './runtime-options.ts';
import { watchQueue } from './queue-metrics.ts';
import type { Ledger } from './record-answer.ts';
import { requestController } from './request.controller.ts';
import { Runner, type AnswerRequest } from './runner.ts';
import { Runtime } from './runtime.ts';
import type { WorkerConfig } from './worker-config.ts';

export interface WorkerOptions extends Pick<Workplace, 'pipelineOf'> {
  worker: Worker;
  config: WorkerConfig;
}

const attempts = 5;
const backOffMs = 2_000;
const idleMs = 250;
const watchMs = 5_000;
const sweepEveryMs = 60_000;
/** Ended requests are kept as long as the topic keeps what asked for them. */
const endedKeptMs = 14 * 24 * 3_600_000;
/** Of one sweep: a transaction that is short beside a lease. */
const sweptAtOnce = 1_000;

const OPTIONS = Symbol('WorkerOptions');
const LEDGER = Symbol('Ledger');

/** What all workers share: the queue of requests, the models, and the runner that brings them together. */
@Module({})
export class WorkerModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  readonly #models: ServedModels;
  #looking: Repeating | undefined;
  #runner: Runner | undefined;
  #unwatch: () => void = () => undefined;
  #sweeping: Repeating | undefined;

  constructor(
    @Inject(OPTIONS) private readonly options: WorkerOptions,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(Runtime) private readonly runtime: Runtime,
    @Inject(PixelReader) private readonly pixels: PixelReader,
    @Inject(Logger) private readonly log: Logger,
    @Inject(Readiness) readiness: Readiness,
  ) {
    const { config, pipelineOf, worker } = options;
    this.#models = new ServedModels({
      root: config.modelsDir,
      worker,
      runtime,
      log,
      prove: (model, signal) => proveGolden({ model, pipeline: pipelineOf(model), pixels, runtime }, signal),
    });
    readiness.add('models', async () => {
      const { labels, refusals, settled } = this.#models;
      const refused = refusals.join('; ');
      if (labels.length > 0) return refused || undefined;
      if (refused !== '' || !settled) throw new Error(refused || 'models are being loaded');
      // None is asked for either: routing knows the same folder.
      return `no model is for worker ${worker}`;
    });
  }

  static forApp(options: WorkerOptions): DynamicModule {
    const { config, worker } = options;
    const app = workerAppOf(worker);
    return {
      module: WorkerModule,
      imports: [PersistenceModule.forApp({ app, config, entities: [], migrations: workQueueMigrations })],
      controllers: [requestController(worker)],
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: Runtime, useFactory: () => new ProcessRuntime(runtimeOptions(config)) },
        { provide: PixelReader, useFactory: () => new ProcessPixelReader() },
        {
          provide: WorkQueue,
          inject: [DataSource],
          useFactory: (source: DataSource) =>
            new WorkQueue<InferenceRequested>(source, { startWithinMs: startWithin(config) }),
        },
        {
          provide: LEDGER,
          inject: [WorkQueue, Outbox, DataSource],
          useFactory: (queue: WorkQueue<InferenceRequested>, outbox: Outbox<Tx>, source: DataSource): Ledger => ({
            app,
            queue,
            outbox,
            transaction: (work) => inTransaction(source, work),
          }),
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.#unwatch = watchQueue(this.ledger.queue, watchMs);
    this.#sweeping = periodically('sweep-work', sweepEveryMs, this.log, () =>
      this.ledger.queue.sweep(endedKeptMs, sweptAtOnce),
    );
    this.#looking = periodically('look-at-models', this.options.config.modelsPollMs, this.log, () => this.#look());
  }

  /** Before the database goes: what is being computed may still be recorded. The runner takes nothing more from here on. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    this.#unwatch();
    const { shutdownGraceMs } = this.options.config;
    await Promise.all([this.#runner?.stop(shutdownGraceMs), this.#sweeping?.stop(), this.#looking?.stop()]);
    await Promise.all([this.runtime.close(), this.pixels.close()]);
  }

  /** Nothing is taken from the queue before there is a model to answer with. */
  async #look(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#models.look(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (this.#runner !== undefined || signal.aborted || this.#models.labels.length === 0) return;
    this.#runner = this.#makeRunner();
    this.#runner.start();
  }

  #makeRunner(): Runner {
    const { options, pixels, runtime, log } = this;
    const { config, pipelineOf } = options;
    const workplace = { pipelineOf, pixels, runtime, objects: openObjectStore(config.objectStoreUrl) };
    const answer: AnswerRequest = (request, attempt) =>
      this.#models.use(request.model, (model) => answerRequest({ ...workplace, model }, request, attempt));
    return new Runner(this.ledger, answer, log, {
      owner: `${hostname()}/${process.pid}/${randomUUID()}`,
      concurrency: config.concurrency,
      leaseMs: config.leaseMs,
      timeLimitMs: config.studyTimeLimitMs,
      attempts,
      backOffMs,
      idleMs,
    });
  }
}

const startWithin = (config: WorkerConfig) => ({
  stat: config.statStartWithinMs,
  urgent: config.urgentStartWithinMs,
  routine: config.routineStartWithinMs,
});
