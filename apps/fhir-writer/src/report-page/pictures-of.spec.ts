import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inferenceCompletedSchema, type Artefact, type InferenceCompleted } from '@sightline/contracts';
import type { Finding } from '@sightline/findings';
import { openObjectStore, type ObjectStore } from '@sightline/object-store';
import sharp from 'sharp';
import { findingNumber } from '../../../../test/support/result-in-state.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { picturesOf } from './pictures-of.ts';

let directory: TemporaryDirectory;
let objects: ObjectStore;

beforeEach(async () => {
  directory = await temporaryDirectory('pictures');
  objects = openObjectStore(pathToFileURL(directory.path).href);
});
afterEach(() => directory.remove());

const image = await sharp({ create: { width: 1_000, height: 800, channels: 3, background: '#404040' } })
  .png()
  .toBuffer();
const red = { r: 255, g: 0, b: 0, alpha: 1 };
const mapOf = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background: red } })
    .png()
    .toBuffer();
const map = await mapOf(1_000, 800);

/** An artefact on the image of a finding, and its bytes in the store where there are any. */
async function artefact(kind: Artefact['kind'], finding: Finding, bytes?: Uint8Array): Promise<Artefact> {
  const [source] = finding.sources;
  if (source === undefined) throw new Error('a finding has a source');
  const objectKey = `artefacts/${source.sopInstanceUid}-${kind}.png`;
  if (bytes !== undefined) await objects.write(objectKey, Readable.from([bytes]));
  const ofFinding = kind === 'key-image' ? {} : { findingKey: finding.key };
  return { kind, source, objectKey, mediaType: 'image/png', width: 1_000, height: 800, ...ofFinding };
}

function answer(findings: Finding[], artefacts: Artefact[]): InferenceCompleted {
  return inferenceCompletedSchema.parse({
    study: { studyInstanceUid: '1.2.3', revision: 1, patient: {}, modalities: ['DX'] },
    model: { name: 'chest-xray-paediatric', version: '1.0.0' },
    role: 'primary',
    outcome: { kind: 'findings', findings, artefacts },
    images: [],
    timings: { completedAt: '2026-02-03T04:06:00.000Z' },
  });
}

describe('pictures for the page', () => {
  it('are small enough to print, and opaque', async () => {
    const finding = findingNumber(1);
    const [picture] = await picturesOf(answer([finding], [await artefact('key-image', finding, image)]), objects);
    expect(picture?.content).toMatchObject({ kind: 'jpeg', width: 512, height: 410 });
    if (picture?.content.kind !== 'jpeg') throw new Error('no picture');
    expect(await sharp(picture.content.jpeg).metadata()).toMatchObject({ format: 'jpeg', hasAlpha: false, width: 512 });
  });

  it.each([
    ['as large as its image', 1_000, 800],
    ['as large as its image in print', 512, 410],
    ['smaller', 256, 205],
  ])('show a map that is %s over the image it explains, whichever came first', async (_, width, height) => {
    const finding = findingNumber(1);
    const bytes = await mapOf(width, height);
    const artefacts = [await artefact('heat-map', finding, bytes), await artefact('key-image', finding, image)];
    const pictures = await picturesOf(answer([finding], artefacts), objects);
    expect(pictures.map(({ kind }) => kind)).toEqual(['key-image', 'heat-map']);
    const shown = pictures.map(async ({ content }) => {
      if (content.kind !== 'jpeg') return content.reason;
      const { channels } = await sharp(content.jpeg).stats();
      return [content.width, content.height, channels[0]?.min, channels[0]?.max];
    });
    // JPEG says of the reddest red 254.
    expect(await Promise.all(shown)).toEqual([
      [512, 410, 64, 64],
      [512, 410, 254, 254],
    ]);
  });

  it('show a radiograph of three thousand by two and a half thousand noisy pixels', async () => {
    const finding = findingNumber(1);
    const radiograph = await sharp({
      create: {
        width: 3_000,
        height: 2_500,
        channels: 3,
        background: '#000',
        noise: { type: 'gaussian', mean: 128, sigma: 8 },
      },
    })
      .toColourspace('b-w')
      .png({ compressionLevel: 1 })
      .toBuffer();
    expect(radiograph.length).toBeGreaterThan(4_000_000);
    const [picture] = await picturesOf(answer([finding], [await artefact('key-image', finding, radiograph)]), objects);
    expect(picture?.content).toMatchObject({ kind: 'jpeg', width: 512, height: 427 });
  });

  it('leave out regions, which are masks', async () => {
    const finding = findingNumber(1);
    expect(await picturesOf(answer([finding], [await artefact('region', finding, image)]), objects)).toEqual([]);
  });

  it('are none of an answer that was refused', async () => {
    const refused = {
      ...answer([findingNumber(1)], []),
      outcome: { kind: 'skipped', reason: 'wrong-view', detail: 'x' },
    } as const;
    expect(await picturesOf(refused, objects)).toEqual([]);
  });

  it('begin with those of findings that are present', async () => {
    const absent = findingNumber(1, { presence: 'absent' });
    const present = findingNumber(2);
    const artefacts = [await artefact('key-image', absent, image), await artefact('key-image', present, image)];
    const pictures = await picturesOf(answer([absent, present], artefacts), objects);
    expect(pictures.map(({ source }) => source)).toEqual([present.sources[0], absent.sources[0]]);
  });

  it('are eight at most; the rest is not even read', async () => {
    const findings = Array.from({ length: 10 }, (_, n) => findingNumber(n + 1));
    const artefacts = await Promise.all(
      findings.map((finding, n) => artefact('key-image', finding, n < 8 ? image : undefined)),
    );
    const pictures = await picturesOf(answer(findings, artefacts), objects);
    expect(pictures.filter(({ content }) => content.kind === 'jpeg')).toHaveLength(8);
    expect(pictures.slice(8).map(({ content }) => content)).toEqual([
      { kind: 'left-out', reason: 'no-room' },
      { kind: 'left-out', reason: 'no-room' },
    ]);
  });

  it.each([
    ['missing', undefined],
    ['too-large', Buffer.alloc(2 ** 25 + 1)],
    ['unreadable', Buffer.from('no picture')],
  ] as const)('say that one is %s, and its map with it, and show the others', async (reason, bytes) => {
    const bad = findingNumber(1);
    const good = findingNumber(2);
    const artefacts = [
      await artefact('key-image', bad, bytes),
      await artefact('heat-map', bad, map),
      await artefact('key-image', good, image),
    ];
    const pictures = await picturesOf(answer([bad, good], artefacts), objects);
    expect(pictures.map(({ content }) => (content.kind === 'jpeg' ? 'jpeg' : content.reason))).toEqual([
      reason,
      'without-its-image',
      'jpeg',
    ]);
  });

  it('are unreadable where the store itself fails', async () => {
    const finding = findingNumber(1);
    const loop = await artefact('key-image', finding);
    await mkdir(join(directory.path, 'artefacts'));
    await symlink(join(directory.path, loop.objectKey), join(directory.path, loop.objectKey));
    const [picture] = await picturesOf(answer([finding], [loop]), objects);
    expect(picture?.content).toEqual({ kind: 'left-out', reason: 'unreadable' });
  });
});
