export { codedConceptSchema, type CheckedCode, type CodedConcept } from './coded-concept.ts';
export { checkedCode, codes, concept } from './codes.ts';
export { isCritical } from './critical.ts';
export { absentInDicom } from './codes-dicom.ts';
export {
  findingSchema,
  sourceImageSchema,
  type Finding,
  type Laterality,
  type Measurement,
  type SourceImage,
} from './finding.ts';
export {
  isUntouched,
  mayBecome,
  reportStates,
  stateOutside,
  type ReportState,
  type StateOutside,
} from './report-state.ts';
export {
  stableUuid,
  type Digest,
  type ImageOfResult,
  type ModelOfResult,
  type PatientOfImages,
  type ResultSet,
  type StudyOfResult,
} from './result-set.ts';
export {
  correctionSentence,
  isSameVerdict,
  reviewerSchema,
  verdictOn,
  verdictSchema,
  type GivenVerdict,
  type Review,
  type Reviewer,
  type Verdict,
} from './review.ts';
