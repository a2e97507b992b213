import type { ModelManifest } from '@sightline/contracts';
import {
  assembleVolumes,
  sayIssue,
  sayRefusal,
  type FrameDescription,
  type Volume,
  type VolumeRefusal,
} from '@sightline/dicom';
import type { Refused } from './pipeline.ts';

type Wanted = Extract<ModelManifest['input']['selection'], { kind: 'volume' }>;

export type ChosenVolume = { kind: 'chosen'; volume: Volume; notes: string[] } | Refused;

/** The largest volume of the plane a model reads, and what a reader must know of it; or why there is none. */
export function chooseVolume(wanted: Wanted, frames: readonly FrameDescription[]): ChosenVolume {
  const { volumes, refused } = assembleVolumes(frames);
  const inPlane = volumes.filter(({ plane }) => wanted.plane === 'any' || plane === wanted.plane);
  const [volume] = inPlane;
  if (volume !== undefined && volume.slices.length >= wanted.leastSlices)
    return { kind: 'chosen', volume, notes: notesOf(volume, volumes.length - 1) };
  if (volume !== undefined)
    return refuse(
      'incomplete-volume',
      `${volume.slices.length} slices are fewer than the ${wanted.leastSlices} needed.`,
    );
  const [other] = volumes;
  if (other !== undefined)
    return refuse('wrong-plane', `The model reads ${wanted.plane} slices; these are ${other.plane}.`);
  const [no] = refused.filter(({ refusal }) => refusal.kind !== 'localizer');
  if (no !== undefined) return refuse(reasonOf(no.refusal), sayRefusal(no.refusal));
  return refuse('no-image', 'There are no slices beside localizers.');
}

function notesOf({ issues }: Volume, others: number): string[] {
  const said = issues.filter(({ kind }) => kind !== 'several-volumes').map(sayIssue);
  if (others > 0) said.push(`${others} other ${others === 1 ? 'volume was' : 'volumes were'} not looked at.`);
  return said;
}

function reasonOf({ kind }: VolumeRefusal): Refused['reason'] {
  switch (kind) {
    case 'localizer':
      return 'no-image';
    case 'single-slice':
    case 'too-many-missing-slices':
      return 'incomplete-volume';
    case 'missing-geometry':
    case 'positions-off-line':
    case 'contradicting-duplicates':
      return 'wrong-geometry';
  }
}

function refuse(reason: Refused['reason'], detail: string): Refused {
  return { kind: 'refused', reason, detail };
}
