import { describe, expect, it } from '@jest/globals';
import { framesOf, readerOf, volumeOf } from '../../../../test/support/phantom-volume.ts';
import { axialHead, balls, classicSeries, type Scan } from '../../../../test/support/phantom.ts';
import { assembleVolumes } from './assemble-volumes.ts';
import { compareDuplicates } from './compare-duplicates.ts';

const scan: Scan = { ...axialHead, rows: 16, columns: 20, slices: 6, samples: 1 };
const insert = balls(0, { centre: scan.centre, radii: [9, 9, 9], value: 60 });
const other = balls(0, { centre: scan.centre, radii: [9, 9, 9], value: 61 });
const series = classicSeries(scan, insert);

/** Slices 3 and 4 (counted from 1) once more, under other UIDs. */
const again = (scene: typeof insert): Buffer[] =>
  classicSeries(
    { ...scan, also: (k) => ({ SOPInstanceUID: `2.25.800.${k + 1}`, InstanceNumber: String(90 + k) }) },
    scene,
  ).slice(2, 4);

const duplicates = [3, 4].map((k) => ({
  kept: { sopInstanceUid: `2.25.703.${k}`, frameNumber: 1 },
  dropped: { sopInstanceUid: `2.25.800.${k}`, frameNumber: 1 },
}));

describe('slices at one place', () => {
  it('are reported, the first by number is kept, and nothing is said of their pixels', () => {
    const volume = volumeOf([...again(insert), ...series]);
    expect(volume.size[2]).toBe(6);
    expect(volume.issues).toEqual([{ kind: 'duplicate-slices', duplicates, pixels: 'not compared' }]);
  });

  it('with the same pixels were sent twice: the volume stands', async () => {
    const files = [...again(insert), ...series];
    expect(await compareDuplicates(volumeOf(files), readerOf(files))).toMatchObject({
      kind: 'volume',
      issues: [{ kind: 'duplicate-slices', pixels: 'identical' }],
    });
  });

  it('with other pixels contradict each other: the volume is refused, with all its frames', async () => {
    const files = [...again(other), ...series];
    const answer = await compareDuplicates(volumeOf(files), readerOf(files));
    expect(answer).toMatchObject({ kind: 'refused', refusal: { kind: 'contradicting-duplicates', duplicates } });
    expect(answer.kind === 'refused' && answer.frames).toHaveLength(8);
  });

  it('that cannot be read are said to be unreadable', async () => {
    const volume = volumeOf([...again(insert), ...series]);
    expect(await compareDuplicates(volume, readerOf(series))).toMatchObject({
      kind: 'unreadable',
      reason: 'no such object',
    });
  });

  it('of one instance sent twice are one slice more', () => {
    const frames = framesOf(series);
    const [volume] = assembleVolumes([...frames, ...frames]).volumes;
    expect(volume?.duplicates).toHaveLength(6);
  });
});
