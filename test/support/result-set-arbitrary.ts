import { uidFromUuid, type Uid } from '@sightline/dicom';
import {
  codes,
  concept,
  verdictOn,
  type CheckedCode,
  type CodedConcept,
  type Finding,
  type ImageOfResult,
  type ResultSet,
  type Reviewer,
  type SourceImage,
} from '@sightline/findings';
import fc from 'fast-check';

/** Sources of the images in generated results: those of one study. */
export interface GeneratedStudy {
  studyInstanceUid: string;
  images: ResultSet['images'];
}

const uid: fc.Arbitrary<Uid> = fc.uuid().map(uidFromUuid);

/** Plain text of any script, without control characters and without blanks at its ends. */
const text = fc
  .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
  .map((any) => any.replaceAll(/\p{Cc}/gu, '').trim())
  .filter((any) => any !== '' && any.isWellFormed());

/** What fits a code's meaning everywhere it is told. */
const display = text
  .map((any) => any.replaceAll('\\', '').trim().slice(0, 30).trim())
  .filter((any) => any !== '' && any.isWellFormed());

function oneOf(entries: readonly CheckedCode[]): fc.Arbitrary<CodedConcept> {
  return fc.constantFrom(...entries.map(concept));
}

const { snomed, loinc } = codes;
const findings = [snomed.pneumonia, snomed.lungConsolidation, snomed.intracranialHaemorrhage, snomed.macularOedema];
const sites = [snomed.lung, snomed.brain, snomed.eye, snomed.retina];

/** A code of a system that only a site's own models know. */
const foreign: fc.Arbitrary<CodedConcept> = fc.record({
  system: fc.constantFrom('https://hospital.example/findings', 'urn:oid:1.2.3.4'),
  code: fc.stringMatching(/^[a-z][a-z0-9-]{0,29}$/),
  display,
});

const coded = fc.oneof({ weight: 4, arbitrary: oneOf(findings) }, { weight: 1, arbitrary: foreign });
const probability = fc.double({ min: 0, max: 1, noNaN: true });

const measurement: fc.Arbitrary<Finding['measurements'][number]> = fc.record({
  concept: fc.oneof(foreign, fc.constant({ system: snomed.lung.system, code: '81827009', display: 'Diameter' })),
  // As a finding may be: there is no −0.
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  unit: fc.constantFrom(
    { code: 'mm', display: 'mm' },
    { code: '1', display: 'no units' },
    { code: 'mL', display: 'mL' },
  ),
});

/** An image of a result as a finding names it. */
export function withoutModality({ seriesInstanceUid, sopClassUid, sopInstanceUid, frame }: ImageOfResult): SourceImage {
  return { seriesInstanceUid, sopClassUid, sopInstanceUid, ...(frame !== undefined && { frame }) };
}

function finding({ images }: GeneratedStudy): fc.Arbitrary<Finding> {
  const source = fc.constantFrom(...images.map(withoutModality));
  return fc
    .record({
      key: fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
      trackingIdentifier: text,
      trackingUid: uid,
      concept: coded,
      site: fc.option(oneOf(sites), { nil: undefined }),
      laterality: fc.constantFrom<Finding['laterality']>('left', 'right', 'bilateral', 'unknown'),
      presence: fc.constantFrom<Finding['presence']>('present', 'absent', 'not-prioritised'),
      certainty: fc.record({ probability, threshold: probability }),
      measurements: fc.array(measurement, { maxLength: 3 }),
      sources: fc.uniqueArray(source, { minLength: 1, maxLength: 3, selector: ({ sopInstanceUid }) => sopInstanceUid }),
      sentence: text,
    })
    .map(({ site, ...rest }) => ({ ...rest, ...(site && { site }) }));
}

/** Where nobody says which images there are, these: two slices and a frame of an object of many. */
const anyStudy: GeneratedStudy = {
  studyInstanceUid: '2.25.700',
  images: [1, 2, 3].map((number) => ({
    seriesInstanceUid: uidFromUuid('00000000-0000-4000-8000-000000000701'),
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2' as Uid,
    sopInstanceUid: uidFromUuid(`00000000-0000-4000-8000-00000000070${number}`),
    modality: 'CT',
    ...(number === 3 && { frame: 7 }),
  })),
};

/** Results of any model on one study, unreviewed: one or more findings, each with its own tracking UID. */
export function resultSetArbitrary(study: GeneratedStudy = anyStudy): fc.Arbitrary<ResultSet> {
  return fc
    .record({
      findings: fc.uniqueArray(finding(study), {
        minLength: 1,
        maxLength: 5,
        selector: ({ trackingUid }) => trackingUid,
      }),
      name: fc.stringMatching(/^[a-z][a-z-]{0,40}$/),
      version: fc.stringMatching(/^[0-9]\.[0-9]{1,2}\.[0-9]$/),
      title: text,
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
      code: oneOf([loinc.chestXray, loinc.headCt, loinc.opticalCoherenceTomography]),
      completedAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
      revision: fc.integer({ min: 1, max: 9 }),
      generation: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ findings, name, version, title, sha256, code, completedAt, revision, generation }) => ({
      study: { studyInstanceUid: study.studyInstanceUid, revision, patient: {}, modalities: ['CT'] },
      model: {
        name,
        version,
        title,
        sha256,
        intendedUse: 'generated',
        reports: { category: [concept(loinc.radiology)], code },
      },
      images: study.images,
      findings,
      completedAt: completedAt.toISOString(),
      generation,
      edition: 1,
      state: 'unreviewed',
      review: { verdicts: [] },
    }));
}

const reviewer: fc.Arbitrary<Reviewer> = fc
  .record({
    subject: text,
    role: fc.constantFrom('clinician' as const, 'radiologist' as const),
    name: fc.option(text, { nil: undefined }),
  })
  .map(({ name, ...rest }) => ({ ...rest, ...(name !== undefined && { name }) }));

/** Later than `instant`, by up to ten days. */
function after(instant: string, minutes: number): string {
  return new Date(Date.parse(instant) + minutes * 60_000).toISOString();
}

const minutes = fc.integer({ min: 1, max: 7_200 });

/** A result and what people answered to each of its findings: nothing, yes, no, or something else. */
export function reviewedSetArbitrary(study: GeneratedStudy = anyStudy): fc.Arbitrary<ResultSet> {
  const answer = fc.oneof(
    fc.constant({ verdict: 'none' as const }),
    fc.constant({ verdict: 'accepted' as const }),
    fc.record({ verdict: fc.constant('rejected' as const), reason: text }),
    fc.record({ verdict: fc.constant('corrected' as const), concept: coded }),
  );
  return fc
    .record({
      set: resultSetArbitrary(study),
      answers: fc.array(answer, { minLength: 5, maxLength: 5 }),
      by: reviewer,
      waited: minutes,
    })
    .map(({ set, answers, by, waited }) => ({
      ...set,
      review: {
        verdicts: set.findings.flatMap(({ trackingUid }, index) => {
          const given = answers[index];
          return given === undefined || given.verdict === 'none'
            ? []
            : [{ ...given, trackingUid, by, at: after(set.completedAt, waited) }];
        }),
      },
    }));
}

/** A reviewed result as a report that is told everywhere: unreviewed, signed, or corrected after that. */
export function reportArbitrary(study: GeneratedStudy = anyStudy): fc.Arbitrary<ResultSet> {
  return fc
    .record({
      set: reviewedSetArbitrary(study),
      state: fc.constantFrom('unreviewed' as const, 'signed' as const, 'corrected' as const),
      by: reviewer,
      waited: minutes,
      edition: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ set, state, by, waited, edition }) => {
      const { findings, review, completedAt } = set;
      const stands = findings.some((finding) => verdictOn(review, finding)?.verdict !== 'rejected');
      // Of a signed report nothing of which stands, the state is another.
      if (state === 'unreviewed' || !stands) return { ...set, edition };
      return {
        ...set,
        edition,
        state,
        review: { ...review, signature: { by, at: after(completedAt, 7_200 + waited) } },
      };
    });
}
