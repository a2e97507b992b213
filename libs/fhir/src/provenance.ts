import { codes } from '@sightline/findings';
import { type Provenance } from '@medplum/fhirtypes';
import { aiAsserted, codeable } from './coding.ts';
import type { ResultInChart } from './result-in-chart.ts';

export interface ProvenanceLinks {
  targets: readonly string[];
  device: string;
  imagingStudy: string;
  modelCard?: string;
}

/**
 * Who said it and from what, in the shape of AI Transparency on FHIR `AI-Provenance` (2026Jan ballot): reason AIAST, agent the
 * algorithm, entities the study and the model card. The profile is not claimed: no published package defines it yet.
 */
export function provenance(id: string, { completedAt }: ResultInChart, links: ProvenanceLinks): Provenance {
  return {
    resourceType: 'Provenance',
    id,
    meta: aiAsserted(),
    target: links.targets.map((reference) => ({ reference })),
    occurredDateTime: completedAt,
    recorded: completedAt,
    reason: [codeable(codes.hl7.aiAsserted)],
    activity: codeable(codes.hl7.create),
    agent: [{ type: codeable(codes.hl7.author), who: { reference: links.device } }],
    entity: [
      { role: 'source', what: { reference: links.imagingStudy } },
      ...(links.modelCard === undefined ? [] : [{ role: 'derivation' as const, what: { reference: links.modelCard } }]),
    ],
  };
}
