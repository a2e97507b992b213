import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { modelManifestSchema, type ModelManifest } from '@sightline/contracts';
import { axialHead, balls, classicSeries, enhancedSeries, type Scan } from '../../../../test/support/phantom.ts';
import { childsChest, greyXray } from '../../../../test/support/xray-request.ts';
import { loadModel, type Model } from '../models/model-repository.ts';
import { ProcessPixelReader } from '../processes/process-pixel-reader.ts';
import { ProcessRuntime } from '../processes/process-runtime.ts';
import { gateHeader } from '../gates/gate-header.ts';
import { conclude } from './conclude.ts';
import { describeObject } from './open-objects.ts';
import type { Pipeline } from './pipeline.ts';
import { readObjects } from './read-objects.ts';
import type { Reading } from './reading.ts';
import { stackFrames } from './stack-frames.ts';

jest.setTimeout(120_000);

type Answer = ModelManifest['answer'];

/** 24 slices of air around a bright ball whose middle lies nearest to slice 16, counted from 0. */
const scan: Scan = {
  ...axialHead,
  rows: 24,
  columns: 24,
  slices: 24,
  pixelSpacing: [4, 4],
  samples: 1,
  also: () => ({ BodyPartExamined: 'HEAD' }),
};
const middle: [number, number, number] = [3, -12, 840 + (16 - 11.5) * 3];
const scene = balls(-1000, { centre: middle, radii: [30, 30, 12], value: 80 });

/** Remembers how many objects were being decoded at one time, and how often one was. */
class WatchedPixelReader extends ProcessPixelReader {
  #now = 0;
  most = 0;
  times = 0;

  override async decode(...asked: Parameters<ProcessPixelReader['decode']>) {
    this.#now += 1;
    this.times += 1;
    this.most = Math.max(this.most, this.#now);
    try {
      return await super.decode(...asked);
    } finally {
      this.#now -= 1;
    }
  }
}

describe('a model that reads', () => {
  let bright: Model;
  const runtime = new ProcessRuntime();
  const pixels = new WatchedPixelReader();

  beforeAll(async () => {
    const loaded = await loadModel(join(import.meta.dirname, '../../test-models/bright'));
    if (loaded.kind === 'refused') throw new Error(loaded.line);
    bright = loaded.model;
  });

  afterAll(() => Promise.all([runtime.close(), pixels.close()]));

  /** The bright model as one for the head on CT: its logit of a slice is the mean grey of the brain window. */
  function headModel(answer: Answer, leastSlices = 10): Model {
    const { manifest } = bright;
    return {
      ...bright,
      manifest: modelManifestSchema.parse({
        ...manifest,
        answer,
        input: {
          ...manifest.input,
          modalities: ['CT'],
          selection: { kind: 'volume', leastSlices, plane: 'axial' },
          preparation: { ...manifest.input.preparation, grey: { kind: 'window', center: 40, width: 80 } },
        },
        applicability: { modality: ['CT'], bodyPart: ['HEAD'], scores: [] },
        wording: { subject: 'head CT', notAssessed: 'side not assessed' },
        evaluation: { ...manifest.evaluation, study: { column: 'study', order: 'slice' } },
      }),
    };
  }

  async function read(
    model: Model,
    objects: readonly Uint8Array[],
    gate: Pipeline['gate'] = gateHeader,
  ): Promise<Reading[]> {
    const reader = { model, pipeline: { gate, prepare: stackFrames, conclude }, pixels, runtime };
    const described = async function* () {
      for (const object of objects) yield describeObject(object);
    };
    return Array.fromAsync(readObjects(reader, described(), { signal: AbortSignal.timeout(60_000) }));
  }

  async function only(model: Model, objects: readonly Uint8Array[]) {
    const [reading, ...more] = await read(model, objects);
    if (reading?.kind !== 'read' || more.length > 0) throw new Error(JSON.stringify([reading, ...more]));
    const [finding] = reading.findings;
    if (finding === undefined) throw new Error('no finding');
    return { ...reading, finding };
  }

  const study = (aggregation: Extract<Answer, { unit: 'study' }>['aggregation']): Answer => ({
    unit: 'study',
    aggregation,
  });

  describe('studies', () => {
    it('finds the slice that says most, whatever order the slices come in', async () => {
      const slices = classicSeries(scan, scene);
      const shuffled = slices.map((_, i) => slices[(i * 7 + 3) % slices.length] ?? Buffer.of());
      const model = headModel(study({ kind: 'max' }));
      for (const objects of [slices, shuffled, slices.toReversed()]) {
        const { finding, images, explained } = await only(model, objects);
        expect(finding.sources).toMatchObject([{ sopInstanceUid: '2.25.703.17' }]);
        expect(finding.sentence).toContain('this head CT, most on slice 17 of 24 (');
        expect(images).toHaveLength(24);
        expect(explained.map(({ frame }) => frame.header.sopInstanceUid)).toEqual(['2.25.703.17']);
      }
    });

    it('says of an enhanced object what it says of the single slices', async () => {
      const model = headModel(study({ kind: 'mean-of-top', count: 3 }));
      const classic = await only(model, classicSeries(scan, scene));
      const object = enhancedSeries({ ...scan, also: () => ({}) }, scene);
      pixels.times = 0;
      const [enhanced] = await read(model, [object], () => ({ kind: 'passed' }));
      if (enhanced?.kind !== 'read') throw new Error(JSON.stringify(enhanced));
      expect(enhanced.findings[0]?.certainty.probability).toBeCloseTo(classic.finding.certainty.probability, 6);
      expect(enhanced.findings[0]?.sources).toMatchObject([{ sopInstanceUid: '2.25.704', frame: 17 }]);
      // 24 frames, sixteen at a time: the object is not fetched and taken apart for each of them.
      expect(pixels.times).toBe(2);
    });

    it('answers by the aggregation of the manifest', async () => {
      const slices = classicSeries(scan, scene);
      const probability = async (answer: Answer) =>
        (await only(headModel(answer), slices)).finding.certainty.probability;
      const max = await probability(study({ kind: 'max' }));
      const top = await probability(study({ kind: 'mean-of-top', count: 4 }));
      const mean = await probability(study({ kind: 'mean' }));
      expect(max).toBeGreaterThan(top);
      expect(top).toBeGreaterThan(mean);
    });

    it('sees the window of the manifest in Hounsfield units, however the values are stored and whatever the image displays', async () => {
      const model = headModel(study({ kind: 'max' }));
      const plain = await only(model, classicSeries(scan, scene));
      const otherwise: Scan = {
        ...scan,
        slope: (k) => (k % 2 === 0 ? 0.5 : 2),
        intercept: () => -1024,
        also: () => ({ BodyPartExamined: 'HEAD', WindowCenter: '-600', WindowWidth: '1500' }),
      };
      const stored = await only(model, classicSeries(otherwise, scene));
      expect(stored.finding.certainty.probability).toBeCloseTo(plain.finding.certainty.probability, 6);
    });

    it('tells the reader of the chart what the volume lacks', async () => {
      const slices = classicSeries(scan, scene).filter((_, k) => k !== 5);
      const { finding } = await only(headModel(study({ kind: 'max' })), slices);
      expect(finding.sentence).toContain('1 slice missing in 1 place.');
    });

    it('counts the slices that a gate refused where it says on which of them', async () => {
      const { manifest, ...model } = headModel(study({ kind: 'max' }));
      const larger = { centre: [3, -12, 840 + (4 - 11.5) * 3] as const, radii: [44, 44, 4] as const, value: 80 };
      const two = balls(-1000, larger, { centre: middle, radii: [30, 30, 12], value: 80 });
      const slices = classicSeries(scan, two);
      expect((await only({ manifest, ...model }, slices)).finding.sentence).toContain('most on slice 5 of 24 (');
      // What the graph says is as good a score to gate by as any.
      const tooBright = { score: 'logits', atMost: -1, reason: 'poor-quality' as const, detail: 'Too bright.' };
      const gated = {
        ...manifest,
        version: '1.0.1',
        graph: { ...manifest.graph, scores: ['logits'] },
        applicability: { ...manifest.applicability, scores: [tooBright] },
      };
      const { finding, images } = await only({ manifest: gated, ...model }, slices);
      expect(finding.sentence).toContain('most on slice 17 of 24 (');
      expect(finding.sentence).toMatch(/\b1 of 24 slices could not be read by the model\.$/);
      expect(images.length).toBeLessThan(24);
    });

    it('reads 3,000 slices, sixteen of them in memory at most', async () => {
      const long: Scan = { ...scan, rows: 4, columns: 4, slices: 3_000, sliceSpacing: 0.1, sliceThickness: 0.1 };
      const ball = balls(-1000, { centre: [3, -12, 840 + (2_500 - 1_499.5) * 0.1], radii: [30, 30, 0.04], value: 80 });
      pixels.most = 0;
      const { finding, images, explained } = await only(headModel(study({ kind: 'max' })), classicSeries(long, ball));
      expect(finding.sentence).toContain('most on slice 2501 of 3000 (');
      expect(images).toHaveLength(3_000);
      expect(explained).toHaveLength(1);
      expect(pixels.most).toBeLessThanOrEqual(16);
    });

    it.each<[string, string, Scan]>([
      ['wrong-plane', 'slices of another plane', { ...scan, row: [0, 1, 0], column: [0, 0, -1] }],
      ['incomplete-volume', 'too few slices', { ...scan, slices: 6 }],
      [
        'no-image',
        'localizers alone',
        { ...scan, also: () => ({ ...scan.also?.(0), ImageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }) },
      ],
      [
        'wrong-geometry',
        'slices that say no place',
        { ...scan, also: () => ({ ...scan.also?.(0), ImagePositionPatient: '' }) },
      ],
      ['wrong-body-part', 'another body part', { ...scan, also: () => ({ BodyPartExamined: 'CHEST' }) }],
    ])('refuses as %s %s', async (reason, _, other) => {
      const readings = await read(headModel(study({ kind: 'max' })), classicSeries(other, scene));
      expect(readings.length).toBeGreaterThan(0);
      for (const reading of readings) expect(reading).toMatchObject({ kind: 'refused', reason });
    });
  });

  it('slices says of the one that says most, with its own logit', async () => {
    const slices = classicSeries(scan, scene);
    const { finding } = await only(headModel({ unit: 'slice' }), slices);
    const max = await only(headModel(study({ kind: 'max' })), slices);
    expect(finding.sentence).toContain('on slice 17 of 24 of this head CT (');
    expect(finding.certainty).toEqual(max.finding.certainty);
  });

  it('images answers each alone, and one that is refused does not silence the others', async () => {
    const readings = await read(bright, [
      greyXray(200),
      greyXray(100, { ...childsChest, Modality: 'CT' }),
      greyXray(20),
    ]);
    expect(readings.map(({ kind }) => kind)).toEqual(['read', 'refused', 'read']);
    const [light, , dark] = readings;
    if (light?.kind !== 'read' || dark?.kind !== 'read') throw new Error('not read');
    expect(light.findings[0]?.presence).toBe('present');
    expect(dark.findings[0]?.presence).toBe('absent');
  });

  it('images takes what is no DICOM for a failure of its own', async () => {
    const readings = await read(bright, [Buffer.from('no image'), greyXray(200)]);
    expect(readings).toMatchObject([{ kind: 'failed', failure: { kind: 'invalid-input' } }, { kind: 'read' }]);
  });
});
