import { decodeJpeg2000 } from './codecs/jpeg-2000.ts';
import { decodeJpegLs } from './codecs/jpeg-ls/decode-jpeg-ls.ts';
import { decodeJpeg } from './codecs/jpeg/decode-jpeg.ts';
import { decodeRunLength } from './codecs/run-length.ts';
import { mostFrameBytes, type PixelDescription } from './describe-pixels.ts';
import { inflate } from './inflate.ts';
import { aloneInFragment } from './native-frames.ts';
import type { Decoded } from './stored-frame.ts';
import { storedValues, type Cells, type StoredValues } from './stored-values.ts';

/** Decodes the bytes of one encapsulated frame; throws `Undecodable` on what it cannot. */
export type Decode = (bytes: Uint8Array, description: PixelDescription) => Promise<Decoded>;

const jpeg: Decode = async (bytes, description) => {
  const { cells, precision, photometric } = decodeJpeg(bytes, description);
  return { photometric, values: ofPrecision(cells, precision, description) };
};

const jpegLs: Decode = async (bytes, description) => {
  const { cells, precision } = decodeJpegLs(bytes, description);
  return { photometric: description.photometric, values: ofPrecision(cells, precision, description) };
};

const jpeg2000: Decode = async (bytes, description) => {
  const { cells, precision, colourTransform } = await decodeJpeg2000(bytes, description);
  const ofColours = colourTransform || /_[IR]CT$/.test(description.photometric);
  const photometric = ofColours && description.samplesPerPixel === 3 ? 'RGB' : description.photometric;
  return { photometric, values: ofPrecision(cells, precision, description) };
};

const runLength: Decode = async (bytes, description) => ({
  photometric: description.photometric,
  values: storedValues(decodeRunLength(bytes, description), description),
});

const uncompressed: Decode = async (bytes, description) => aloneInFragment(bytes, description);

const deflated: Decode = async (bytes, description) =>
  aloneInFragment(await inflate(bytes, mostFrameBytes), description);

/** Transfer syntaxes with encapsulated pixels that are decoded (PS3.5 A.4, A.8.1). */
const decoders: ReadonlyMap<string, Decode> = new Map([
  ['1.2.840.10008.1.2.1.98', uncompressed],
  ['1.2.840.10008.1.2.4.50', jpeg],
  ['1.2.840.10008.1.2.4.51', jpeg],
  ['1.2.840.10008.1.2.4.57', jpeg],
  ['1.2.840.10008.1.2.4.70', jpeg],
  ['1.2.840.10008.1.2.4.80', jpegLs],
  ['1.2.840.10008.1.2.4.81', jpegLs],
  ['1.2.840.10008.1.2.4.90', jpeg2000],
  ['1.2.840.10008.1.2.4.91', jpeg2000],
  ['1.2.840.10008.1.2.4.201', jpeg2000],
  ['1.2.840.10008.1.2.4.202', jpeg2000],
  ['1.2.840.10008.1.2.4.203', jpeg2000],
  ['1.2.840.10008.1.2.5', runLength],
  ['1.2.840.10008.1.2.8.1', deflated],
]);

export function decoderOf(transferSyntaxUid: string): Decode | undefined {
  return decoders.get(transferSyntaxUid);
}

/** A codestream of fewer bits than are stored carries the sign in its own highest one. */
function ofPrecision(cells: Cells, precision: number, description: PixelDescription): StoredValues {
  return storedValues(cells, description, Math.min(precision, description.bitsStored));
}
