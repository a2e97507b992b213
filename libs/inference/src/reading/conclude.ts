import type { ModelOutput } from '@sightline/contracts';
import type { DicomHeader } from '@sightline/dicom';
import type { Finding, Laterality } from '@sightline/findings';
import { calibrate } from './calibrate.ts';
import type { Pipeline, SubjectLogit } from './pipeline.ts';
import { sayFinding } from './say-finding.ts';
import { sourceOf } from './subject.ts';
import { trackingOf } from './tracking.ts';

/** One finding per output, present or not at its shipped threshold, on the frame where the model says most. */
export const conclude: Pipeline['conclude'] = (manifest, subject, logits) =>
  manifest.outputs.flatMap((output) => {
    const said = logits.get(output.key);
    const frame = said && subject.frames[said.strongest];
    if (said === undefined || frame === undefined) return [];
    const judged = judge(output, said, frame.header);
    return [
      {
        key: output.key,
        ...trackingOf(subject.identity, manifest, output.key),
        concept: output.finding,
        ...(output.site !== undefined && { site: output.site }),
        laterality: judged.laterality,
        presence: judged.presence,
        certainty: { probability: judged.probability, threshold: output.threshold },
        measurements: [],
        sources: [sourceOf(frame)],
        sentence: sayFinding(manifest, output, subject, judged),
      },
    ];
  });

function judge(
  output: ModelOutput,
  { logit, strongest }: SubjectLogit,
  header: DicomHeader,
): Pick<Finding, 'presence' | 'laterality'> & { probability: number; strongest: number } {
  const probability = calibrate(output, logit);
  const presence = probability >= output.threshold ? 'present' : output.below;
  return { presence, probability, strongest, laterality: lateralityOf(header) };
}

/**
 * A picture of one side can only show that side. One of both, or one that names none, does not say where in it a finding lies,
 * and nothing else here may.
 */
function lateralityOf({ laterality }: DicomHeader): Laterality {
  if (laterality?.side === 'L') return 'left';
  if (laterality?.side === 'R') return 'right';
  return 'unknown';
}
