import type { ModelManifest, ModelOutput } from '@sightline/contracts';
import type { DicomHeader, MonochromePixels } from '@sightline/dicom';
import type { Finding, Laterality } from '@sightline/findings';
import { calibrate, type Answer, type Pipeline, type Tensor } from '@sightline/inference';
import { gateChestXray } from './gate-chest-xray.ts';
import { trackingOf } from './tracking.ts';

/** Models that look at one whole chest radiograph and answer per image. */
export const readChestXray: Pipeline = {
  gate: gateChestXray,
  prepare,
  conclude,
};

/** [1, 1, height, width], grey 0–255: everything else of the preprocessing is in the graph. */
function prepare(_: ModelManifest, { width, height, values }: MonochromePixels): Tensor {
  return { dims: [1, 1, height, width], data: values };
}

function conclude(manifest: ModelManifest, header: DicomHeader, answer: Answer): Finding[] {
  return manifest.outputs.map((output) => {
    const probability = calibrate(output, answer.logits.data[output.index] ?? Number.NaN);
    const presence = probability >= output.threshold ? 'present' : 'absent';
    return {
      key: output.key,
      ...trackingOf(header.sopInstanceUid, manifest, output.key),
      concept: output.finding,
      ...(output.site !== undefined && { site: output.site }),
      laterality: lateralityOf(header),
      presence,
      certainty: { probability, threshold: output.threshold },
      measurements: [],
      sources: [
        {
          seriesInstanceUid: header.seriesInstanceUid,
          sopClassUid: header.sopClassUid,
          sopInstanceUid: header.sopInstanceUid,
        },
      ],
      sentence: sentenceOf(output, presence, probability, header),
    };
  });
}

/**
 * A radiograph of one side can only show that side. One of both, or one that names none, does not say where in it a finding
 * lies, and nothing else here may.
 */
function lateralityOf({ laterality }: DicomHeader): Laterality {
  if (laterality?.side === 'L') return 'left';
  if (laterality?.side === 'R') return 'right';
  return 'unknown';
}

function sentenceOf(
  output: ModelOutput,
  presence: Finding['presence'],
  probability: number,
  header: DicomHeader,
): string {
  const what = output.finding.display.toLowerCase();
  const where = `on this ${header.viewPosition === undefined ? '' : `${header.viewPosition} `}chest radiograph`;
  const howSure = `estimated probability ${percent(probability)}, threshold ${percent(output.threshold)}`;
  const said =
    presence === 'present'
      ? `Appearances suspicious for ${what} ${where} (${howSure}); side and lobe not assessed.`
      : `No appearances suspicious for ${what} ${where} (${howSure}); this does not exclude ${what}.`;
  return `${said} Other findings were not looked for.`;
}

/** Whole percent, and never a certainty that no model has. */
function percent(probability: number): string {
  if (probability < 0.01) return 'below 1 %';
  if (probability > 0.99) return 'above 99 %';
  return `${Math.round(probability * 100)} %`;
}
