import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tellUnderFire, type UnderFire } from '../conformance/tell-under-fire.ts';
import { startWriterRig, type WriterRig } from '../conformance/writer-rig.ts';

describe('64 reports at once, each answer said twice to four writers', () => {
  let rig: WriterRig | undefined;
  let told: UnderFire;

  beforeAll(async () => {
    rig = await startWriterRig();
    told = await tellUnderFire(rig, { studies: 64, kills: 3 });
  }, 600_000);

  afterAll(async () => {
    await rig?.stop();
  });

  it('meet writers that are killed, requests that are refused and writes whose answer is never heard', () => {
    expect(told).toMatchObject({ studies: 64, atOnce: 64, kills: 3 });
    expect(told.refused).toBeGreaterThan(0);
    expect(told.unheard).toBeGreaterThan(0);
  });

  it('are in the chart once: nothing twice, nothing lost, no reference that leads nowhere', () => {
    expect(told).toMatchObject({ duplicates: 0, lost: 0, dangling: 0 });
  });
});
