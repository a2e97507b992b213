import type { Artefact, InferenceCompleted } from '@sightline/contracts';
import type { Finding, SourceImage } from '@sightline/findings';
import type { ObjectStore } from '@sightline/object-store';
import type { Picture } from './picture.ts';
import { readBounded } from '../read-bounded.ts';
import { overlaid, smallImage } from './small-picture.ts';

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
  for (const artefact of inOrder(outcome.artefacts.filter(isShown), outcome.findings)) {
    const read = pictures.length < mostPictures;
    const content: Picture['content'] = read
      ? await contentOf(artefact, pictures, objects)
      : { kind: 'left-out', reason: 'no-room' };
    const { kind, findingKey, source } = artefact;
    pictures.push({ kind, source, content, ...(findingKey === undefined ? {} : { findingKey }) });
  }
  return pictures;
}

export function isSameImage(one: SourceImage, other: SourceImage): boolean {
  return one.sopInstanceUid === other.sopInstanceUid && one.frame === other.frame;
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
  const images = Map.groupBy(artefacts, ({ source }) => `${source.sopInstanceUid}/${source.frame ?? ''}`);
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

async function contentOf(
  artefact: Shown,
  before: readonly Picture[],
  objects: ObjectStore,
): Promise<Picture['content']> {
  const image = before.find(
    ({ kind, source }) => kind === 'key-image' && isSameImage(source, artefact.source),
  )?.content;
  // A map is see-through: alone it shows nothing that could be looked at.
  if (artefact.kind === 'heat-map' && image?.kind !== 'png') return { kind: 'left-out', reason: 'without-its-image' };
  const read = await readBounded(objects, artefact.objectKey);
  if (read.kind === 'left-out') return read;
  const drawing =
    artefact.kind === 'heat-map' && image?.kind === 'png' ? overlaid(image, read.bytes) : smallImage(read.bytes);
  return drawing.catch(() => ({ kind: 'left-out', reason: 'unreadable' }) as const);
}
