import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { App, InferenceRequested, Worker } from '@sightline/contracts';
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
import { Logger, Readiness } from '@sightline/platform';
import { answerRequest, type Workplace } from './answer-request.ts';
import { openModels } from './open-models.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { watchQueue } from './queue-metrics.ts';
import type { Ledger } from './record-answer.ts';
import { Runner } from './runner.ts';
import { Runtime } from './runtime.ts';
import type { WorkerConfig } from './worker-config.ts';

export interface WorkerOptions extends Pick<Workplace, 'pipelineOf'> {
  app: App;
  worker: Worker;
  config: WorkerConfig;
}

/** A routine request that has waited this long goes before fresh urgent ones. */
const waitingCapMs = 10 * 60_000;
const attempts = 5;
const backOffMs = 2_000;
const idleMs = 250;
/** Less than the 30 s an orchestrator waits before it kills. */
const graceMs = 20_000;
const watchMs = 5_000;

const OPTIONS = Symbol('WorkerOptions');
const LEDGER = Symbol('Ledger');

/** What all workers share: the queue of requests, the models, and the runner that brings them together. */
@Module({})
export class WorkerModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  #opening: Promise<Runner | undefined> = Promise.resolve(undefined);
  #state: 'opening' | 'refused' | 'open' = 'opening';
  #unwatch: () => void = () => undefined;

  constructor(
    @Inject(OPTIONS) private readonly options: WorkerOptions,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(Runtime) private readonly runtime: Runtime,
    @Inject(Logger) private readonly log: Logger,
    @Inject(Readiness) readiness: Readiness,
  ) {
    readiness.add('models', async () => {
      if (this.#state !== 'open')
        throw new Error(this.#state === 'opening' ? 'models are being loaded' : 'a model was refused');
    });
  }

  static forApp(options: WorkerOptions): DynamicModule {
    const { app, config } = options;
    return {
      module: WorkerModule,
      global: true,
      imports: [PersistenceModule.forApp({ app, config, entities: [], migrations: workQueueMigrations })],
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: Runtime, useFactory: () => new ProcessRuntime() },
        {
          provide: WorkQueue,
          inject: [DataSource],
          useFactory: (source: DataSource) => new WorkQueue<InferenceRequested>(source, { waitingCapMs }),
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
      exports: [WorkQueue],
    };
  }

  onApplicationBootstrap(): void {
    this.#unwatch = watchQueue(this.ledger.queue, watchMs);
    this.#opening = this.#open().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return undefined;
      throw error;
    });
  }

  /** Before the database goes: what is being computed may still be recorded. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    this.#unwatch();
    await (await this.#opening)?.stop(graceMs);
    await this.runtime.close();
  }

  async #open(): Promise<Runner | undefined> {
    const { options, runtime, log } = this;
    const parts = { folder: options.config.modelsDir, worker: options.worker, runtime, log };
    const models = await openModels(parts, this.#stopping.signal);
    if (models === undefined) {
      this.#state = 'refused';
      return undefined;
    }
    const objects = openObjectStore(options.config.objectStoreUrl);
    const workplace: Workplace = { models, pipelineOf: options.pipelineOf, runtime, objects };
    const runner = new Runner(this.ledger, (request, attempt) => answerRequest(workplace, request, attempt), log, {
      owner: `${hostname()}/${process.pid}/${randomUUID()}`,
      leaseMs: options.config.leaseMs,
      timeLimitMs: options.config.studyTimeLimitMs,
      attempts,
      backOffMs,
      idleMs,
    });
    runner.start();
    this.#state = 'open';
    return runner;
  }
}
