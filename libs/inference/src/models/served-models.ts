import { isDeepStrictEqual } from 'node:util';
import type { ModelReference, Worker } from '@sightline/contracts';
import { modelFolders } from '@sightline/models';
import { describeError, type Logger } from '@sightline/platform';
import type { Runtime } from '../runtime.ts';
import { modelLabel, modelLoads, modelsRefused, modelsServing } from '../runtime-metrics.ts';
import { folderPrint } from './folder-print.ts';
import { loadModel, type Model } from './model-repository.ts';
import type { Proof } from './prove-golden.ts';

/** For one model, its graph made ready. Building an engine for an accelerator takes minutes. */
const loadLimitMs = 600_000;
const proofLimitMs = 120_000;

export interface ServedModelsParts {
  root: string;
  worker: Worker;
  runtime: Runtime;
  log: Logger;
  /** Asks a loaded model what it must know. */
  prove: (model: Model, signal: AbortSignal) => Promise<Proof>;
}

interface Serving {
  model: Model;
  /** Requests in hand. */
  users: number;
  /** Called when the last one ends, once the model takes no more. */
  onIdle: (() => void) | undefined;
}

type Judged = { kind: 'settled' } | { kind: 'refused'; line: string } | { kind: 'later' };

/**
 * The versions a worker answers with, side by side, kept like the folder they lie in while requests run. A version serves only after
 * its file, its graph and its golden inputs were proved; a folder that is refused costs no other its service, and one whose files
 * change under a version that serves is refused while the version serves on. What is taken away ends after its last request.
 */
export class ServedModels {
  readonly #serving = new Map<string, Serving>();
  /** Folder → what it looked like when it was last judged. */
  readonly #judged = new Map<string, string>();
  /** Folder → why it may not serve. */
  readonly #refused = new Map<string, string>();
  /** Name and version → when the last of its requests has ended. */
  readonly #draining = new Map<string, Promise<void>>();
  #settled = false;

  constructor(private readonly parts: ServedModelsParts) {}

  get labels(): string[] {
    return [...this.#serving.keys()];
  }

  /** One line each. */
  get refusals(): string[] {
    return [...this.#refused.values()];
  }

  /** Whether the last look left nothing for the next: every folder serves, was refused, or is another worker's. */
  get settled(): boolean {
    return this.#settled;
  }

  /** While `work` runs, the model it asked for stays loaded, whatever becomes of its folder. */
  async use<T>(reference: ModelReference, work: (model: Model | undefined) => Promise<T>): Promise<T> {
    const serving = this.#serving.get(`${reference.name}@${reference.version}`);
    if (serving === undefined) return work(undefined);
    serving.users += 1;
    try {
      return await work(serving.model);
    } finally {
      serving.users -= 1;
      if (serving.users === 0) serving.onIdle?.();
    }
  }

  /** Looks once at the folder and does what it asks for. Never twice at once. Rejects only with the signal's reason. */
  async look(signal: AbortSignal): Promise<void> {
    const { root } = this.parts;
    const folders = await modelFolders(root).catch(() => undefined);
    // A folder that cannot be read for a moment takes no model away.
    if (folders === undefined) this.#refuse(root, `model refused: ${root} is no folder of models`);
    else {
      this.#refused.delete(root);
      for (const folder of folders) await this.#lookAt(folder, signal);
      for (const folder of this.#judged.keys()) if (!folders.includes(folder)) this.#forget(folder);
      for (const [label, { model }] of this.#serving) if (!folders.includes(model.folder)) this.#drain(label);
      if (folders.length === 0) this.#refuse(root, `model refused: ${root} holds no model`);
      this.#settled = folders.every((folder) => this.#judged.has(folder));
    }
    modelsServing.set(this.#serving.size);
    modelsRefused.set(this.#refused.size);
  }

  /** Resolves when what was taken away has ended. */
  async drained(): Promise<void> {
    await Promise.all(this.#draining.values());
  }

  async #lookAt(folder: string, signal: AbortSignal): Promise<void> {
    const print = await folderPrint(folder).catch(() => undefined);
    if (print === undefined || this.#judged.get(folder) === print) return;
    const judged = await this.#judge(folder, signal);
    if (judged.kind === 'later') return;
    this.#judged.set(folder, print);
    if (judged.kind === 'refused') this.#refuse(folder, judged.line);
    else this.#refused.delete(folder);
  }

  async #judge(folder: string, signal: AbortSignal): Promise<Judged> {
    const loaded = await loadModel(folder);
    if (loaded.kind === 'refused') return loaded;
    const { model } = loaded;
    if (model.manifest.worker !== this.parts.worker) return { kind: 'settled' };
    const label = modelLabel(model);
    const known = this.#serving.get(label)?.model;
    // Taken away and brought back before its last request ended.
    if (this.#draining.has(label)) return { kind: 'later' };
    if (known === undefined) return this.#introduce(model, label, signal);
    if (known.folder !== folder) return refused(label, `lies in ${folder} and, serving, in ${known.folder}`);
    if (isDeepStrictEqual(known.manifest, model.manifest)) return { kind: 'settled' };
    return refused(label, 'was changed while it serves; a change is a new version');
  }

  async #introduce(model: Model, label: string, signal: AbortSignal): Promise<Judged> {
    const judged = await this.#prepare(model, label, signal);
    const outcome = { settled: 'loaded', refused: 'refused', later: 'unavailable' }[judged.kind];
    modelLoads.inc({ model: label, outcome });
    if (judged.kind !== 'settled') {
      await this.parts.runtime.unload(model);
      return judged;
    }
    const before = [...this.#serving].filter(([, serving]) => serving.model.folder === model.folder);
    this.#serving.set(label, { model, users: 0, onIdle: undefined });
    for (const [replaced] of before) this.#drain(replaced);
    return judged;
  }

  async #prepare(model: Model, label: string, signal: AbortSignal): Promise<Judged> {
    const { runtime, prove, log } = this.parts;
    const startedAt = performance.now();
    const loaded = await within(loadLimitMs, signal, (limited) => runtime.load(model, limited));
    if (loaded.kind === 'late') return refused(label, `is not ready within ${loadLimitMs} ms`);
    if (loaded.value.kind === 'failed') {
      const { kind, message } = loaded.value.failure;
      return kind === 'unavailable' ? this.#later(label, message) : refused(label, message);
    }
    const { provider, missing } = loaded.value.value;
    for (const { provider: wanted, why } of missing)
      log.warn('execution-provider-missing', { model: label, wanted, instead: provider, why });
    const proof = await within(proofLimitMs, signal, (limited) => prove(model, limited));
    if (proof.kind === 'late') return refused(label, `answers its golden inputs not within ${proofLimitMs} ms`);
    if (proof.value.kind === 'unavailable') return this.#later(label, proof.value.why);
    if (proof.value.kind === 'mismatch') return refused(label, `fails its golden test: ${proof.value.why}`);
    const milliseconds = Math.round(performance.now() - startedAt);
    log.info('model-serving', { model: label, provider, golden: proof.value.cases, milliseconds });
    return { kind: 'settled' };
  }

  #later(label: string, why: string): Judged {
    this.parts.log.warn('model-loaded-later', { model: label, failure: why });
    return { kind: 'later' };
  }

  #refuse(folder: string, line: string): void {
    if (this.#refused.get(folder) !== line) this.parts.log.error('model-refused', { line });
    this.#refused.set(folder, line);
  }

  #forget(folder: string): void {
    this.#judged.delete(folder);
    this.#refused.delete(folder);
  }

  /** Takes no more requests; those in hand end as they would have. */
  #drain(label: string): void {
    const { runtime, log } = this.parts;
    const serving = this.#serving.get(label);
    if (serving === undefined) return;
    this.#serving.delete(label);
    log.info('model-draining', { model: label, requests: serving.users });
    const idle = serving.users === 0 ? Promise.resolve() : new Promise<void>((resolve) => (serving.onIdle = resolve));
    const draining = idle
      .then(() => runtime.unload(serving.model))
      .then(() => log.info('model-unloaded', { model: label }))
      .catch((error: unknown) => log.error('model-unload-failed', { model: label, error: describeError(error) }))
      .finally(() => this.#draining.delete(label));
    this.#draining.set(label, draining);
  }
}

async function within<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<{ kind: 'done'; value: T } | { kind: 'late' }> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return { kind: 'done', value: await work(AbortSignal.any([signal, limit])) };
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
    return { kind: 'late' };
  }
}

function refused(label: string, why: string): Judged {
  return { kind: 'refused', line: `model refused: ${label} ${why}` };
}
