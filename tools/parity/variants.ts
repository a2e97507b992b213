import type { ModelManifest } from '@sightline/contracts';
import { attributes, encodeDataSet, encodeFileMeta, encodePart10, type WritableDataset } from '@sightline/dicom';
import sharp from 'sharp';
import { decimal, wrappedDataset, type GreyPicture, type WrappedValues } from '../evaluate/wrap-image.ts';
import { encodeJpeg2000, encodeRunLength } from './encapsulate.ts';

/** One way the same picture may be stored, or nearly the same may be taken. */
export interface Variant {
  name: string;
  /** Most a probability may differ from the reference's; undefined where the difference is reported alone. */
  limit?: number;
  make: (picture: GreyPicture, values: WrappedValues) => Promise<Uint8Array>;
}

type Grey = ModelManifest['input']['preparation']['grey'];

const lossless = 0.001;
const resized = 0.05;

const runLength = '1.2.840.10008.1.2.5';
const jpeg2000Lossless = '1.2.840.10008.1.2.4.90';

/** What a picture of eight bits is compared with: itself, stored as plainly as can be. */
export const reference: Variant = {
  name: '8 bits',
  make: async (picture, values) => encodePart10(plain(picture, values)),
};

/** The variants that apply to a model, by how it takes grey: an image as displayed, or a window of Hounsfield units. */
export function variantsFor(grey: Grey): Variant[] {
  return [
    {
      name: '16 bits with VOI',
      limit: lossless,
      make: async (picture, values) => encodePart10(wide(picture, values, grey)),
    },
    ...(grey.kind === 'display' ? [{ name: 'MONOCHROME1', limit: lossless, make: inverted }] : []),
    { name: 'RLE', limit: lossless, make: encapsulated(runLength, encodeRunLength) },
    { name: 'JPEG 2000 lossless', limit: lossless, make: encapsulated(jpeg2000Lossless, encodeJpeg2000) },
    { name: '4 × size', limit: resized, make: enlarged },
    ...(grey.kind === 'window' ? ofTomography : []),
  ];
}

/** Another scanner's calibration, and another field of view. */
const ofTomography: Variant[] = [
  { name: '+10 HU', make: shifted(10) },
  { name: '-10 HU', make: shifted(-10) },
  { name: 'field of view -15 %', make: (picture, values) => reference.make(cropped(picture, 0.85), values) },
  { name: 'field of view +15 %', make: (picture, values) => reference.make(framed(picture, 1.15), values) },
];

/** One UID for each place in a study. */
function plain(picture: GreyPicture, values: WrappedValues): WritableDataset {
  return wrappedDataset(`${values['StudyInstanceUID'] ?? ''}/${values['InstanceNumber'] ?? ''}`, picture, values);
}

/** Stored as 1000 + 16 × grey, with the window or the rescale that takes it back (PS3.3 C.11.2.1.2, C.11.1.1.2). */
function wide(picture: GreyPicture, values: WrappedValues, grey: Grey): WritableDataset {
  const stored = Uint16Array.from(picture.grey, (value) => 1_000 + 16 * value);
  const slope = grey.kind === 'display' ? 1 : grey.width / 255 / 16;
  const intercept = grey.kind === 'display' ? 0 : grey.center - grey.width / 2 - 1_000 * slope;
  return {
    ...plain(picture, values),
    RescaleSlope: decimal(slope),
    RescaleIntercept: decimal(intercept),
    WindowCenter: '3040.5',
    WindowWidth: '4081',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelData: new Uint8Array(stored.buffer),
  };
}

async function inverted(picture: GreyPicture, values: WrappedValues): Promise<Uint8Array> {
  const negative = { ...picture, grey: picture.grey.map((value) => 255 - value) };
  return encodePart10({ ...plain(negative, values), PhotometricInterpretation: 'MONOCHROME1' });
}

function encapsulated(
  transferSyntaxUid: string,
  encode: (picture: GreyPicture) => Promise<Uint8Array> | Uint8Array,
): Variant['make'] {
  return async (picture, values) => {
    const { PixelData: _, ...dataset } = plain(picture, values);
    const { SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid } = dataset;
    if (typeof sopClassUid !== 'string' || typeof sopInstanceUid !== 'string') throw new Error('an instance has UIDs');
    const meta = encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid });
    return Buffer.concat([meta, encodeDataSet(dataset), fragments(await encode(picture))]);
  };
}

/** Pixel Data of one fragment behind an empty Basic Offset Table (PS3.5 A.4). */
function fragments(frame: Uint8Array): Buffer {
  const { tag } = attributes.PixelData;
  const head = Buffer.from([0, 0, 0, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  const item = (length: number): Buffer => {
    const bytes = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    bytes.writeUInt32LE(length, 4);
    return bytes;
  };
  const padded = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.of(0)]);
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat([head, item(0), item(padded.length), padded, end]);
}

/** As a finer detector would have taken it. */
async function enlarged(picture: GreyPicture, values: WrappedValues): Promise<Uint8Array> {
  const { width, height, grey } = picture;
  const larger = { width: width * 4, height: height * 4 };
  const { data, info } = await sharp(grey, { raw: { width, height, channels: 1 } })
    .resize(larger.width, larger.height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const one = info.channels === 1 ? data : data.filter((_, i) => i % info.channels === 0);
  const [row, column] = (values['PixelSpacing'] ?? '').split('\\').map(Number);
  const spacing = row && column ? { PixelSpacing: `${row / 4}\\${column / 4}` } : {};
  return reference.make({ ...larger, grey: one }, { ...values, ...spacing });
}

function shifted(hounsfield: number): Variant['make'] {
  return (picture, values) => {
    const intercept = Number(values['RescaleIntercept'] ?? 0) + hounsfield;
    return reference.make(picture, { ...values, RescaleIntercept: decimal(intercept) });
  };
}

/** The middle of a picture, `share` of each side. */
function cropped({ width, height, grey }: GreyPicture, share: number): GreyPicture {
  const size = { width: Math.round(width * share), height: Math.round(height * share) };
  const left = (width - size.width) >> 1;
  const top = (height - size.height) >> 1;
  const middle = Uint8Array.from({ length: size.width * size.height }, (_, i) => {
    const y = top + Math.floor(i / size.width);
    return grey[y * width + left + (i % size.width)] ?? 0;
  });
  return { ...size, grey: middle };
}

/** The picture in the middle of a larger black one. */
function framed({ width, height, grey }: GreyPicture, share: number): GreyPicture {
  const size = { width: Math.round(width * share), height: Math.round(height * share) };
  const left = (size.width - width) >> 1;
  const top = (size.height - height) >> 1;
  const whole = new Uint8Array(size.width * size.height);
  for (let y = 0; y < height; y++) whole.set(grey.subarray(y * width, (y + 1) * width), (top + y) * size.width + left);
  return { ...size, grey: whole };
}
