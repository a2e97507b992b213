import { describe, expect, it } from '@jest/globals';
import type { ModelOutput } from '@sightline/contracts';
import sharp from 'sharp';
import { calibrate } from '../reading/calibrate.ts';
import { drawHeatMap, evidenceOf, heatMapSize } from './heat-map.ts';
import { drawKeyImage } from './key-image.ts';
import type { Answer } from '../runtime.ts';

const output: ModelOutput = {
  key: 'pneumonia',
  index: 0,
  finding: { system: 'http://snomed.info/sct', code: '233604007', display: 'Pneumonia' },
  threshold: 0.5,
  below: 'absent',
  calibration: { kind: 'platt', slope: 1, intercept: 0 },
};

function answer(logit: number, map: number[], columns: number): Answer {
  return {
    logits: { dims: [1, 1], data: Float32Array.of(logit) },
    activation: { dims: [1, 1, map.length / columns, columns], data: Float32Array.from(map) },
    embedding: { dims: [1, 1], data: Float32Array.of(0) },
    scores: {},
  };
}

async function pixels(png: Buffer) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return {
    info,
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * info.channels).subarray(0, info.channels)],
  };
}

describe('calibration', () => {
  it.each([
    [0, 1, 0, 0.5],
    [2, 1, 0, 0.880797],
    [2, 0.5, -1, 0.5],
    [-800, 1, 0, 0],
    [800, 1, 0, 1],
  ])('of logit %d by slope %d and intercept %d is %d', (logit, slope, intercept, probability) => {
    const calibrated = calibrate({ ...output, calibration: { kind: 'platt', slope, intercept } }, logit);
    expect(calibrated).toBeCloseTo(probability, 6);
  });
});

describe('a heat map', () => {
  it('is as large as it is asked for, opaque where the evidence is and clear where it is not', async () => {
    // Top right of four cells speaks for the finding; the mean and a bias of 0 are the logit.
    const { info, at } = await pixels(
      await drawHeatMap(output, answer(2, [-4, 20, -4, -4], 2), { width: 90, height: 61 }),
    );
    expect([info.width, info.height, info.channels]).toEqual([90, 61, 4]);
    expect(at(80, 5)[3]).toBeGreaterThan(100);
    expect(at(5, 55)[3]).toBe(0);
    expect(at(80, 5)[3]).toBeLessThan(200);
  });

  it.each([
    [512, 300, [512, 300]],
    [3_000, 2_400, [512, 410]],
    [1_000, 4_000, [128, 512]],
    [4_000, 1, [512, 1]],
  ])('has the proportions of an image of %d × %d in no more than 512 pixels', (width, height, [columns, rows]) => {
    expect(heatMapSize({ width, height })).toEqual({ width: columns, height: rows });
  });

  it('fades with the probability: an image called clear has a clear map', () => {
    const map = [-10, 2, -10, -10];
    const { values } = evidenceOf(output, answer(-7, map, 2));
    expect(Math.max(...values)).toBeLessThan(0.001);
  });

  it('shows where evidence is above the mean of the image, in proportion', () => {
    const { values } = evidenceOf(output, answer(9, [3, 1, -3, -1], 2));
    expect([...values].map((value) => Math.round(value * 100))).toEqual([100, 33, 0, 0]);
  });

  it('is faint where the evidence is alike everywhere: noise is not stretched into a place', () => {
    const { values } = evidenceOf(output, answer(9, [4.05, 3.95, 4.05, 3.95], 2));
    expect(Math.max(...values)).toBeCloseTo(0.1, 2);
  });

  it('is clear where no place speaks more than another', () => {
    expect([...evidenceOf(output, answer(5, [5, 5], 2)).values]).toEqual([0, 0]);
  });
});

describe('a key image', () => {
  it('shows the display values of its source, one grey each', async () => {
    const png = await drawKeyImage({
      kind: 'grey',
      width: 3,
      height: 2,
      values: Float32Array.of(0, 63.6, 128, 200, 255, 255),
    });
    const { info, at } = await pixels(png);
    expect([info.width, info.height]).toEqual([3, 2]);
    expect([at(0, 0)[0], at(1, 0)[0], at(2, 1)[0]]).toEqual([0, 64, 255]);
    expect((await sharp(png).metadata()).space).toBe('b-w');
  });
});
