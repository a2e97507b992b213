import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  describeObject,
  ProcessPixelReader,
  ProcessRuntime,
  readObjects,
  type Model,
  type Read,
  type SeriesObject,
} from '@sightline/inference';
import { readChestXray } from '../../../apps/xray-worker/src/pipelines/read-chest-xray.ts';

/** Reads chest radiographs as the worker does, from the bytes of an object to its findings. */
export class StudyReader {
  readonly #runtime: ProcessRuntime;
  readonly #pixels = new ProcessPixelReader();

  constructor(
    private readonly model: Model,
    threads: number,
  ) {
    this.#runtime = new ProcessRuntime({ threads, latencyBoundMs: 0 });
  }

  /** How many findings there were; a study that is refused has none. */
  async read(object: Uint8Array): Promise<number> {
    const reader = { model: this.model, pipeline: readChestXray, pixels: this.#pixels, runtime: this.#runtime };
    let findings = 0;
    for await (const reading of readObjects(reader, only(object), { signal: new AbortController().signal })) {
      if (reading.kind === 'failed') throw new Error(reading.failure.message);
      if (reading.kind === 'read') findings += reading.findings.length;
    }
    return findings;
  }

  async close(): Promise<void> {
    await Promise.all([this.#runtime.close(), this.#pixels.close()]);
  }
}

async function* only(object: Uint8Array): AsyncGenerator<Read<SeriesObject>> {
  yield describeObject(object);
}

/** The golden radiographs of a model. */
export async function goldenObjects({ folder }: Model): Promise<Buffer[]> {
  const names = (await readdir(join(folder, 'golden'))).filter((name) => name.endsWith('.dcm')).sort();
  return Promise.all(names.map((name) => readFile(join(folder, 'golden', name))));
}
