export { toDateTime } from './date-time.ts';
export { answerOf, dicomUid, identifierQuery, reportIdentifier } from './identifiers.ts';
export { genderOf, humanName, patientFromImages } from './patient.ts';
export type { ResultInChart } from './result-in-chart.ts';
export { changesOf, transactionOf, withReferences, type Change, type ChartNow } from './transaction.ts';
export { verification, verificationId } from './provenance.ts';
export { readDefinitions, type Definitions } from './validation/definitions.ts';
export type { FilingIssue } from './validation/issue.ts';
export { validateForFiling, type FilingVerdict } from './validation/validate-for-filing.ts';
