import type { Artefact, InferenceCompleted } from '@sightline/contracts';
import type { Finding, SourceImage } from '@sightline/findings';
import type { ObjectStore } from '@sightline/object-store';
import type { Picture } from './picture.ts';
import { readBounded } from '../read-bounded.ts';
import { printed, smallImage, type Pixels } from './small-picture.ts';

/** Pictures that are read; of the rest the page says how many there are. */
const mostPictures = 8;

type Shown = Artefact & { kind: Picture['kind'] };

/**
 * The pictures beside an answer, each map after the image it lies over, those of findings that are present first. What cannot be
 * had stands among them with the reason; nothing here fails.
 */
export async function picturesOf({ outcome }: InferenceCompleted, objects: ObjectStore): Promise<Picture[]> {
  if (outcome.kind !== 'findings') return [];
  const pictures: Picture[] = [];
  const images = new Map<string, Pixels>();
  for (const artefact of inOrder(outcome.artefacts.filter(isShown), outcome.findings)) {
    const read = pictures.length < mostPictures;
    const content: Picture['content'] = read
      ? await contentOf(artefact, images, objects)
      : { kind: 'left-out', reason: 'no-room' };
    const { kind, findingKey, source } = artefact;
    pictures.push({ kind, source, content, ...(findingKey === undefined ? {} : { findingKey }) });
  }
  return pictures;
}

export function isSameImage(one: SourceImage, other: SourceImage): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf({ sopInstanceUid, frame }: SourceImage): string {
  return `${sopInstanceUid}/${frame ?? ''}`;
}

function isShown(artefact: Artefact): artefact is Shown {
  return artefact.kind !== 'region';
}

/** By image: those with something present first, then as the model made them; of an image the picture itself, then its maps. */
function inOrder(artefacts: readonly Shown[], findings: readonly Finding[]): Shown[] {
  const present = findings.filter(({ presence }) => presence === 'present');
  const isOnPresent = ({ source }: Shown): boolean =>
    present.some(({ sources }) => sources.some((one) => isSameImage(one, source)));
  const isOfPresent = ({ findingKey }: Shown): boolean => present.some(({ key }) => key === findingKey);
  const images = Map.groupBy(artefacts, ({ source }) => keyOf(source));
  return [...images.values()]
    .toSorted(([one], [other]) => first(other, isOnPresent) - first(one, isOnPresent))
    .flatMap((ofImage) =>
      ofImage.toSorted(
        (one, other) =>
          first(other, isKeyImage) - first(one, isKeyImage) || first(other, isOfPresent) - first(one, isOfPresent),
      ),
    );
}

function first(artefact: Shown | undefined, is: (artefact: Shown) => boolean): number {
  return artefact !== undefined && is(artefact) ? 1 : 0;
}

function isKeyImage({ kind }: Shown): boolean {
  return kind === 'key-image';
}

/** An image is kept for the maps that lie over it: alone they show nothing that could be looked at. */
async function contentOf(
  { kind, source, objectKey }: Shown,
  images: Map<string, Pixels>,
  objects: ObjectStore,
): Promise<Picture['content']> {
  const below = images.get(keyOf(source));
  if (kind === 'heat-map' && below === undefined) return { kind: 'left-out', reason: 'without-its-image' };
  const read = await readBounded(objects, objectKey);
  if (read.kind === 'left-out') return read;
  try {
    if (kind === 'heat-map' && below !== undefined) return await printed(below, read.bytes);
    const image = await smallImage(read.bytes);
    images.set(keyOf(source), image);
    return await printed(image);
  } catch {
    return { kind: 'left-out', reason: 'unreadable' };
  }
}
