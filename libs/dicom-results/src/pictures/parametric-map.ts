import { codes, concept } from '@sightline/findings';
import type { WritableDataset } from '@sightline/dicom';
import { codeItem, type CodingSchemes } from '../coding-schemes.ts';
import { dicomObject, type DicomObject } from '../dicom-object.ts';
import { multiFrameModules } from './multi-frame-modules.ts';
import type { HeatMap } from './picture-of-result.ts';
import { contentIdentification, pictureModules, type PictureContext } from './picture-modules.ts';
import { lateralityOf, whatIsDrawn, type PicturedFinding } from './pictures-of-finding.ts';

/** Parametric Map Storage (PS3.3 A.75). */
export const parametricMapClass = '1.2.840.10008.5.1.4.1.1.30';

const { dicom, ucum } = codes;

/** Heat maps of one finding: a frame for each image, floats of 0 to 1 that say how much a part had to do with the answer. */
export function parametricMap(context: PictureContext, { finding, pictures }: PicturedFinding<HeatMap>): DicomObject {
  const { schemes, source, uidOf } = context;
  const drawn = whatIsDrawn({ finding, pictures });
  const imageType = `DERIVED\\PRIMARY\\${pictures.length > 1 ? 'VOLUME' : 'STATIC'}\\NONE`;
  // A series has one side (PS3.3 C.7.3.1).
  const side = lateralityOf(pictures);
  const identity = {
    sopClassUid: parametricMapClass,
    sopInstanceUid: uidOf('PM', ...drawn),
    seriesInstanceUid: uidOf('series', 'PM', side),
  };
  const dataset = {
    ...pictureModules(context, finding, 'explanation'),
    ...multiFrameModules(
      pictures,
      { organizationUid: uidOf('PM dimensions', ...drawn), schemes },
      { derivation: dicom.imageProcessing, shared: sharedGroups(imageType, schemes), perFrame: {}, segmented: false },
    ),
    ...contentIdentification(finding, 'EXPLANATION'),
    Modality: source.header.modality,
    Laterality: side,
    SeriesNumber: '9004',
    ImageType: imageType,
    // Nothing that a manifest says makes a model an approved product (PS3.3 C.8.13.2.1.1).
    ContentQualification: 'RESEARCH',
    BurnedInAnnotation: 'NO',
    RecognizableVisualFeatures: 'NO',
    PresentationLUTShape: 'IDENTITY',
    PixelPresentation: 'MONOCHROME',
    AcquisitionContextSequence: [],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 32,
    FloatPixelData: Buffer.concat(pictures.map(({ picture }) => floats(picture.values))),
  };
  return dicomObject(identity, dataset, schemes);
}

/** Little endian, as the object is (PS3.5 8.4). */
function floats(values: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat32(index * 4, value / 255, true));
  return bytes;
}

function sharedGroups(imageType: string, schemes: CodingSchemes): WritableDataset {
  return {
    ParametricMapFrameTypeSequence: [{ FrameType: imageType }],
    FrameVOILUTSequence: [{ WindowCenter: '0.5', WindowWidth: '1' }],
    PixelValueTransformationSequence: [{ RescaleIntercept: '0', RescaleSlope: '1', RescaleType: 'US' }],
    RealWorldValueMappingSequence: [
      {
        LUTExplanation: 'Share in the answer of the model',
        LUTLabel: 'EXPLANATION',
        DoubleFloatRealWorldValueFirstValueMapped: 0,
        DoubleFloatRealWorldValueLastValueMapped: 1,
        RealWorldValueIntercept: 0,
        RealWorldValueSlope: 1,
        MeasurementUnitsCodeSequence: [codeItem(concept(ucum.one), schemes)],
        QuantityDefinitionSequence: [
          {
            ValueType: 'CODE',
            ConceptNameCodeSequence: [codeItem(concept(dicom.visualExplanation), schemes)],
            ConceptCodeSequence: [codeItem(concept(dicom.classActivation), schemes)],
          },
        ],
      },
    ],
  };
}
