import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { artefactSchema } from '@sightline/contracts';
import { readHeader, uidSchema } from '@sightline/dicom';
import { openObjectStore, type ObjectStore } from '@sightline/object-store';
import sharp from 'sharp';
import { testManifest } from '../../../../test/support/index.ts';
import { greyXray } from '../../../../test/support/xray-request.ts';
import { gateHeader } from '../gates/gate-header.ts';
import { conclude } from '../reading/conclude.ts';
import type { Pipeline } from '../reading/pipeline.ts';
import type { ExplainedFrame } from '../reading/subject.ts';
import { stackFrames } from '../reading/stack-frames.ts';
import { drawArtefacts } from './draw-artefacts.ts';
import type { Region } from './region.ts';

const pipeline: Pipeline = { gate: gateHeader, prepare: stackFrames, conclude };
const study = { studyInstanceUid: uidSchema.parse('2.25.1'), revision: 2, patient: {}, modalities: ['DX'] };

/** A frame of 4 × 2 pixels, bright on its right half, as the model was shown it. */
function explained(numberOfFrames = 1): ExplainedFrame {
  const read = readHeader(greyXray(100));
  if (read.kind === 'invalid') throw new Error(read.reason);
  const one = { dims: [1, 1], data: Float32Array.of(2) };
  return {
    frame: { header: { ...read.header, numberOfFrames }, frame: 1 },
    grey: { kind: 'grey', width: 4, height: 2, values: Float32Array.of(0, 0, 200, 200, 0, 0, 200, 200) },
    answer: {
      logits: one,
      activation: { dims: [1, 1, 1, 2], data: Float32Array.of(0, 4) },
      embedding: one,
      scores: {},
    },
  };
}

describe('the pictures beside an answer', () => {
  let folder: string;
  let objects: ObjectStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'artefacts-'));
    objects = openObjectStore(pathToFileURL(folder).href);
  });

  afterEach(() => rm(folder, { recursive: true }));

  const draw = (faithful: boolean, frame = explained(), token = '7', outline?: Pipeline['outline']) => {
    const manifest = testManifest({ explanation: { kind: 'class-activation', faithful } });
    const drawing = { model: { manifest }, pipeline: { ...pipeline, ...(outline && { outline }) } };
    return drawArtefacts(drawing, [frame], { objects, study, token });
  };

  it('are the frame as it was shown and a map for each output, of the size of the frame, as the contract takes them', async () => {
    const artefacts = await draw(true);
    expect(artefacts.map(({ kind, findingKey }) => [kind, findingKey])).toEqual([
      ['key-image', undefined],
      ['heat-map', 'pneumonia'],
    ]);
    for (const artefact of artefacts) {
      expect(artefactSchema.parse(artefact)).toEqual(artefact);
      const { width, height, format } = await sharp(await objects.read(artefact.objectKey)).metadata();
      expect([width, height, format]).toEqual([4, 2, 'png']);
    }
  });

  it('are the image at its own size and its map at the size of a map, where the image is large', async () => {
    const grey = { kind: 'grey', width: 1_024, height: 600, values: new Float32Array(1_024 * 600) } as const;
    const sizes = (await draw(true, { ...explained(), grey })).map(async ({ kind, objectKey, width, height }) => {
      const png = await sharp(await objects.read(objectKey)).metadata();
      expect({ width, height }).toEqual({ width: png.width, height: png.height });
      return [kind, width, height];
    });
    expect(await Promise.all(sizes)).toEqual([
      ['key-image', 1_024, 600],
      ['heat-map', 512, 300],
    ]);
  });

  it('leave out the map of a model whose maps are not faithful', async () => {
    expect((await draw(false)).map(({ kind }) => kind)).toEqual(['key-image']);
  });

  it('hold the region a pipeline outlines as a mask of black and white', async () => {
    const outline = (_: unknown, { grey }: ExplainedFrame): Region[] => [
      { findingKey: 'pneumonia', mask: Uint8Array.from(grey.values, (value) => (value > 100 ? 1 : 0)) },
    ];
    const region = (await draw(false, explained(), '7', outline)).find(({ kind }) => kind === 'region');
    const png = await objects.read(region?.objectKey ?? '');
    const mask = await sharp(png).extractChannel(0).raw().toBuffer();

    expect([...mask]).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
  });

  it('refuse a region of another size than the frame', async () => {
    const outline = (): Region[] => [{ findingKey: 'pneumonia', mask: new Uint8Array(3) }];
    await expect(draw(false, explained(), '7', outline)).rejects.toThrow('3 pixels, not 4 × 2');
  });

  it('name the frame of a multi-frame image', async () => {
    expect((await draw(false, explained(9)))[0]?.source.frame).toBe(1);
    expect((await draw(false, explained(1)))[0]?.source).not.toHaveProperty('frame');
  });

  it('lie under keys that no other attempt has', async () => {
    const keys = [...(await draw(true)), ...(await draw(true)), ...(await draw(true, explained(), '8'))];
    expect(new Set(keys.map(({ objectKey }) => objectKey)).size).toBe(keys.length);
  });
});
