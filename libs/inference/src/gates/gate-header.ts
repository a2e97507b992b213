import type { ModelManifest } from '@sightline/contracts';
import { isImageSopClass, patientAge, type DicomHeader } from '@sightline/dicom';
import type { Pipeline, Refused } from '../reading/pipeline.ts';

type Applicability = ModelManifest['applicability'];
type Check = (applicability: Applicability, header: DicomHeader) => Refused | undefined;

/** Names in use for a part, or for one that images of it show, beside its own in PS3.16 annex L, by that. */
const bodyPartSynonyms: Readonly<Record<string, readonly string[]>> = {
  CHEST: ['THORAX', 'TORAX', 'CHEST PA', 'CHEST AP', 'CHESTAP', 'CHESTPA', 'PORT CHEST', 'CXR', 'LUNG', 'LUNGS'],
  HEAD: ['BRAIN', 'SKULL', 'CRANIUM', 'CRANEO', 'HEAD BRAIN', 'HEAD CT', 'CT HEAD'],
  EYE: ['RETINA', 'EYES', 'BOTH EYES', 'MACULA', 'FUNDUS'],
  RETINA: ['MACULA', 'FUNDUS'],
};

/** Years two statements of one age may lie apart, since one is rounded and the other may be counted to another day. */
const ageTolerance = 1;

/** Characters of a CS value (PS3.5 6.2): whatever is longer was not meant as a code, and is not repeated in full. */
const longestCode = 16;

const checks: readonly Check[] = [checkImage, checkModality, checkBodyPart, checkView, checkAge, checkPresentation];

/** The intended use of the manifest, one attribute after the other. What is not stated is not assumed: it is refused. */
export const gateHeader: Pipeline['gate'] = ({ applicability }, header) => {
  for (const check of checks) {
    const refused = check(applicability, header);
    if (refused !== undefined) return refused;
  }
  return { kind: 'passed' };
};

function checkImage(_: Applicability, header: DicomHeader): Refused | undefined {
  if (isImageSopClass(header.sopClassUid) && header.rows !== undefined && header.columns !== undefined)
    return undefined;
  return refuse('no-image', 'This object holds no image.');
}

function checkModality({ modality }: Applicability, header: DicomHeader): Refused | undefined {
  if (modality.includes(header.modality)) return undefined;
  return refuse(
    'wrong-modality',
    `The model reads ${list(modality)}; this image is ${normalised(header.modality) ?? 'of none'}.`,
  );
}

function checkBodyPart({ bodyPart }: Applicability, header: DicomHeader): Refused | undefined {
  const stated = normalised(header.bodyPart);
  if (stated !== undefined && bodyPart.some((part) => isSamePart(stated, part))) return undefined;
  return refuse('wrong-body-part', `The model reads ${list(bodyPart)}; ${saying('body part', stated)}.`);
}

function checkView({ view }: Applicability, header: DicomHeader): Refused | undefined {
  const stated = normalised(header.viewPosition);
  if (view === undefined || (stated !== undefined && view.includes(stated))) return undefined;
  return refuse('wrong-view', `The model reads ${list(view)} views; ${saying('view', stated)}.`);
}

/** In completed years, so that a child is five until its sixth birthday. */
function checkAge({ age }: Applicability, header: DicomHeader): Refused | undefined {
  if (age === undefined || (age.unknown === 'allow' && header.age === undefined)) return undefined;
  const range = `The model reads patients of ${age.minYears} to ${age.maxYears} years`;
  if (header.age === undefined) return refuse('age-unknown', `${range}; this image states no age.`);
  const { PatientBirthDate, StudyDate } = header.dataset;
  const counted = patientAge({
    ...(PatientBirthDate !== undefined && { PatientBirthDate }),
    ...(StudyDate !== undefined && { StudyDate }),
  });
  if (counted !== undefined && Math.abs(counted.years - header.age.years) > ageTolerance + 1e-6) {
    return refuse('age-unknown', `${range}; the stated age and the date of birth of this image disagree.`);
  }
  // 036M is three years, whatever binary fractions make of 36/12.
  const years = Math.floor(header.age.years + 1e-6);
  if (years >= age.minYears && years <= age.maxYears) return undefined;
  return refuse('age-out-of-range', `${range}; this one was ${years}.`);
}

/** PS3.3 C.8.11.1.1.1: FOR PROCESSING is the detector's signal, which no display and no model was made for. */
function checkPresentation(_: Applicability, header: DicomHeader): Refused | undefined {
  if (header.dataset.PresentationIntentType !== 'FOR PROCESSING') return undefined;
  return refuse('unsupported-pixels', 'This image is stored for processing, not for presentation.');
}

function isSamePart(stated: string, part: string): boolean {
  return stated === part || (bodyPartSynonyms[part]?.includes(stated) ?? false);
}

/** Upper case, one space between words: CHEST, CHEST_PA and "chest  pa" differ in nothing that matters. */
function normalised(text: string | undefined): string | undefined {
  const words = text
    ?.toUpperCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim()
    .slice(0, longestCode);
  return words === '' ? undefined : words;
}

function saying(what: string, stated: string | undefined): string {
  return stated === undefined ? `this image states no ${what}` : `this image states ${what} ${stated}`;
}

function list(values: readonly string[]): string {
  return values.join(' or ');
}

function refuse(reason: Refused['reason'], detail: string): Refused {
  return { kind: 'refused', reason, detail };
}
