import { codes, concept, type ResultSet } from '@sightline/findings';
import { codedElement } from './coded-element.ts';
import { components, text } from './delimited.ts';
import { statusOfReport } from './finding-status.ts';
import { hierarchicWithin, patientIdentifier } from './identifiers.ts';
import type { Observation } from './observation.ts';
import type { ResultContext } from './result-context.ts';

/** What a report asks, as OBR-4 and its own results say it. */
export function wordsOf({ model }: ResultSet): string {
  return `AI analysis: ${model.title}`;
}

/** The study as IHE names it to receivers (RAD-128), and its accession number with the issuer that OBR-18 has no place for. */
export function orderOf({ study }: ResultSet, { order }: ResultContext): Observation[] {
  const told = { status: 'O', byAlgorithm: false } as const;
  const accession = order?.accession;
  return [
    { ...told, type: 'ST', code: concept(codes.dicom.dicomStudy), value: text(study.studyInstanceUid) },
    ...(accession?.authority === undefined
      ? []
      : [
          {
            ...told,
            type: 'CX' as const,
            code: concept(codes.dicom.accessionNumber),
            value: patientIdentifier({ ...accession, type: codes.hl7.accession.code }),
          },
        ]),
  ];
}

/** Why the model gave no answer, where it gave none. */
export function refusalOf(set: ResultSet): Observation[] {
  return set.refusal === undefined ? [] : [{ ...ofReport(set), type: 'CWE', value: codedElement(set.refusal.reason) }];
}

/** The report as a link and as a document, where there are such. */
export function documentsOf(set: ResultSet, { reportUrl, pdf, sending }: ResultContext): Observation[] {
  const application = hierarchicWithin(sending.application);
  return [
    ...(reportUrl === undefined
      ? []
      : [
          {
            ...ofReport(set),
            type: 'RP' as const,
            subId: 'link',
            value: components(text(reportUrl), application, text('TEXT'), text('HTML')),
          },
        ]),
    ...(pdf === undefined
      ? []
      : [
          {
            ...ofReport(set),
            type: 'ED' as const,
            subId: 'pdf',
            value: components(application, ...['Application', 'pdf', 'Base64', pdf].map(text)),
          },
        ]),
  ];
}

function ofReport(set: ResultSet): Pick<Observation, 'code' | 'words' | 'status' | 'byAlgorithm'> {
  return { code: set.model.reports.code, words: wordsOf(set), status: statusOfReport(set), byAlgorithm: true };
}
