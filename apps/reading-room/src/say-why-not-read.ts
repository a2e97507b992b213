import type { Failure, ModelManifest, SkipReason } from '@sightline/contracts';

export interface Why {
  /** A few words for a row of the worklist. */
  note: string;
  /** A sentence for the study. */
  sentence: string;
}

type Applicability = ModelManifest['applicability'];

/** A refusal in a clinician's words. `applicability` of the model that refused, where its manifest is known. */
export function sayWhyNotRead(reason: SkipReason, modalities: readonly string[], applicability?: Applicability): Why {
  const { note, reads } = refusal(reason, modalities, applicability);
  return { note, sentence: `Not read: ${note}${reads === undefined ? '' : `; this model reads ${reads}`}.` };
}

function refusal(
  reason: SkipReason,
  modalities: readonly string[],
  only?: Applicability,
): { note: string; reads?: string } {
  switch (reason) {
    case 'no-model':
      return { note: `no model here reads ${modalities.join(', ')}` };
    case 'no-image':
      return { note: 'no image a model can take' };
    case 'wrong-modality':
      return { note: 'another kind of image', ...reads(only && list(only.modality)) };
    case 'wrong-body-part':
      return { note: 'body part not named or another one', ...reads(only && list(only.bodyPart.map(lower))) };
    case 'wrong-view':
      return { note: 'view not named or another one', ...reads(only?.view && `${list(only.view)} views`) };
    case 'age-unknown':
      return { note: 'patient age unknown', ...reads(only?.age && ages(only.age)) };
    case 'age-out-of-range':
      return { note: 'patient outside the age range', ...reads(only?.age && ages(only.age)) };
    case 'unsupported-transfer-syntax':
      return { note: 'images compressed in a way that is not read yet' };
    case 'unsupported-pixels':
      return { note: 'pixels stored in a way that is not read' };
    case 'wrong-geometry':
      return { note: 'the images do not say where they lie in the patient' };
    case 'wrong-plane':
      return { note: 'slices of another plane' };
    case 'incomplete-volume':
      return { note: 'slices missing or too few' };
    case 'blank':
      return { note: 'the image is blank' };
    case 'text-only':
      return { note: 'the image holds text and no anatomy' };
    case 'inverted':
      return { note: 'black and white seem exchanged' };
    case 'rotated':
      return { note: 'the image seems turned or upside down' };
    case 'poor-quality':
      return { note: 'image quality too poor' };
    case 'out-of-distribution':
      return { note: 'unlike the images this model was made for' };
  }
}

function reads(what: string | undefined): { reads?: string } {
  return what === undefined ? {} : { reads: what };
}

function ages({ minYears, maxYears }: NonNullable<Applicability['age']>): string {
  return `${maxYears < 18 ? 'children' : 'patients'} of ${minYears}–${maxYears} years`;
}

const words = new Intl.ListFormat('en-GB', { type: 'conjunction' });

function list(values: readonly string[]): string {
  return words.format(values);
}

function lower(text: string): string {
  return text.toLowerCase();
}

/** Why an answer failed for good. */
export function sayWhyFailed(kind: Failure['kind']): string {
  switch (kind) {
    case 'invalid-input':
      return 'The model could not take these images.';
    case 'unavailable':
      return 'The model could not be reached in time.';
    case 'defect':
      return 'The model broke on these images.';
  }
}
