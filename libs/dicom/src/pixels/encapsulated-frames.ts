import { item, sequenceDelimitation } from '../encoding.ts';
import type { ByteSource } from './byte-source.ts';
import { mostFrameBytes } from './describe-pixels.ts';
import { joined } from './inflate.ts';
import type { PixelElement } from './find-pixels.ts';
import { Undecodable } from './unsupported.ts';

/** The compressed bytes of each frame, found without reading the others (PS3.5 A.4). */
export type FrameBytes = (frame: number) => Promise<Uint8Array>;

interface Fragment {
  /** Of the fragment's value. */
  offset: number;
  length: number;
}

/**
 * Finds frames by the Extended Offset Table, else the Basic Offset Table, else by looking at every fragment: one a frame, or each
 * frame from a fragment that begins a codestream to the next that does.
 */
export async function encapsulatedFrames(
  source: ByteSource,
  { offset, extendedOffsets, extendedLengths }: PixelElement,
  frames: number,
): Promise<FrameBytes> {
  const table = await itemAt(source, offset);
  if (table === undefined) throw new Undecodable('no Basic Offset Table before the fragments');
  const first = table.offset + table.length;
  if (extendedOffsets?.length === frames && extendedLengths?.length === frames) {
    return (frame) => {
      const at = first + 8 + (extendedOffsets[frame] ?? NaN);
      return readFragments(source, [{ offset: at, length: extendedLengths[frame] ?? NaN }]);
    };
  }
  const offsets = table.length === frames * 4 ? await basicOffsets(source, table) : undefined;
  if (offsets !== undefined && isAscending(offsets)) {
    return async (frame) => {
      const start = first + (offsets[frame] ?? NaN);
      const next = offsets[frame + 1];
      const found = await fragmentsFrom(source, start, next === undefined ? source.size : first + next);
      return readFragments(source, found);
    };
  }
  const groups = await groupFragments(source, await fragmentsFrom(source, first, source.size), frames);
  return (frame) => readFragments(source, groups[frame] ?? []);
}

async function basicOffsets(source: ByteSource, { offset, length }: Fragment): Promise<number[]> {
  const bytes = await source.read(offset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getUint32(i * 4, true));
}

/** A table written by who did not know the offsets is all zeros. */
function isAscending(offsets: readonly number[]): boolean {
  return offsets[0] === 0 && offsets.every((offset, i) => i === 0 || offset > (offsets[i - 1] ?? Infinity));
}

/** The item at `offset`, or undefined where the sequence ends there. */
async function itemAt(source: ByteSource, offset: number): Promise<Fragment | undefined> {
  const bytes = await source.read(offset, 8);
  if (bytes.length < 8) throw new Undecodable('the pixel data ends between two fragments');
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const tag = view.getUint16(0, true) * 0x10000 + view.getUint16(2, true);
  if (tag === sequenceDelimitation) return undefined;
  if (tag !== item) throw new Undecodable('something else where a fragment should begin');
  const length = view.getUint32(4, true);
  if (length > source.size - offset - 8) throw new Undecodable('the pixel data ends inside a fragment');
  return { offset: offset + 8, length };
}

async function fragmentsFrom(source: ByteSource, start: number, end: number): Promise<Fragment[]> {
  const fragments: Fragment[] = [];
  for (let at = start; at < end;) {
    const fragment = await itemAt(source, at);
    if (fragment === undefined) break;
    fragments.push(fragment);
    at = fragment.offset + fragment.length;
  }
  return fragments;
}

async function groupFragments(source: ByteSource, fragments: Fragment[], frames: number): Promise<Fragment[][]> {
  if (frames === 1) return [fragments];
  if (fragments.length === frames) return fragments.map((fragment) => [fragment]);
  const groups: Fragment[][] = [];
  for (const fragment of fragments) {
    if (beginsCodestream(await source.read(fragment.offset, Math.min(4, fragment.length)))) groups.push([]);
    groups.at(-1)?.push(fragment);
  }
  if (groups.length === frames) return groups;
  throw new Undecodable(`${fragments.length} fragments without an offset table cannot be told into ${frames} frames`);
}

/** Start of a JPEG or JPEG-LS image, of a JPEG 2000 codestream, or of the box a JP2 file begins with. */
function beginsCodestream([first, second, third, fourth]: Uint8Array): boolean {
  if (first === 0xff) return second === 0xd8 || (second === 0x4f && third === 0xff && fourth === 0x51);
  return first === 0 && second === 0 && third === 0 && fourth === 0x0c;
}

async function readFragments(source: ByteSource, fragments: readonly Fragment[]): Promise<Uint8Array> {
  const length = fragments.reduce((sum, fragment) => sum + fragment.length, 0);
  if (!(length > 0)) throw new Undecodable('a frame has no bytes');
  if (length > mostFrameBytes) throw new Undecodable(`a frame of ${length} bytes is more than ${mostFrameBytes}`);
  const parts: Uint8Array[] = [];
  for (const fragment of fragments) parts.push(await source.read(fragment.offset, fragment.length));
  if (parts.reduce((sum, part) => sum + part.length, 0) < length)
    throw new Undecodable('the pixel data ends inside a frame');
  return joined(parts, length);
}
