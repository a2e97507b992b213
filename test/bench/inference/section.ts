import { table, type Section } from '../section.ts';
import type { Batching } from './batching.ts';
import type { Memory } from './memory.ts';
import type { Ratio } from './ratio-to-python.ts';
import type { XraySeconds } from './xray-seconds.ts';

export interface Figures extends Ratio, XraySeconds {
  model: string;
  machine: string;
  /** Of the last minute before memory was looked at. */
  loadAverage: number;
  batching: readonly Batching[];
  memory?: Memory;
}

export function sectionOf(figures: Figures): Section {
  const { model, machine, ratioToPython, imagesPerSecond, batch, threads, width, height, memory } = figures;
  const rows = [
    [
      'Throughput over Python',
      `${ratioToPython.toFixed(2)}: ${imagesPerSecond.sightline.toFixed(1)} beside ${imagesPerSecond.python.toFixed(1)} images a second`,
      `ONNX Runtime ${figures.onnxruntime} on both sides, batches of ${batch} images of ${width} × ${height}, ${threads} threads, in turns`,
    ],
    [
      'Radiograph to findings',
      `p50 ${figures.xrayP50Seconds.toFixed(2)} s, p95 ${figures.xrayP95Seconds.toFixed(2)} s`,
      `from the bytes of the golden objects, one after the other, ${figures.studies} times`,
    ],
    ...(memory === undefined ? [] : [memoryRow(memory)]),
  ];
  const lines = [
    `Measured with \`npm run bench -- inference --write\` on ${machine}, load average ${figures.loadAverage.toFixed(1)}, ${model}. Nothing here was run on an accelerator.`,
    '',
    ...table(['what', 'figure', 'how'], rows),
    '',
    'Images a second by the largest batch allowed and by how many callers ask at once, each for one image of 512 × 512:',
    '',
    ...batchingRows(figures.batching),
  ];
  return { title: 'Inference', lines };
}

function memoryRow({ studies, settledMib, endMib, flat }: Memory): string[] {
  const said = `${flat ? 'flat' : 'not flat'}: ${settledMib.toFixed(0)} MiB settled, ${endMib.toFixed(0)} MiB at the end`;
  return ['Memory', said, `${studies} studies, each of another size, the worker and its processes together`];
}

function batchingRows(batching: readonly Batching[]): string[] {
  const concurrencies = [...new Set(batching.map(({ concurrency }) => concurrency))];
  const rows = [...new Set(batching.map(({ maxBatch }) => maxBatch))].map((maxBatch) => [
    String(maxBatch),
    ...batching.filter((each) => each.maxBatch === maxBatch).map(({ imagesPerSecond }) => imagesPerSecond.toFixed(1)),
  ]);
  return table(['batch', ...concurrencies.map((callers) => `${callers} at once`)], rows);
}
