import { describe, expect, it } from '@jest/globals';
import { readHeader, type DicomHeader } from '@sightline/dicom';
import { findingSchema } from '@sightline/findings';
import { loadModel, type Answer } from '@sightline/inference';
import { childsChest, greyXray } from '../../../../test/support/xray-request.ts';
import type { WrappedValues } from '../../../../tools/evaluate/wrap-image.ts';
import { readChestXray } from './read-chest-xray.ts';

async function manifestOf(calibration = { slope: 1, intercept: 0 }, threshold = 0.5) {
  const loaded = await loadModel(`${import.meta.dirname}/../../../../libs/inference/test-models/bright`);
  if (loaded.kind === 'refused') throw new Error(loaded.line);
  const { manifest } = loaded.model;
  const outputs = manifest.outputs.map((output) => ({
    ...output,
    threshold,
    calibration: { kind: 'platt' as const, ...calibration },
  }));
  return { ...manifest, outputs };
}

function header(values: WrappedValues = {}, name = 'one'): DicomHeader {
  const read = readHeader(greyXray(100, { ...childsChest, ...values }, name));
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.header;
}

function answer(logit: number): Answer {
  const one = { dims: [1, 1], data: Float32Array.of(logit) };
  return { logits: one, activation: { dims: [1, 1, 1, 1], data: Float32Array.of(logit) }, embedding: one };
}

describe('what a chest X-ray model concludes', () => {
  it('says a finding the contract takes, with its probability calibrated', async () => {
    const [finding] = readChestXray.conclude(await manifestOf({ slope: 2, intercept: -1 }), header(), answer(1));
    expect(findingSchema.parse(finding)).toEqual(finding);
    expect(finding?.certainty.probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });

  it.each([
    [0.4999, 'absent'],
    [0.5, 'present'],
    [0.5001, 'present'],
  ])('at probability %d and threshold .5 says %s', async (probability, presence) => {
    const logit = Math.log(probability / (1 - probability));
    const manifest = await manifestOf({ slope: 1, intercept: logit }, 0.5);
    expect(readChestXray.conclude(manifest, header(), answer(0))[0]?.presence).toBe(presence);
  });

  it('keeps the tracking UID over re-runs and gives another image, output or version another', async () => {
    const manifest = await manifestOf();
    const uid = (of: typeof manifest, image = header()) => readChestXray.conclude(of, image, answer(1))[0]?.trackingUid;
    expect(uid(manifest)).toBe(uid(manifest));
    const [output] = manifest.outputs;
    if (output === undefined) throw new Error('no output');
    const others = [
      uid(manifest, header({}, 'two')),
      uid({ ...manifest, version: '1.0.1' }),
      uid({ ...manifest, outputs: [{ ...output, key: 'other' }] }),
    ];
    expect(new Set([uid(manifest), ...others]).size).toBe(4);
  });

  it.each<[string, WrappedValues, string]>([
    ['a radiograph that names no side', {}, 'unknown'],
    ['one of both sides', { ImageLaterality: 'B' }, 'unknown'],
    ['one of the left side', { ImageLaterality: 'L' }, 'left'],
    ['one of the right side', { Laterality: 'R' }, 'right'],
  ])('takes the side from the attributes of %s', async (_, values, laterality) => {
    expect(readChestXray.conclude(await manifestOf(), header(values), answer(9))[0]?.laterality).toBe(laterality);
  });

  it('writes what was seen, how sure, and what was not looked at', async () => {
    const say = async (logit: number) =>
      readChestXray.conclude(await manifestOf(), header(), answer(logit))[0]?.sentence;
    expect(await say(2)).toBe(
      'Appearances suspicious for pneumonia on this AP chest radiograph (estimated probability 88 %, threshold 50 %); ' +
        'side and lobe not assessed. Other findings were not looked for.',
    );
    expect(await say(-9)).toBe(
      'No appearances suspicious for pneumonia on this AP chest radiograph (estimated probability below 1 %, threshold 50 %); ' +
        'this does not exclude pneumonia. Other findings were not looked for.',
    );
  });
});
