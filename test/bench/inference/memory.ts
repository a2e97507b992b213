import { readdir, readFile } from 'node:fs/promises';
import type { Model } from '@sightline/inference';
import { childsChest } from '../../support/xray-request.ts';
import { wrapImage } from '../../../tools/evaluate/wrap-image.ts';
import { StudyReader } from './study-reader.ts';

export interface Memory {
  studies: number;
  /** Resident memory of the worker and the processes it computes in, in MiB: in the second quarter of the studies, and in the last. */
  settledMib: number;
  endMib: number;
  /** Whether the last is within 5 % of the second. */
  flat: boolean;
}

const looks = 20;
const sides = [200, 1_000] as const;

/** Reads studies of ever other sizes, since what leaks, leaks by shape; compares the middle of the looks of two quarters. */
export async function memoryOver(model: Model, threads: number, studies: number): Promise<Memory> {
  const reader = new StudyReader(model, threads);
  const every = Math.max(1, Math.floor(studies / looks));
  const seen: number[] = [];
  try {
    for (let n = 1; n <= studies; n++) {
      await reader.read(radiograph(n));
      if (n % every === 0) seen.push(await residentMib());
      if (n % every === 0) process.stderr.write(`memory: ${n} of ${studies} studies, ${seen.at(-1)?.toFixed(0)} MiB\n`);
    }
  } finally {
    await reader.close();
  }
  const settledMib = middle(seen.slice(looks / 4, looks / 2));
  const endMib = middle(seen.slice(-looks / 4));
  return { studies, settledMib, endMib, flat: endMib < settledMib * 1.05 };
}

/** Of a size and a pattern of its own. */
function radiograph(n: number): Uint8Array {
  const [least, most] = sides;
  const width = least + ((n * 7_919) % (most - least));
  const height = least + ((n * 104_729) % (most - least));
  const grey = Uint8Array.from({ length: width * height }, (_, i) => (i * n) % 256);
  return wrapImage(`memory-${n}`, { width, height, grey }, childsChest);
}

async function residentMib(): Promise<number> {
  const pids = await family(process.pid);
  const each = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
  return each.reduce((sum, text) => sum + Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0), 0) / 1_024;
}

async function family(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.join(' ').split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(family))).flat()];
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
