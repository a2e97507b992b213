import { describe, expect, it } from '@jest/globals';
import type { ModelManifest } from '@sightline/contracts';
import { readHeader, type DicomHeader } from '@sightline/dicom';
import { findingSchema } from '@sightline/findings';
import { testManifest } from '../../../../test/support/index.ts';
import { childsChest, greyXray } from '../../../../test/support/xray-request.ts';
import type { WrappedValues } from '../../../../tools/evaluate/wrap-image.ts';
import { conclude } from './conclude.ts';
import type { Subject } from './subject.ts';

function manifestOf(changes: Partial<ModelManifest['outputs'][number]> = {}): ModelManifest {
  const manifest = testManifest();
  const calibration = { kind: 'platt' as const, slope: 1, intercept: 0 };
  return {
    ...manifest,
    outputs: manifest.outputs.map((each) => ({ ...each, threshold: 0.5, calibration, ...changes })),
  };
}

function header(values: WrappedValues = {}, name = 'one'): DicomHeader {
  const read = readHeader(greyXray(100, { ...childsChest, ...values }, name));
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.header;
}

function image(values?: WrappedValues, name?: string): Subject {
  const of = header(values, name);
  return { unit: 'image', identity: of.sopInstanceUid, frames: [{ header: of, frame: 1 }], notes: [] };
}

/** A volume of as many slices, the strongest of which is given to `say`. */
function volume(unit: 'slice' | 'study', slices: number, notes: string[] = []): Subject {
  const frames = Array.from({ length: slices }, (_, i) => ({ header: header({}, `slice ${i}`), frame: 1 }));
  return { unit, identity: 'series', frames, notes };
}

function say(manifest: ModelManifest, subject: Subject, logit: number, strongest = 0) {
  const [finding] = conclude(manifest, subject, new Map([['pneumonia', { logit, strongest }]]));
  if (finding === undefined) throw new Error('no finding');
  return finding;
}

describe('what is concluded of a subject', () => {
  it('is a finding the contract takes, with its probability calibrated', () => {
    const finding = say(manifestOf({ calibration: { kind: 'platt', slope: 2, intercept: -1 } }), image(), 1);
    expect(findingSchema.parse(finding)).toEqual(finding);
    expect(finding.certainty.probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });

  it.each([
    [0.4999, 'absent'],
    [0.5, 'present'],
    [0.5001, 'present'],
  ])('at probability %d and threshold .5 is %s', (probability, presence) => {
    const intercept = Math.log(probability / (1 - probability));
    expect(say(manifestOf({ calibration: { kind: 'platt', slope: 1, intercept } }), image(), 0).presence).toBe(
      presence,
    );
  });

  it('below the threshold of a model of triage is not prioritised, never absent', () => {
    const finding = say(manifestOf({ below: 'not-prioritised' }), image(), -3);
    expect(finding.presence).toBe('not-prioritised');
    expect(finding.sentence).toContain('Not prioritised for pneumonia');
  });

  it('keeps its tracking UID over re-runs, and another image, output or version has another', () => {
    const manifest = manifestOf();
    const uid = (of: ModelManifest, subject = image()) =>
      conclude(of, subject, new Map(of.outputs.map(({ key }) => [key, { logit: 1, strongest: 0 }])))[0]?.trackingUid;
    expect(uid(manifest)).toBe(uid(manifest));
    const others = [
      uid(manifest, image({}, 'two')),
      uid({ ...manifest, version: '1.0.1' }),
      uid(manifestOf({ key: 'other' })),
    ];
    expect(new Set([uid(manifest), ...others]).size).toBe(4);
  });

  it.each<[string, WrappedValues, string]>([
    ['a radiograph that names no side', {}, 'unknown'],
    ['one of both sides', { ImageLaterality: 'B' }, 'unknown'],
    ['one of the left side', { ImageLaterality: 'L' }, 'left'],
    ['one of the right side', { Laterality: 'R' }, 'right'],
  ])('takes its side from the attributes of %s', (_, values, laterality) => {
    expect(say(manifestOf(), image(values), 9).laterality).toBe(laterality);
  });

  it('names the frame that says most as its source, with its number only where there are several', () => {
    const many = { ...header(), numberOfFrames: 5 };
    const subject: Subject = { ...image(), frames: [{ header: many, frame: 4 }] };
    expect(say(manifestOf(), subject, 1).sources).toMatchObject([{ sopInstanceUid: many.sopInstanceUid, frame: 4 }]);
    expect(say(manifestOf(), image(), 1).sources[0]).not.toHaveProperty('frame');
    const slices = volume('study', 3);
    expect(say(manifestOf(), slices, 1, 2).sources[0]?.sopInstanceUid).toBe(slices.frames[2]?.header.sopInstanceUid);
  });
});

describe('the sentence of a finding', () => {
  it('says what was seen, how sure, and what was not looked at', () => {
    expect(say(manifestOf(), image(), 2).sentence).toBe(
      'Appearances suspicious for pneumonia on this AP chest radiograph (estimated probability 88 %, threshold 50 %); ' +
        'side and lobe not assessed. Other findings were not looked for.',
    );
    expect(say(manifestOf(), image(), -9).sentence).toBe(
      'No appearances suspicious for pneumonia on this AP chest radiograph (estimated probability below 1 %, threshold 50 %); ' +
        'this does not exclude pneumonia. Other findings were not looked for.',
    );
  });

  it('names the side the header names and no other', () => {
    expect(say(manifestOf(), image({ ImageLaterality: 'L' }), 2).sentence).toContain('radiograph of the left side (');
    expect(say(manifestOf(), image(), 2).sentence).not.toMatch(/of the (left|right) side/);
  });

  it('places a finding of a volume by the slice that says most, counted from 1', () => {
    expect(say(manifestOf(), volume('study', 32), 2, 13).sentence).toContain(
      'chest radiograph, most on slice 14 of 32 (',
    );
    expect(say(manifestOf(), volume('slice', 32), 2, 13).sentence).toContain('on slice 14 of 32 of this');
  });

  it('ends with what a reader must know of the volume', () => {
    expect(say(manifestOf(), volume('study', 2, ['3 slices missing in 1 place.']), 2).sentence).toMatch(
      /looked for\. 3 slices missing in 1 place\.$/,
    );
  });
});
