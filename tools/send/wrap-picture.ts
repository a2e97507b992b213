import { createHash } from 'node:crypto';
import {
  explicitVrLittleEndian,
  implementationClassUid,
  implementationVersionName,
  uidFromUuid,
} from '@sightline/dicom';
import dcmjs from 'dcmjs';
import sharp from 'sharp';

// Its log may hold values of the data set.
dcmjs.log.setLevel('silent');

/** What a bare picture cannot say itself. */
export interface PictureHeader {
  readonly modality: string;
  readonly bodyPart: string;
  readonly view: string;
  readonly patientId: string;
  readonly patientName: string;
  /** DICOM age string, for example 004Y. */
  readonly age?: string | undefined;
  readonly sex?: string | undefined;
  readonly birthDate?: string | undefined;
  readonly accessionNumber?: string | undefined;
  /** When the study is said to have been made. */
  readonly takenAt: Date;
}

const SOP_CLASSES: Readonly<Record<string, string>> = {
  DX: '1.2.840.10008.5.1.4.1.1.1.1',
  CR: '1.2.840.10008.5.1.4.1.1.1',
  // Multi-purpose where no class of its own is known here: Secondary Capture.
  OT: '1.2.840.10008.5.1.4.1.1.7',
};

/** SNOMED CT codes of CID 4031 (PS3.16) for the parts that have one here. */
const ANATOMY: Readonly<Record<string, { CodeValue: string; CodeMeaning: string }>> = {
  CHEST: { CodeValue: '816094009', CodeMeaning: 'Chest' },
};

export type WrappedPicture =
  | { readonly kind: 'dicom'; readonly file: Buffer; readonly dataset: Readonly<Record<string, unknown>> }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * A PNG or JPEG as a grey eight-bit DICOM image (DX: PS3.3 A.26). UIDs are derived from the picture and the header, so that
 * sending a file twice sends the same instance. Imager Pixel Spacing and Patient
 * Orientation, which DX asks for, stay out: nobody knows how large a pixel was or which side is which.
 */
export async function wrapPicture(picture: Buffer, header: PictureHeader): Promise<WrappedPicture> {
  let decoded;
  try {
    decoded = await sharp(picture, { failOn: 'error' })
      .rotate()
      .flatten({ background: '#000' })
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    return {
      kind: 'invalid',
      reason: `cannot be decoded: ${error instanceof Error ? error.message.split('\n')[0] : ''}`,
    };
  }
  const { data, info } = decoded;
  const sopClassUid = SOP_CLASSES[header.modality] ?? SOP_CLASSES['OT'] ?? '';
  const seed = createHash('sha256')
    .update(picture)
    .update(JSON.stringify({ ...header, takenAt: undefined }))
    .digest('hex');
  const uid = (part: string): string =>
    uidFromUuid(createHash('sha256').update(seed).update(part).digest('hex').slice(0, 32));
  const sopInstanceUid = uid('instance');
  const date = header.takenAt.toISOString().slice(0, 10).replaceAll('-', '');
  const time = header.takenAt.toISOString().slice(11, 19).replaceAll(':', '');
  const isJpeg = picture[0] === 0xff;
  const anatomy = ANATOMY[header.bodyPart];
  const pixels = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)]);
  const dataset: Record<string, unknown> = {
    SpecificCharacterSet: 'ISO_IR 192',
    ImageType: ['DERIVED', 'PRIMARY', ''],
    SOPClassUID: sopClassUid,
    SOPInstanceUID: sopInstanceUid,
    StudyDate: date,
    ContentDate: date,
    AcquisitionDate: date,
    StudyTime: time,
    ContentTime: time,
    AcquisitionTime: time,
    AccessionNumber: header.accessionNumber ?? '',
    Modality: header.modality,
    PresentationIntentType: 'FOR PRESENTATION',
    ConversionType: sopClassUid === SOP_CLASSES['OT'] ? 'DI' : undefined,
    Manufacturer: '',
    ReferringPhysicianName: '',
    PatientName: header.patientName,
    PatientID: header.patientId,
    PatientBirthDate: header.birthDate ?? '',
    PatientSex: header.sex ?? '',
    PatientAge: header.age,
    BodyPartExamined: header.bodyPart,
    ViewPosition: header.view,
    StudyInstanceUID: uid('study'),
    SeriesInstanceUID: uid('series'),
    StudyID: '1',
    SeriesNumber: '1',
    InstanceNumber: '1',
    PatientOrientation: '',
    ImageLaterality: 'U',
    AnatomicRegionSequence: anatomy === undefined ? [] : [{ ...anatomy, CodingSchemeDesignator: 'SCT' }],
    AcquisitionContextSequence: [],
    DetectorType: '',
    PositionerType: '',
    PixelIntensityRelationship: 'LIN',
    PixelIntensityRelationshipSign: 1,
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'US',
    PresentationLUTShape: 'IDENTITY',
    WindowCenter: '128',
    WindowWidth: '256',
    BurnedInAnnotation: 'NO',
    LossyImageCompression: isJpeg ? '01' : '00',
    LossyImageCompressionMethod: isJpeg ? 'ISO_10918_1' : undefined,
    LossyImageCompressionRatio: isJpeg ? (data.length / picture.length).toFixed(2) : undefined,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: info.height,
    Columns: info.width,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: [pixels.buffer.slice(pixels.byteOffset, pixels.byteOffset + pixels.length)],
    _vrMap: { PixelData: 'OB' },
  };
  const present = Object.fromEntries(Object.entries(dataset).filter(([, value]) => value !== undefined));
  return { kind: 'dicom', file: encode(sopClassUid, sopInstanceUid, present), dataset: present };
}

function encode(sopClassUid: string, sopInstanceUid: string, dataset: Readonly<Record<string, unknown>>): Buffer {
  const { DicomMetaDictionary, DicomDict } = dcmjs.data;
  const meta = DicomMetaDictionary.denaturalizeDataset({
    FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
    MediaStorageSOPClassUID: sopClassUid,
    MediaStorageSOPInstanceUID: sopInstanceUid,
    TransferSyntaxUID: explicitVrLittleEndian,
    ImplementationClassUID: implementationClassUid,
    ImplementationVersionName: implementationVersionName,
    _vrMap: { FileMetaInformationVersion: 'OB' },
  });
  const file = new DicomDict(meta);
  file.dict = DicomMetaDictionary.denaturalizeDataset(dataset);
  return Buffer.from(file.write());
}
