import { attributes, type WritableDataset } from '@sightline/dicom';
import { codes, concept } from '@sightline/findings';
import { codeItem } from '../coding-schemes.ts';
import { dicomObject, type DicomObject } from '../dicom-object.ts';
import type { HeatMap } from './picture-of-result.ts';
import { pictureModules, type PictureContext } from './picture-modules.ts';
import { lateralityOf, whatIsDrawn, type PicturedFinding } from './pictures-of-finding.ts';

/** Secondary Capture, and Multi-frame Grayscale Byte Secondary Capture (PS3.3 A.8.1, A.8.3). */
export const secondaryCaptureClass = '1.2.840.10008.5.1.4.1.1.7';
export const multiFrameSecondaryCaptureClass = '1.2.840.10008.5.1.4.1.1.7.2';

/** Heat maps of one finding as plain grey pictures, for whoever cannot show a parametric map. */
export function secondaryCapture(
  context: PictureContext,
  { finding, pictures }: PicturedFinding<HeatMap>,
): DicomObject {
  const { uidOf, schemes } = context;
  const multiFrame = pictures.length > 1;
  // A series has one side (PS3.3 C.7.3.1).
  const side = lateralityOf(pictures);
  const identity = {
    sopClassUid: multiFrame ? multiFrameSecondaryCaptureClass : secondaryCaptureClass,
    sopInstanceUid: uidOf('SC', ...whatIsDrawn({ finding, pictures })),
    seriesInstanceUid: uidOf('series', 'SC', side),
  };
  const purpose = codeItem(concept(codes.dicom.sourceImageForProcessing), schemes);
  const dataset = {
    ...pictureModules(context, finding, 'explanation, captured'),
    Modality: 'OT',
    Laterality: side,
    SeriesNumber: '9005',
    ImageType: 'DERIVED\\SECONDARY',
    ConversionType: 'WSD',
    PatientOrientation: '',
    BurnedInAnnotation: 'NO',
    DerivationDescription: 'Heat map of an AI answer',
    SourceImageSequence: pictures.map(({ instance: { header } }) => ({
      ReferencedSOPClassUID: header.sopClassUid,
      ReferencedSOPInstanceUID: header.sopInstanceUid,
      PurposeOfReferenceCodeSequence: [purpose],
    })),
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: pictures[0]?.picture.height ?? 0,
    Columns: pictures[0]?.picture.width ?? 0,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: Buffer.concat(pictures.map(({ picture }) => picture.values)),
    ...(multiFrame && multiFrameAttributes(pictures.length)),
  };
  return dicomObject(identity, dataset, schemes);
}

/** Frames are pages (PS3.3 C.7.6.6, C.8.6.3, C.8.6.4). */
function multiFrameAttributes(frames: number): WritableDataset {
  return {
    NumberOfFrames: String(frames),
    FrameIncrementPointer: attributes.PageNumberVector.tag,
    PageNumberVector: Array.from({ length: frames }, (_, index) => index + 1).join('\\'),
    PresentationLUTShape: 'IDENTITY',
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'US',
  };
}
