import { createHash } from 'node:crypto';
import {
  attributes,
  encodeFileMeta,
  explicitVrLittleEndian,
  tagText,
  uidFromUuid,
  type Keyword,
  type Uid,
} from '@sightline/dicom';

/** A grey picture of eight bits, row by row. */
export interface GreyPicture {
  width: number;
  height: number;
  grey: Uint8Array;
}

export type WrappedValues = Readonly<Record<string, string>>;

/** Digital X-Ray Image Storage - For Presentation. */
const digitalXray = '1.2.840.10008.5.1.4.1.1.1.1';

const longVrs: ReadonlySet<string> = new Set(['OB', 'OW', 'SQ', 'UN', 'UT', 'UC']);

/**
 * A Part 10 file around a bare picture, with the header values given by DICOM keyword. UIDs are derived from `name`, so that
 * wrapping a file twice gives the same instance. Throws on a keyword the mesh does not read.
 */
export function wrapImage(name: string, { width, height, grey }: GreyPicture, values: WrappedValues): Uint8Array {
  const sopInstanceUid = derivedUid(`${name}/instance`);
  const texts: Record<string, string> = {
    SOPClassUID: digitalXray,
    SOPInstanceUID: sopInstanceUid,
    StudyInstanceUID: derivedUid(`${name}/study`),
    SeriesInstanceUID: derivedUid(`${name}/series`),
    PhotometricInterpretation: 'MONOCHROME2',
    WindowCenter: '128',
    WindowWidth: '256',
    ...values,
  };
  const integers: Record<string, number> = {
    SamplesPerPixel: 1,
    Rows: height,
    Columns: width,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
  };
  const elements = [
    ...Object.entries(texts).map(([keyword, text]) => textElement(keyword, text)),
    ...Object.entries(integers).map(([keyword, value]) => element(keyword, uint16(value))),
    element('PixelData', grey),
  ].sort((a, b) => a.tag - b.tag);
  const meta = encodeFileMeta({
    sopClassUid: texts['SOPClassUID'] ?? digitalXray,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
  });
  return Buffer.concat([meta, ...elements.map(({ bytes }) => bytes)]);
}

function textElement(keyword: string, text: string): { tag: number; bytes: Buffer } {
  return element(keyword, Buffer.from(text, 'latin1'));
}

function element(keyword: string, value: Uint8Array): { tag: number; bytes: Buffer } {
  if (!isKeyword(keyword)) throw new Error(`${keyword} is no attribute that the mesh reads`);
  const { tag, vr } = attributes[keyword];
  const odd = value.length % 2 === 1;
  const length = value.length + (odd ? 1 : 0);
  const header = Buffer.alloc(longVrs.has(vr) ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (longVrs.has(vr)) header.writeUInt32LE(length, 8);
  else if (length > 0xffff) throw new Error(`${tagText(tag)} is too long`);
  else header.writeUInt16LE(length, 6);
  const padding = Buffer.from(odd ? [vr === 'UI' || vr === 'OW' ? 0 : 0x20] : []);
  return { tag, bytes: Buffer.concat([header, value, padding]) };
}

function isKeyword(keyword: string): keyword is Keyword {
  return Object.hasOwn(attributes, keyword);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** A UID that is always the same for the same text. */
export function derivedUid(text: string): Uid {
  return uidFromUuid(createHash('sha256').update(text).digest('hex').slice(0, 32));
}
