import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from '@sightline/contracts';
import type { Logger } from '@sightline/platform';
import { loadModels, type Model } from './model-repository.ts';
import type { Runtime } from './runtime.ts';

/** For one model, its file read and its graph made ready. */
const loadLimitMs = 120_000;

const againMs = 5_000;

/**
 * The models of a worker, each proved to run. Undefined where one is refused: one log line says which and why, and only another
 * deployment mends it. A process that died while loading is tried again until `signal`.
 */
export async function openModels(
  parts: { folder: string; worker: Worker; runtime: Runtime; log: Logger },
  signal: AbortSignal,
): Promise<Model[] | undefined> {
  const { models, refused } = await loadModels(parts.folder, parts.worker);
  const lines = refused.map(({ line }) => line);
  for (const model of models) {
    const line = await prove(parts, model, signal);
    if (line !== undefined) lines.push(line);
  }
  for (const line of lines) parts.log.error('model-refused', { line });
  return lines.length === 0 ? models : undefined;
}

async function prove(
  { runtime, log }: { runtime: Runtime; log: Logger },
  model: Model,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, version } = model.manifest;
  for (;;) {
    const limit = AbortSignal.timeout(loadLimitMs);
    const loaded = await runtime.load(model, AbortSignal.any([signal, limit])).catch((error: unknown) => {
      if (signal.aborted || !limit.aborted) throw error;
      return undefined;
    });
    if (loaded === undefined) return `model refused: ${name}@${version} is not ready within ${loadLimitMs} ms`;
    if (loaded.kind === 'computed') {
      log.info('model-loaded', { model: name, version });
      return undefined;
    }
    if (loaded.failure.kind !== 'unavailable') return `model refused: ${name}@${version}: ${loaded.failure.message}`;
    log.warn('model-loaded-later', { model: name, version, failure: loaded.failure.message });
    await pause(againMs, undefined, { signal });
  }
}
