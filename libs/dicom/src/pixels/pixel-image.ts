import type { DataSet } from '../data-set.ts';
import { frameAttributes } from './attribute-values.ts';
import type { ByteSource } from './byte-source.ts';
import type { Decode } from './decode-codestream.ts';
import type { PixelDescription } from './describe-pixels.ts';
import { encapsulatedFrames, type FrameBytes } from './encapsulated-frames.ts';
import type { PixelElement } from './find-pixels.ts';
import { readNativeFrame } from './native-frames.ts';
import type { Decoded, StoredFrame } from './stored-frame.ts';
import { refusing, unsupported, type Unsupported } from './unsupported.ts';

/** The pixels of one instance; frames are read and decoded when they are asked for, one at a time. */
export class PixelImage {
  readonly description: PixelDescription;
  readonly dataSet: DataSet;
  readonly #read: (frame: number) => Promise<Decoded>;

  constructor(description: PixelDescription, dataSet: DataSet, read: (frame: number) => Promise<Decoded>) {
    this.description = description;
    this.dataSet = dataSet;
    this.#read = read;
  }

  /** Frame `index`, from 0, as stored; or why it cannot be decoded. */
  async frame(index: number): Promise<StoredFrame | Unsupported> {
    const { rows, columns, samplesPerPixel, frames } = this.description;
    if (!Number.isInteger(index) || index < 0 || index >= frames) return unsupported(`frame ${index + 1} of ${frames}`);
    return refusing(async () => {
      const decoded = await this.#read(index);
      const attributes = frameAttributes(this.dataSet, index);
      const { description } = this;
      return { kind: 'frame', index, rows, columns, samplesPerPixel, ...decoded, description, attributes };
    });
  }
}

export function nativeFrames(
  source: ByteSource,
  element: PixelElement,
  description: PixelDescription,
  littleEndian: boolean,
): (frame: number) => Promise<Decoded> {
  return (frame) => readNativeFrame(source, element, description, littleEndian, frame);
}

/** Frames are looked up when the first one is asked for. */
export function compressedFrames(
  source: ByteSource,
  element: PixelElement,
  description: PixelDescription,
  decode: Decode,
): (frame: number) => Promise<Decoded> {
  let lookup: Promise<FrameBytes> | undefined;
  return async (frame) => {
    lookup ??= encapsulatedFrames(source, element, description.frames);
    const bytesOf = await lookup;
    return decode(await bytesOf(frame), description);
  };
}
