import { stateOutside } from '@sightline/findings';
import type { DiagnosticReport } from '@medplum/fhirtypes';
import { aiAsserted, codeable } from './coding.ts';
import { answerIdentifier, reportIdentifier } from './identifiers.ts';
import { narrative } from './narrative.ts';
import type { ResultInChart } from './result-in-chart.ts';
import { label, reviewerReference, sentenceOf } from './status.ts';

export interface ReportLinks {
  imagingStudy: string;
  media: readonly string[];
  /** Every leaf. */
  results: readonly string[];
}

/**
 * The AI report: a report of its own that never replaces or completes the radiologist's. AI fills the conclusion in words and
 * never `conclusionCode`.
 */
export function diagnosticReport(set: ResultInChart, links: ReportLinks): DiagnosticReport {
  const { study, model, completedAt, patient, generation, orders, encounter, review } = set;
  const sentences = [label(set), ...set.findings.map((finding) => sentenceOf(set, finding))];
  const title = `AI analysis: ${model.title}`;
  return {
    resourceType: 'DiagnosticReport',
    meta: aiAsserted(),
    text: narrative(sentences),
    identifier: [
      { use: 'official', ...reportIdentifier(study.studyInstanceUid, model.name, generation) },
      { use: 'secondary', ...answerIdentifier(set) },
    ],
    ...(orders.length === 0 ? {} : { basedOn: orders.map((reference) => ({ reference })) }),
    status: stateOutside(set.state, set).diagnosticReport,
    category: model.reports.category.map((one) => codeable(one)),
    code: codeable(model.reports.code, title),
    subject: { reference: patient },
    ...(encounter === undefined ? {} : { encounter: { reference: encounter } }),
    ...(study.startedAt === undefined ? {} : { effectiveDateTime: study.startedAt }),
    issued: review.signature?.at ?? completedAt,
    performer: [
      {
        ...(set.organization === undefined ? {} : { reference: set.organization }),
        display: `${model.title} ${model.version} (AI)`,
      },
    ],
    ...(review.signature === undefined ? {} : { resultsInterpreter: [reviewerReference(review.signature.by)] }),
    result: links.results.map((reference) => ({ reference })),
    imagingStudy: [{ reference: links.imagingStudy }],
    ...(links.media.length === 0
      ? {}
      : { media: links.media.map((reference) => ({ comment: 'Image the model read', link: { reference } })) }),
    conclusion: sentences.join(' '),
    ...(set.pdf === undefined
      ? {}
      : {
          presentedForm: [
            { contentType: 'application/pdf', title, data: set.pdf, creation: review.signature?.at ?? completedAt },
          ],
        }),
  };
}
