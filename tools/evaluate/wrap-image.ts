import { createHash } from 'node:crypto';
import { attributes, encodePart10, uidFromUuid, type Uid, type WritableDataset } from '@sightline/dicom';

/** A grey picture of eight bits, row by row. */
export interface GreyPicture {
  width: number;
  height: number;
  grey: Uint8Array;
}

export type WrappedValues = Readonly<Record<string, string>>;

/** Digital X-Ray Image Storage - For Presentation. */
const digitalXray = '1.2.840.10008.5.1.4.1.1.1.1';

/**
 * The data set of a bare picture, with the header values given by DICOM keyword. UIDs are derived from `name`, so that wrapping a file
 * twice gives the same instance. Throws on a keyword the mesh does not read.
 */
export function wrappedDataset(
  name: string,
  { width, height, grey }: GreyPicture,
  values: WrappedValues,
): WritableDataset {
  const unknown = Object.keys(values).find((keyword) => !Object.hasOwn(attributes, keyword));
  if (unknown !== undefined) throw new Error(`${unknown} is no attribute that the mesh reads`);
  return {
    SOPClassUID: digitalXray,
    SOPInstanceUID: derivedUid(`${name}/instance`),
    StudyInstanceUID: derivedUid(`${name}/study`),
    SeriesInstanceUID: derivedUid(`${name}/series`),
    PhotometricInterpretation: 'MONOCHROME2',
    WindowCenter: '128',
    WindowWidth: '256',
    ...values,
    SamplesPerPixel: 1,
    Rows: height,
    Columns: width,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: grey,
  };
}

/** A Part 10 file around a bare picture: see `wrappedDataset`. */
export function wrapImage(name: string, picture: GreyPicture, values: WrappedValues): Uint8Array {
  return encodePart10(wrappedDataset(name, picture, values));
}

/** A UID that is always the same for the same text. */
export function derivedUid(text: string): Uid {
  return uidFromUuid(createHash('sha256').update(text).digest('hex').slice(0, 32));
}

/** A number as a DS value, which has sixteen characters at most (PS3.5 6.2). */
export function decimal(value: number): string {
  return String(Number(value.toPrecision(10)));
}
