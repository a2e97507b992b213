import { mostOpaqueEvidence, type Artefact } from '@sightline/contracts';
import type { PictureOfResult } from '@sightline/dicom-results';
import type { ObjectStore } from '@sightline/object-store';
import sharp from 'sharp';
import { readBounded, unpacked, type Read } from '../read-bounded.ts';

/** Pixels of a map's longer side: it is drawn from a grid far coarser, and covers its image at any size. */
const longestMapSide = 512;

/** A picture that shows where or why something was found. */
export type Shown = Artefact & { kind: 'heat-map' | 'region'; findingKey: string };

export type ReadPicture =
  | { kind: 'picture'; picture: PictureOfResult }
  | { kind: 'left-out'; reason: 'malformed' }
  | Exclude<Read, { kind: 'bytes' }>;

/** An artefact as numbers, pixel by pixel. */
export async function readPicture(objects: ObjectStore, artefact: Shown): Promise<ReadPicture> {
  const read = await readBounded(objects, artefact.objectKey);
  if (read.kind === 'left-out') return read;
  const { findingKey, source } = artefact;
  const drawing = artefact.kind === 'heat-map' ? evidence(read.bytes) : mask(read.bytes);
  const drawn = await drawing.catch(() => undefined);
  if (drawn === undefined) return { kind: 'left-out', reason: 'malformed' };
  const picture: PictureOfResult =
    artefact.kind === 'heat-map'
      ? { kind: 'heat-map', findingKey, source, ...drawn }
      : { kind: 'region', encoding: 'binary', findingKey, source, ...drawn };
  return { kind: 'picture', picture };
}

type Drawn = Pick<PictureOfResult, 'width' | 'height' | 'values'>;

/** How opaque a map is says how much a place had to do with the answer; one that is opaque everywhere is none. */
async function evidence(png: Buffer): Promise<Drawn | undefined> {
  if (!(await sharp(png, unpacked).metadata()).hasAlpha) return undefined;
  const { data, info } = await sharp(png, unpacked)
    .toColourspace('srgb')
    .resize(longestMapSide, longestMapSide, { fit: 'inside', withoutEnlargement: true })
    .extractChannel('alpha')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const values = Uint8Array.from(data, (alpha) => Math.min(255, Math.round((255 * alpha) / mostOpaqueEvidence)));
  return { width: info.width, height: info.height, values };
}

async function mask(png: Buffer): Promise<Drawn> {
  const { data, info } = await sharp(png, unpacked)
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, values: new Uint8Array(data) };
}
