import type { CorrectedFinding } from '@sightline/dicom-results';
import { verdictOn, type CodedConcept, type Finding, type ResultSet, type Reviewer } from '@sightline/findings';

type AnyFinding = Finding | CorrectedFinding;

/** Something of a result that an encoding has no words for, and why that is so; what is left of a result once it is forgotten. */
export interface NotCarried {
  what: string;
  why: string;
  ofFinding?: <F extends AnyFinding>(finding: F) => F;
  ofResult?: (set: ResultSet) => ResultSet;
}

/** No code at all. */
export const nothing = { system: '', code: '', display: '' };

const sixDecimals = (value: number): number => Number(value.toFixed(6));

/** What is not in the FHIR resources of a report. */
export const notInChart: readonly NotCarried[] = [
  {
    what: 'the output key and the tracking identifier of a finding',
    why: 'a chart knows a finding by its tracking UID; the two are words of the manifest for the same',
    ofFinding: (finding) => ({ ...finding, ...('key' in finding && { key: '' }), trackingIdentifier: '' }),
  },
  {
    what: 'the frame of an image',
    why: 'R4 has no ImagingSelection: a Media names an instance, and its `frames` is a count',
    ofFinding: (finding) => ({ ...finding, sources: finding.sources.map(withoutFrame) }),
    ofResult: (set) => ({ ...set, images: set.images.map(withoutFrame) }),
  },
  {
    what: 'digits of a probability beyond the sixth decimal, and the sign of a zero',
    why: 'more is noise of the arithmetic, and JSON has one zero',
    ofFinding: (finding) => {
      if (!('certainty' in finding)) return finding;
      const { probability, threshold } = finding.certainty;
      return {
        ...finding,
        certainty: { probability: sixDecimals(probability), threshold: sixDecimals(threshold) },
        measurements: finding.measurements.map((one) => ({ ...one, value: one.value + 0 })),
      };
    },
  },
  {
    what: 'the role of a reviewer who has a name',
    why: 'a reference shows one text; whoever has a name is shown by it',
    ofResult: (set) => ofPeople(set, (by) => (by.name === undefined ? by : { ...by, role: 'radiologist' })),
  },
  {
    what: 'who the images say the patient is',
    why: 'a chart is of a record of its own, which was matched before',
    ofResult: (set) => ({ ...set, study: { ...set.study, patient: {} } }),
  },
  {
    what: 'the edition',
    why: 'a chart counts versions of its own',
    ofResult: (set) => ({ ...set, edition: 1 }),
  },
];

/** What is not in the structured report. */
export const notInReport: readonly NotCarried[] = [
  {
    what: 'a rejected finding, and who rejected it',
    why: 'no template marks one, and a verified document must not carry it',
    ofResult: (set) => {
      const verdicts = set.review.verdicts.filter(({ verdict }) => verdict !== 'rejected');
      const findings = set.findings.filter((finding) => verdictOn(set.review, finding)?.verdict !== 'rejected');
      return { ...set, findings, review: { ...set.review, verdicts } };
    },
  },
  {
    what: 'that a finding was accepted, and by whom',
    why: 'an accepted finding is told as before; the signature is on the whole',
    ofResult: (set) => {
      const verdicts = set.review.verdicts.filter(({ verdict }) => verdict !== 'accepted');
      return { ...set, review: { ...set.review, verdicts } };
    },
  },
  {
    what: 'what the model had said of a corrected finding; where people corrected everything, the model',
    why: "a verified document says one thing of one finding, and that is the person's",
    ofResult: (set) => {
      const isCorrected = (finding: Finding) => verdictOn(set.review, finding)?.verdict === 'corrected';
      const findings = set.findings.map((finding) => (isCorrected(finding) ? unsaid(finding) : finding));
      const speaks = set.findings.some(
        (finding) => (verdictOn(set.review, finding)?.verdict ?? 'accepted') === 'accepted',
      );
      const model = { ...set.model, name: '', version: '', sha256: '' };
      return { ...set, findings, ...(!speaks && { model, completedAt: '' }) };
    },
  },
  {
    what: 'of a person all but a name of 64 characters without separators',
    why: 'a Person Name (PN) is no more; who has none is named by what they sign in as',
    ofResult: (set) =>
      ofPeople(set, ({ name, subject }) => ({ subject: '', role: 'radiologist', name: inDicom(name ?? subject) })),
  },
  {
    what: 'a display beyond 64 characters',
    why: 'a Code Meaning (LO) is no longer; the code is whole',
    ofFinding: (finding) => ({
      ...finding,
      concept: displayed(finding.concept),
      ...(finding.site && { site: displayed(finding.site) }),
      ...('measurements' in finding && {
        measurements: finding.measurements.map((one) => ({ ...one, concept: displayed(one.concept) })),
      }),
    }),
  },
  {
    what: 'revision and generation',
    why: 'a document has a UID, an Instance Number (the edition) and predecessors',
    ofResult: (set) => ({ ...set, study: { ...set.study, revision: 0 }, generation: 0 }),
  },
  {
    what: 'whether a signed report was changed since',
    why: 'a changed report is another VERIFIED document',
    ofResult: (set) => ({ ...set, state: set.state === 'corrected' ? 'signed' : set.state }),
  },
  {
    what: 'of the model all but name, version and file',
    why: 'these lead to the manifest and the card, which say the rest',
    ofResult: (set) => ({
      ...set,
      model: { ...set.model, title: '', intendedUse: '', reports: { category: [], code: nothing } },
    }),
  },
  {
    what: 'which frames of its images a model was shown',
    why: 'an image library lists instances; the frame of a finding is said with it',
    ofResult: (set) => ({ ...set, images: set.images.map(withoutFrame) }),
  },
  {
    what: 'the study beyond its UID',
    why: "patient and study are copied from the images' own headers",
    ofResult: ({ study: { studyInstanceUid, revision }, ...set }) => ({
      ...set,
      study: { studyInstanceUid, revision, patient: {}, modalities: [] },
    }),
  },
];

/** A result without what such an encoding does not carry. */
export function without(list: readonly NotCarried[], set: ResultSet): ResultSet {
  return list.reduce<ResultSet>((left, { ofResult = (same) => same }) => ofResult(left), {
    ...set,
    findings: set.findings.map((finding) => findingWithout(list, finding)),
  });
}

export function findingWithout<F extends AnyFinding>(list: readonly NotCarried[], finding: F): F {
  return list.reduce<F>((left, { ofFinding }) => ofFinding?.(left) ?? left, finding);
}

/** What a corrected finding is where nobody says what it was corrected from. */
export function unsaid(finding: Omit<CorrectedFinding, 'observer'>): Finding {
  return {
    ...finding,
    key: '',
    concept: nothing,
    presence: 'absent',
    certainty: { probability: 0, threshold: 0 },
    measurements: [],
    sentence: '',
  };
}

function displayed(concept: CodedConcept): CodedConcept {
  return { ...concept, display: [...concept.display].slice(0, 64).join('') };
}

/** A name as a component of a PN (PS3.5 6.2.1). */
export function inDicom(name: string): string {
  const plain = name
    .replaceAll(/[\^=]+/g, ' ')
    .replaceAll(/[\\\p{Cc}]+/gu, ' ')
    .trim();
  return [...plain].slice(0, 64).join('').trimEnd();
}

function ofPeople(set: ResultSet, change: (by: Reviewer) => Reviewer): ResultSet {
  const { verdicts, signature } = set.review;
  return {
    ...set,
    review: {
      verdicts: verdicts.map((verdict) => ({ ...verdict, by: change(verdict.by) })),
      ...(signature && { signature: { ...signature, by: change(signature.by) } }),
    },
  };
}

function withoutFrame<I extends { frame?: number | undefined }>(image: I): Omit<I, 'frame'> {
  const { frame: _, ...rest } = image;
  return rest;
}
