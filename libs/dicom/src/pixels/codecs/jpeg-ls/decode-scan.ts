import type { BitReader } from './bit-reader.ts';
import { runBits, SampleModel } from './sample-model.ts';
import type { ScanParameters } from './scan-parameters.ts';

/** How the samples of a scan follow each other: one component alone, a line of each in turn, a sample of each in turn. */
export type Interleave = 'none' | 'line' | 'sample';

interface Lines {
  /** Line above and line to decode, each with one sample before its first and one after its last (ITU-T T.87 A.2.1). */
  above: Int32Array;
  current: Int32Array;
  runIndex: number;
}

/** Decodes a scan of `components` components and gives each line of each component to `store`, `columns` samples from index 1 on. */
export function decodeScan(
  reader: BitReader,
  parameters: ScanParameters,
  size: { rows: number; columns: number; components: number },
  interleave: Interleave,
  store: (component: number, row: number, line: Int32Array) => void,
): void {
  const model = new SampleModel(reader, parameters);
  const { rows, columns, components } = size;
  const lines = Array.from({ length: components }, (): Lines => {
    return { above: new Int32Array(columns + 2), current: new Int32Array(columns + 2), runIndex: 0 };
  });
  const groups = interleave === 'sample' ? [lines] : lines.map((line) => [line]);
  for (let row = 0; row < rows; row++) {
    for (const group of groups) {
      for (const line of group) {
        line.above[columns + 1] = line.above[columns] ?? 0;
        line.current[0] = line.above[1] ?? 0;
      }
      decodeLine(reader, model, group, columns);
    }
    lines.forEach((line, component) => {
      store(component, row, line.current);
      [line.above, line.current] = [line.current, line.above];
    });
  }
}

/** One line of components whose samples follow each other; a run is one of all of them. */
function decodeLine(reader: BitReader, model: SampleModel, group: Lines[], columns: number): void {
  const contexts = new Int32Array(group.length);
  for (let x = 1; x <= columns;) {
    let flat = true;
    for (let i = 0; i < group.length; i++) {
      contexts[i] = contextAt(model, group[i], x);
      flat &&= contexts[i] === 0;
    }
    if (flat) {
      x = decodeRun(reader, model, group, x, columns);
      continue;
    }
    for (let i = 0; i < group.length; i++) decodeRegular(model, contexts[i] ?? 0, group[i], x);
    x++;
  }
}

function contextAt(model: SampleModel, line: Lines | undefined, x: number): number {
  if (line === undefined) return 0;
  const { above, current } = line;
  return model.context(current[x - 1] ?? 0, above[x] ?? 0, above[x - 1] ?? 0, above[x + 1] ?? 0);
}

function decodeRegular(model: SampleModel, context: number, line: Lines | undefined, x: number): void {
  if (line === undefined) return;
  const { above, current } = line;
  current[x] = model.regular(context, current[x - 1] ?? 0, above[x] ?? 0, above[x - 1] ?? 0);
}

/** A run of the sample before it and, unless it goes to the end of the line, the sample that ends it (A.7). */
function decodeRun(reader: BitReader, model: SampleModel, group: Lines[], from: number, columns: number): number {
  const [first] = group;
  if (first === undefined) return columns + 1;
  let x = from;
  const repeat = (count: number): void => {
    const end = Math.min(columns + 1, x + count);
    for (const { current } of group) current.fill(current[x - 1] ?? 0, x, end);
    x = end;
  };
  while (x <= columns && reader.bit() === 1) {
    const length = 1 << (runBits[first.runIndex] ?? 0);
    if (length <= columns + 1 - x) first.runIndex = Math.min(31, first.runIndex + 1);
    repeat(length);
  }
  if (x > columns) return x;
  repeat(reader.bits(runBits[first.runIndex] ?? 0));
  if (x > columns) return x;
  for (const { above, current } of group)
    current[x] = model.interruption(current[x - 1] ?? 0, above[x] ?? 0, first.runIndex, group.length === 1);
  first.runIndex = Math.max(0, first.runIndex - 1);
  return x + 1;
}
