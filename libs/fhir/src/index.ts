export { toDateTime } from './date-time.ts';
export { answerOf, dicomUid, identifierQuery, reportIdentifier } from './identifiers.ts';
export { genderOf, humanName, patientFromImages, type PatientOfImages } from './patient.ts';
export {
  type Digest,
  type ImageOfResult,
  type ModelOfResult,
  type ResultSet,
  type StudyOfResult,
} from './result-set.ts';
export { transactionOf, type ChartNow } from './transaction.ts';
