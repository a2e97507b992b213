import type { Model } from '@sightline/inference';
import { quantile } from '../quantile.ts';
import { goldenObjects, StudyReader } from './study-reader.ts';

export interface XraySeconds {
  xrayP50Seconds: number;
  xrayP95Seconds: number;
  studies: number;
}

/** Seconds from the bytes of a radiograph to its findings, one after the other, over the golden ones that have any, again and again. */
export async function xraySeconds(model: Model, threads: number, studies: number): Promise<XraySeconds> {
  const objects: Buffer[] = [];
  const reader = new StudyReader(model, threads);
  const seconds: number[] = [];
  try {
    for (const object of await goldenObjects(model)) if ((await reader.read(object)) > 0) objects.push(object);
    if (objects.length === 0) throw new Error('no golden radiograph has a finding');
    for (let n = 0; n < studies; n++) {
      const from = performance.now();
      await reader.read(objects[n % objects.length] ?? Buffer.of());
      seconds.push((performance.now() - from) / 1_000);
    }
  } finally {
    await reader.close();
  }
  return { xrayP50Seconds: quantile(seconds, 0.5), xrayP95Seconds: quantile(seconds, 0.95), studies };
}
