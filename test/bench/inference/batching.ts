import { ProcessRuntime, type Model } from '@sightline/inference';

const batches = [1, 2, 4, 8];
const concurrencies = [1, 2, 4, 8];
const side = 512;
const millisecondsEach = 3_000;

export interface Batching {
  maxBatch: number;
  concurrency: number;
  imagesPerSecond: number;
}

/** Images a second by the batch that is allowed and by how many callers ask at once, each for one image of 512 × 512 at a time. */
export async function batchingTable(model: Model, threads: number): Promise<Batching[]> {
  const table: Batching[] = [];
  for (const maxBatch of batches) {
    const runtime = new ProcessRuntime({ maxBatch, threads });
    for (const concurrency of concurrencies)
      table.push({ maxBatch, concurrency, imagesPerSecond: await imagesPerSecond(runtime, model, concurrency) });
    await runtime.close();
  }
  return table;
}

async function imagesPerSecond(runtime: ProcessRuntime, model: Model, concurrency: number): Promise<number> {
  const never = new AbortController().signal;
  const image = { dims: [1, 1, side, side], data: Float32Array.from({ length: side * side }, (_, i) => i % 256) };
  const ask = async (): Promise<void> => {
    const answer = await runtime.run(model, image, never);
    if (answer.kind === 'failed') throw new Error(answer.failure.message);
  };
  await ask();
  const from = performance.now();
  let images = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - from < millisecondsEach) {
      await ask();
      images += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return (images * 1_000) / (performance.now() - from);
}
