import { textOf, type Keyword, type WritableDataset } from '@sightline/dicom';
import type { ResultSet } from '@sightline/findings';
import { offsetOf } from './result-clock.ts';
import type { SourceInstance } from './source-instance.ts';

/** Of the Patient, General Study and Patient Study modules (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2); empty where the image is silent. */
const required = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyInstanceUID',
  'StudyDate',
  'StudyTime',
  'StudyID',
  'AccessionNumber',
  'ReferringPhysicianName',
] as const satisfies readonly Keyword[];

const copiedWhereStated = ['IssuerOfPatientID', 'PatientAge', 'StudyDescription'] as const satisfies readonly Keyword[];

const copiedSequences = [
  'IssuerOfAccessionNumberSequence',
  'ProcedureCodeSequence',
] as const satisfies readonly Keyword[];

/** No honest value of these is longer; a longer one is no reason to fail. */
const longestCopied = 1024;

/** What puts an object into the study of an image: the same patient, the same study, by the image's own words. */
export function studyModules(set: ResultSet, source: SourceInstance): WritableDataset {
  const { dataset } = source;
  const copied: WritableDataset = { TimezoneOffsetFromUTC: offsetOf(set, source) };
  for (const keyword of required) copied[keyword] = (textOf(dataset, keyword) ?? '').slice(0, longestCopied);
  for (const keyword of copiedWhereStated) {
    const text = textOf(dataset, keyword);
    if (text !== undefined) copied[keyword] = text.slice(0, longestCopied);
  }
  for (const keyword of copiedSequences) {
    const value = dataset[keyword];
    if (Array.isArray(value) && value.length > 0) copied[keyword] = value;
  }
  return copied;
}
