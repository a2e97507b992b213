import {
  assembleVolumes,
  describeFrames,
  readVoxels,
  type AssembledSeries,
  type FrameDescription,
  type ReadFrame,
  type Volume,
  type Voxels,
} from '@sightline/dicom';
import { storedFrame } from './phantom.ts';

/** What stands in the files, by header. */
export function framesOf(files: readonly Buffer[]): FrameDescription[] {
  return files.flatMap((file) => {
    const described = describeFrames(file);
    if (described.kind === 'invalid') throw new Error(described.reason);
    return described.frames;
  });
}

export function assemble(files: readonly Buffer[]): AssembledSeries {
  return assembleVolumes(framesOf(files));
}

/** The one volume that files make. */
export function volumeOf(files: readonly Buffer[]): Volume {
  const { volumes, refused } = assemble(files);
  const [volume] = volumes;
  if (volume === undefined || volumes.length > 1 || refused.length > 0)
    throw new Error(`${volumes.length} volumes, ${refused.map(({ refusal }) => refusal.kind).join(', ')}`);
  return volume;
}

/** Reads frames out of files made by the phantom scanner. */
export function readerOf(files: readonly Buffer[]): ReadFrame {
  const byUid = new Map(
    files.map((file) => [framesOf([file])[0]?.sopInstanceUid, { file, frames: framesOf([file]).length }]),
  );
  return async (frame) => {
    const found = byUid.get(frame.sopInstanceUid);
    if (found === undefined) return { kind: 'unreadable', reason: 'no such object' };
    return { kind: 'stored', values: storedFrame(found.file, frame, found.frames) };
  };
}

export async function voxelsOf(files: readonly Buffer[], volume = volumeOf(files)): Promise<Voxels> {
  const read = await readVoxels(volume, readerOf(files));
  if (read.kind !== 'voxels') throw new Error(read.kind);
  return read.voxels;
}
