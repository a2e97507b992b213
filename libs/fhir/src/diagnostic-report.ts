import { type DiagnosticReport } from '@medplum/fhirtypes';
import { aiAsserted, codeable } from './coding.ts';
import { answerIdentifier, reportIdentifier } from './identifiers.ts';
import { narrative } from './narrative.ts';
import type { ResultInChart } from './result-in-chart.ts';

export interface ReportLinks {
  imagingStudy: string;
  media: readonly string[];
  observations: readonly string[];
}

/**
 * The AI report: a report of its own that never replaces or completes the radiologist's. `partial` until a human signs. AI
 * fills the conclusion in words and never `conclusionCode`.
 */
export function diagnosticReport(set: ResultInChart, links: ReportLinks): DiagnosticReport {
  const { study, model, completedAt, patient, generation } = set;
  const label = `Unverified, by AI (${model.title} ${model.version}).`;
  const sentences = set.findings.map(({ sentence }) => sentence);
  return {
    resourceType: 'DiagnosticReport',
    meta: aiAsserted(),
    text: narrative([label, ...sentences]),
    identifier: [
      { use: 'official', ...reportIdentifier(study.studyInstanceUid, model.name, generation) },
      { use: 'secondary', ...answerIdentifier(set) },
    ],
    status: 'partial',
    category: model.reports.category.map((one) => codeable(one)),
    code: codeable(model.reports.code, `AI analysis: ${model.title}`),
    subject: { reference: patient },
    ...(study.startedAt === undefined ? {} : { effectiveDateTime: study.startedAt }),
    issued: completedAt,
    result: links.observations.map((reference) => ({ reference })),
    imagingStudy: [{ reference: links.imagingStudy }],
    media: links.media.map((reference) => ({ comment: 'Image the model read', link: { reference } })),
    conclusion: [label, ...sentences].join(' '),
  };
}
