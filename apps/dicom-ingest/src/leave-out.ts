import { isImageSopClass, isOwnOutput, sopClassName, type DicomHeader } from '@sightline/dicom';

/** Why an instance is stored and never shown to a model. */
export type LeaveOutReason =
  | 'own-output'
  | 'not-an-image'
  | 'localizer'
  | 'dose-screen'
  | 'qa-phantom'
  | 'patient-differs'
  | 'rejected';

const doseWords = /dose (report|info|screen|record|summary)|patient protocol|dosisprotokoll|radiation dose/i;
const phantomWords = /\b(phantom|qa phantom|quality (assurance|control)|qc test|daily qa)\b/i;

function texts(header: DicomHeader): string {
  const { SeriesDescription, ProtocolName, StudyDescription } = header.dataset;
  return [SeriesDescription, ProtocolName, StudyDescription].filter(Boolean).join(' ');
}

/**
 * Names what inside a study is no picture to read, by its own attributes; undefined for what a model may be shown. A localizer by
 * Image Type value 3 (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1), a dose screen by its description or an Image Type DOSE_INFO, a phantom by
 * description or patient.
 */
export function leaveOut(header: DicomHeader): LeaveOutReason | undefined {
  if (isOwnOutput(header)) return 'own-output';
  const types = header.imageType.map((value) => value.toUpperCase());
  if (
    types.includes('DOSE_INFO') ||
    doseWords.test(texts(header)) ||
    /dose sr/i.test(sopClassName(header.sopClassUid))
  ) {
    return 'dose-screen';
  }
  if (!isImageSopClass(header.sopClassUid)) return 'not-an-image';
  if (types[2] === 'LOCALIZER' || types[2] === 'SCOUT') return 'localizer';
  const { name, id } = header.patient;
  const phantom = phantomWords.test(texts(header)) || types.includes('PHANTOM');
  return phantom || /phantom/i.test(`${name ?? ''} ${id ?? ''}`) ? 'qa-phantom' : undefined;
}
