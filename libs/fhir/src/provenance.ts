import { codes, type Digest, type Reviewer } from '@sightline/findings';
import type { Provenance } from '@medplum/fhirtypes';
import { aiAsserted, codeable } from './coding.ts';
import { stableId } from './identifiers.ts';
import type { ResultInChart } from './result-in-chart.ts';
import { reviewerReference } from './status.ts';

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
export function aiProvenance(id: string, { completedAt, model }: ResultInChart, links: ProvenanceLinks): Provenance {
  return {
    resourceType: 'Provenance',
    id,
    meta: aiAsserted(),
    target: links.targets.map((reference) => ({ reference })),
    occurredDateTime: completedAt,
    recorded: completedAt,
    reason: [codeable(codes.hl7.aiAsserted)],
    activity: codeable(codes.hl7.create),
    agent: [
      {
        type: codeable(codes.hl7.author),
        who: { reference: links.device, display: `${model.title} ${model.version}` },
      },
    ],
    entity: [
      { role: 'source', what: { reference: links.imagingStudy } },
      ...(links.modelCard === undefined ? [] : [{ role: 'derivation' as const, what: { reference: links.modelCard } }]),
    ],
  };
}

/** Who answers for it. `targets` name the version that was verified: the signature is on that and on no later one. */
export function verification(
  id: string,
  signature: { by: Reviewer; at: string },
  targets: readonly string[],
): Provenance {
  return {
    resourceType: 'Provenance',
    id,
    meta: aiAsserted(),
    target: targets.map((reference) => ({ reference })),
    occurredDateTime: signature.at,
    recorded: signature.at,
    agent: [{ type: codeable(codes.hl7.verifier), who: reviewerReference(signature.by) }],
  };
}

/** One signature on one version, however often it is written. */
export function verificationId(digest: Digest, target: string): string {
  return stableId(digest, 'Provenance', target);
}
