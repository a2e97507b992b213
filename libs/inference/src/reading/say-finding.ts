import type { ModelManifest, ModelOutput } from '@sightline/contracts';
import type { Finding } from '@sightline/findings';
import type { ShownFrame, Subject } from './subject.ts';

export interface Said {
  presence: Finding['presence'];
  probability: number;
  laterality: Finding['laterality'];
  /** Index into the subject's frames, where the model says most. */
  strongest: number;
}

/** One sentence a clinician would write, and what it does not say: what, where, how sure, what was not looked at. */
export function sayFinding(manifest: ModelManifest, output: ModelOutput, subject: Subject, said: Said): string {
  const what = output.finding.display.toLowerCase();
  const howSure = `estimated probability ${percent(said.probability)}, threshold ${percent(output.threshold)}`;
  const where = `on ${whereOf(manifest, subject, said)} (${howSure})`;
  return [verdict(manifest, said.presence, what, where), 'Other findings were not looked for.', ...subject.notes].join(
    ' ',
  );
}

function verdict({ wording }: ModelManifest, presence: Finding['presence'], what: string, where: string): string {
  switch (presence) {
    case 'present':
      return `Appearances suspicious for ${what} ${where}; ${wording.notAssessed}.`;
    case 'absent':
      return `No appearances suspicious for ${what} ${where}; this does not exclude ${what}.`;
    case 'not-prioritised':
      return `Not prioritised for ${what} ${where}; this does not exclude ${what}.`;
  }
}

/** The picture or slice, by what the header and the slice scores say; a heat map gives no place. */
function whereOf(
  { wording }: ModelManifest,
  { unit, frames, slices }: Subject,
  { laterality, strongest }: Said,
): string {
  const frame = frames[strongest];
  const side = laterality === 'left' || laterality === 'right' ? ` of the ${laterality} side` : '';
  const subject = `this ${viewOf(frame)}${wording.subject}${side}`;
  const slice = `slice ${slices?.numbers[strongest] ?? strongest + 1} of ${slices?.count ?? frames.length}`;
  switch (unit) {
    case 'image':
      return frame !== undefined && frame.header.numberOfFrames > 1 ? `frame ${frame.frame} of ${subject}` : subject;
    case 'slice':
      return `${slice} of ${subject}`;
    case 'study':
      return `${subject}, most on ${slice}`;
  }
}

function viewOf(frame: ShownFrame | undefined): string {
  return frame?.header.viewPosition === undefined ? '' : `${frame.header.viewPosition} `;
}

/** Whole percent, and never a certainty that no model has. */
function percent(probability: number): string {
  if (probability < 0.01) return 'below 1 %';
  if (probability > 0.99) return 'above 99 %';
  return `${Math.round(probability * 100)} %`;
}
