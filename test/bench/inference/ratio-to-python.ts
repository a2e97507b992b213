import { ProcessRuntime, type Model } from '@sightline/inference';
import { PythonTwin } from './python-twin.ts';

/** What a radiograph of a child measures, roughly: every batch crosses into another process and is shrunk by the graph. */
const height = 1_024;
const width = 1_280;
const rounds = 7;
const secondsARound = 3;

export interface Ratio {
  ratioToPython: number;
  /** Images a second, the median round of each. */
  imagesPerSecond: { sightline: number; python: number };
  batch: number;
  threads: number;
  height: number;
  width: number;
  onnxruntime: string;
}

/**
 * Throughput through the runtime that serves, over that of ONNX Runtime in Python: same file, threads and batch, in turns, so that
 * what else the machine does meets both. The ratio is the median over the rounds.
 */
export async function ratioToPython(model: Model, batch: number, threads: number): Promise<Ratio> {
  const runtime = new ProcessRuntime({ maxBatch: batch, threads, latencyBoundMs: 0 });
  const python = await PythonTwin.start({ path: model.path, threads, batch, height, width });
  try {
    const ours = (batches: number): Promise<number> => secondsOf(runtime, model, batch, batches);
    const warm = Math.max(await ours(1), await ours(1), (await python.seconds(2)) / 2);
    const batches = Math.max(2, Math.round(secondsARound / warm));
    const seconds: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < rounds; round++)
      seconds.push({ theirs: await python.seconds(batches), ours: await ours(batches) });
    const images = batches * batch;
    return {
      ratioToPython: median(seconds.map(({ ours: mine, theirs }) => theirs / mine)),
      imagesPerSecond: {
        sightline: images / median(seconds.map(({ ours: mine }) => mine)),
        python: images / median(seconds.map(({ theirs }) => theirs)),
      },
      ...{ batch, threads, height, width, onnxruntime: python.version },
    };
  } finally {
    await Promise.all([runtime.close(), python.stop()]);
  }
}

/** Two callers, as a worker has several requests in hand: one batch is on its way while another is computed. */
async function secondsOf(runtime: ProcessRuntime, model: Model, batch: number, batches: number): Promise<number> {
  const never = new AbortController().signal;
  const data = Float32Array.from({ length: batch * height * width }, (_, i) => i % 256);
  let left = batches;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = await runtime.run(model, { dims: [batch, 1, height, width], data }, never);
      if (answer.kind === 'failed') throw new Error(answer.failure.message);
    }
  };
  const from = performance.now();
  await Promise.all([caller(), caller()]);
  return (performance.now() - from) / 1_000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
