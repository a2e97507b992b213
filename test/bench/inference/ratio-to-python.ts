import { ProcessRuntime, type Model, type Tensor } from '@sightline/inference';
import { PythonTwin } from './python-twin.ts';

/** What a radiograph of a child measures, roughly: every batch crosses into another process and is shrunk by the graph. */
const height = 1_024;
const width = 1_280;
const callers = 4;
/** In turns: what else the machine does meets both. */
const rounds = 15;
const secondsARound = 2;
const warmUp = 8;

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
 * Throughput through the runtime that serves, over that of ONNX Runtime in Python: same file, threads and batch. Python computes one
 * batch after the other, a thread for each processor. The ratio is the median over the rounds.
 */
export async function ratioToPython(model: Model, batch: number, threads: number): Promise<Ratio> {
  const runtime = new ProcessRuntime({ maxBatch: batch, threads, latencyBoundMs: 0 });
  const python = await PythonTwin.start({ path: model.path, threads, batch, height, width });
  try {
    // Made once, as Python's is.
    const data = Float32Array.from({ length: batch * height * width }, (_, i) => i % 256);
    const input = { dims: [batch, 1, height, width], data };
    const ours = (batches: number): Promise<number> => secondsOf(runtime, model, input, batches);
    const warm = Math.max(await ours(warmUp), await python.seconds(warmUp)) / warmUp;
    const batches = Math.max(warmUp, Math.round(secondsARound / warm));
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

/** As many callers as a worker has requests in hand: batches are on their way while others are computed. */
async function secondsOf(runtime: ProcessRuntime, model: Model, input: Tensor, batches: number): Promise<number> {
  const never = new AbortController().signal;
  let left = batches;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = await runtime.run(model, input, never);
      if (answer.kind === 'failed') throw new Error(answer.failure.message);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return (performance.now() - from) / 1_000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
