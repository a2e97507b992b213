import type { Distinction } from './frame-description.ts';
import type { GeometryKeyword, VolumeIssue, VolumeRefusal } from './volume-issue.ts';

const distinctionWords: Record<Distinction, string> = {
  SeriesInstanceUID: 'series',
  FrameOfReferenceUID: 'frame of reference',
  ImageOrientationPatient: 'orientation',
  Rows: 'number of rows',
  Columns: 'number of columns',
  PixelSpacing: 'pixel spacing',
  ImageType: 'image type',
  EchoTime: 'echo time',
  TemporalPositionIdentifier: 'time point',
  DiffusionBValue: 'b-value',
  ConvolutionKernel: 'kernel',
  StackID: 'stack',
  AcquisitionNumber: 'acquisition',
  TriggerTime: 'cardiac phase',
};

const geometryWords: Record<GeometryKeyword, string> = {
  ImagePositionPatient: 'position',
  ImageOrientationPatient: 'orientation',
  PixelSpacing: 'pixel spacing',
};

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
const mm = (number: number): string => `${Number(number.toFixed(2))} mm`;

/** One sentence a clinician understands, without patient data. */
export function sayIssue(issue: VolumeIssue): string {
  switch (issue.kind) {
    case 'gantry-tilt':
      return `The gantry was tilted by ${issue.degrees.toFixed(1)}°.`;
    case 'missing-slices':
      return `${count(issue.missing, 'slice')} missing in ${count(issue.gaps.length, 'place')}.`;
    case 'uneven-spacing':
      return `Slices lie between ${mm(issue.leastMm)} and ${mm(issue.mostMm)} apart.`;
    case 'sparse-slices':
      return `Slices of ${mm(issue.thicknessMm)} lie ${mm(issue.spacingMm)} apart: the tissue between was not imaged.`;
    case 'duplicate-slices':
      return issue.pixels === 'identical'
        ? `${count(issue.duplicates.length, 'slice')} sent twice.`
        : `${count(issue.duplicates.length, 'slice')} at the place of another; whether their pictures differ was not compared.`;
    case 'several-volumes':
      return `The series holds several volumes, which differ in ${issue.by.map((name) => distinctionWords[name]).join(', ')}.`;
  }
}

export function sayRefusal(refusal: VolumeRefusal): string {
  switch (refusal.kind) {
    case 'localizer':
      return 'Localizer.';
    case 'missing-geometry':
      return `The images do not say where they lie in the patient: no usable ${refusal.lacking.map((name) => geometryWords[name]).join(', ')}.`;
    case 'single-slice':
      return 'A single slice.';
    case 'too-many-missing-slices':
      return `${refusal.missing} of ${count(refusal.of, 'slice')} missing.`;
    case 'positions-off-line':
      return `Slices are shifted against each other by up to ${mm(refusal.mostMm)}.`;
    case 'contradicting-duplicates':
      return `${count(refusal.duplicates.length, 'slice')} at the place of another with a different picture.`;
  }
}
