import type { Failure } from '@sightline/contracts';
import type { DecodedPixels } from '@sightline/dicom';
import { ForkedProcess } from './forked-process.ts';
import type { Model } from './model-repository.ts';
import { Runtime, type Answer, type Computed, type Tensor } from './runtime.ts';
import type { SessionJob, SessionModel, SessionReply } from './session-protocol.ts';

/**
 * Computes in a process of its own. A thread would not do: native code neither yields nor ends when its thread is terminated,
 * and the whole app could then not even exit. A process can be killed in the middle of a multiplication, and a crash in a
 * codec or a kernel takes nothing else down.
 */
export class ProcessRuntime extends Runtime {
  #process: ForkedProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly start: () => ForkedProcess = () =>
      new ForkedProcess(new URL('./session-process.ts', import.meta.url)),
  ) {
    super();
  }

  /** Of the process that computes, while there is one. */
  get processId(): number | undefined {
    return this.#process?.child.pid;
  }

  async load(model: Model, signal: AbortSignal): Promise<Computed<void>> {
    const reply = await this.#ask({ kind: 'load', model: sessionModel(model) }, signal);
    return reply.kind === 'loaded' ? { kind: 'computed', value: undefined } : unexpected(reply);
  }

  async decode(object: Uint8Array, signal: AbortSignal): Promise<Computed<DecodedPixels>> {
    const reply = await this.#ask({ kind: 'decode', object }, signal);
    return reply.kind === 'decoded' ? { kind: 'computed', value: reply.pixels } : unexpected(reply);
  }

  async run(model: Model, image: Tensor, signal: AbortSignal): Promise<Computed<Answer>> {
    const reply = await this.#ask({ kind: 'run', model: sessionModel(model), image }, signal);
    return reply.kind === 'answered' ? { kind: 'computed', value: reply.answer } : unexpected(reply);
  }

  async close(): Promise<void> {
    this.#kill();
    await this.#turn;
  }

  #ask(job: SessionJob, signal: AbortSignal): Promise<SessionReply> {
    const answered = this.#turn.then(() => this.#askNow(job, signal));
    this.#turn = answered.catch(() => undefined);
    return answered;
  }

  async #askNow(job: SessionJob, signal: AbortSignal): Promise<SessionReply> {
    signal.throwIfAborted();
    const { child } = (this.#process ??= this.start());
    return new Promise<SessionReply>((resolve, reject) => {
      const settle = (): void => {
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        signal.removeEventListener('abort', onAbort);
      };
      const onMessage = (reply: unknown): void => {
        settle();
        resolve(reply as SessionReply);
      };
      const died = (how: string): void => {
        settle();
        this.#kill();
        resolve({ kind: 'failed', failure: { kind: 'unavailable', message: `the inference process ${how}` } });
      };
      const onExit = (code: number | null, by: NodeJS.Signals | null): void =>
        died(`ended (${by ?? code ?? 'unknown'})`);
      const onError = (error: Error): void => died(`cannot be reached (${error.message})`);
      const onAbort = (): void => {
        settle();
        this.#kill();
        reject(signal.reason);
      };
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      signal.addEventListener('abort', onAbort, { once: true });
      child.send(job, (error) => {
        if (error !== null) onError(error);
      });
    });
  }

  /** The next job starts a new process. */
  #kill(): void {
    const forgotten = this.#process?.child;
    this.#process = undefined;
    // A kill that arrives late is no one's news: without a listener its error would be an uncaught one.
    forgotten?.on('error', () => undefined).kill('SIGKILL');
  }
}

function sessionModel({ manifest, path }: Model): SessionModel {
  return { path, sha256: manifest.sha256, input: manifest.input.tensor.name, outputs: manifest.graph };
}

function unexpected(reply: SessionReply): { kind: 'failed'; failure: Failure } {
  if (reply.kind === 'failed') return reply;
  return { kind: 'failed', failure: { kind: 'defect', message: `the inference process answered ${reply.kind}` } };
}
