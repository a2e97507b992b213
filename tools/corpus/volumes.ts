import {
  assembleVolumes,
  bytesSource,
  compareDuplicates,
  describeFrames,
  modalityValues,
  openPixels,
  readResampled,
  readVoxels,
  sayIssue,
  sayRefusal,
  straightened,
  type FrameDescription,
  type ReadFrame,
  type Volume,
} from '@sightline/dicom';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** Where the object of a frame lies, by SOP Instance UID. */
type Files = Map<string, string>;

/** Every series below a folder as volumes, one line each: what lies where, what is wrong with it, what its voxels say. */
export async function describeVolumes(folder: string): Promise<string[]> {
  const files: Files = new Map();
  const bySeries = new Map<string, FrameDescription[]>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const described = describeFrames(await readFile(path), (deflated) => inflateRawSync(deflated));
    const frames = described.kind === 'frames' ? described.frames : [];
    const [first] = frames;
    // The corpus holds one object in many encodings: the first is enough.
    if (first === undefined || files.has(first.sopInstanceUid)) continue;
    files.set(first.sopInstanceUid, path);
    const series = first.distinctions.SeriesInstanceUID ?? '';
    bySeries.set(series, [...(bySeries.get(series) ?? []), ...frames]);
  }
  const lines: string[] = [];
  for (const frames of bySeries.values()) lines.push(...(await describeSeries(frames, readerOf(files))));
  return counted(lines);
}

/** Each line once, with how often it was said. */
function counted(lines: readonly string[]): string[] {
  return [...Map.groupBy(lines, (line) => line)]
    .map(([line, { length }]) => (length > 1 ? `${line} × ${length}` : line))
    .sort();
}

async function describeSeries(frames: readonly FrameDescription[], read: ReadFrame): Promise<string[]> {
  const { volumes, refused } = assembleVolumes(frames);
  const lines = refused.map(
    (each) => `${modalityOf(each.frames)} ${each.frames.length} refused: ${sayRefusal(each.refusal)}`,
  );
  for (const volume of volumes) lines.push(await describeVolume(volume, read));
  return lines;
}

async function describeVolume(volume: Volume, read: ReadFrame): Promise<string> {
  const compared = await compareDuplicates(volume, read);
  const head = `${modalityOf(volume.slices.map(({ frame }) => frame))} ${volume.slices.length} ${volume.plane}`;
  if (compared.kind === 'refused') return `${head} refused: ${sayRefusal(compared.refusal)}`;
  const issues = (compared.kind === 'volume' ? compared : volume).issues.map(sayIssue).join(' ') || 'No issues.';
  const size = `${volume.size.join(' × ')} of ${volume.spacing.map((mm) => mm.toFixed(2)).join(' × ')} mm`;
  return `${head} ${size}: ${issues} ${await describeVoxels(volume, read)}`;
}

async function describeVoxels(volume: Volume, read: ReadFrame): Promise<string> {
  const answer = await readVoxels(volume, read);
  if (answer.kind === 'too-large') return `${answer.voxels} voxels are too many to hold.`;
  if (answer.kind === 'unreadable') return `Not readable: ${answer.reason}.`;
  const target = straightened(volume, 2, 'body');
  const straight = await readResampled(volume, read, target, { interpolation: 'linear', outside: 0 });
  const lying = straight.kind === 'voxels' ? straight.voxels.size.join(' × ') : straight.kind;
  return `Values ${rangeOf(answer.voxels.values)}; at 2 mm along the body ${lying}.`;
}

function rangeOf(values: Float32Array): string {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return `${low} to ${high}`;
}

function readerOf(files: Files): ReadFrame {
  return async ({ sopInstanceUid, frameNumber }) => {
    const opened = await openPixels(bytesSource(await readFile(files.get(sopInstanceUid) ?? '')));
    if (opened.kind === 'unsupported') return { kind: 'unreadable', reason: opened.reason };
    const frame = await opened.image.frame(frameNumber - 1);
    if (frame.kind === 'unsupported') return { kind: 'unreadable', reason: frame.reason };
    const values = modalityValues(frame);
    return values.kind === 'unsupported'
      ? { kind: 'unreadable', reason: values.reason }
      : { kind: 'modality', values: values.values };
  };
}

function modalityOf([frame]: readonly FrameDescription[]): string {
  return frame?.modality ?? 'OT';
}
