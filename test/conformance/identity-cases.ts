import { inferenceCompletedSchema, type InferenceCompleted } from '@sightline/contracts';
import type { Identifier, ImagingStudy, Patient, Resource, ServiceRequest } from '@medplum/fhirtypes';
import { answer } from './answers.ts';
import { patientSystem } from './writer-rig.ts';

/** What an EHR holds, what the images say, and whose they are in truth. */
export interface IdentityCase {
  readonly name: string;
  readonly records: readonly Resource[];
  readonly said: InferenceCompleted;
  /** The record of the one who was imaged; undefined where there is none. */
  readonly truth: string | undefined;
  /** `filed`, or why it is in quarantine. */
  readonly expected: string;
}

/** How the site reads the ids of images. */
export const issuers = {
  patients: [
    { issuer: 'NORTH', system: 'urn:example:north:patients' },
    { issuer: 'SOUTH', system: 'urn:example:south:patients' },
    { callingAeTitle: 'CT_SOUTH', system: 'urn:example:south:patients' },
  ],
  accessions: [
    { system: 'urn:example:accessions' },
    { issuer: 'SOUTH_RIS', system: 'urn:example:south:accessions' },
  ] as const,
};

interface Images {
  id?: string | undefined;
  issuer?: string;
  name?: string | undefined;
  birthDate?: string | undefined;
  sex?: string | undefined;
  accession?: string;
  issuerOfAccession?: string;
  callingAeTitle?: string;
}

/** One case's own patients and numbers: no case meets another's. */
class World {
  readonly records: Resource[] = [];

  constructor(private readonly prefix: string) {}

  /** `Patient/…` of one who is called Zephyrine Quill unless said otherwise. */
  patient(id: string, number: string | undefined, more: Partial<Patient> = {}): string {
    this.records.push({
      resourceType: 'Patient',
      id: this.key(id),
      active: true,
      ...(number === undefined ? {} : { identifier: [this.identifier(number)] }),
      name: [{ family: 'Quill', given: ['Zephyrine'] }],
      birthDate: '2022-05-06',
      gender: 'female',
      ...more,
    });
    return this.ref(id);
  }

  order(accession: string, subject: string, more: Partial<ServiceRequest> = {}): void {
    this.records.push({
      resourceType: 'ServiceRequest',
      id: this.key(`order-${this.records.length}`),
      status: 'active',
      intent: 'order',
      identifier: [{ system: issuers.accessions[0].system, value: this.key(accession) }],
      subject: { reference: subject },
      ...more,
    });
  }

  imagingStudy(said: InferenceCompleted, subject: string, more: Partial<ImagingStudy> = {}): void {
    this.records.push({
      resourceType: 'ImagingStudy',
      id: this.key(`study-${this.records.length}`),
      status: 'available',
      identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${said.study.studyInstanceUid}` }],
      subject: { reference: subject },
      ...more,
    });
  }

  /** Images of Zephyrine Quill, unless they say otherwise. */
  images({ accession, issuerOfAccession, callingAeTitle, id, ...patient }: Images): InferenceCompleted {
    const said = answer({
      patient: { ...patient, id: id?.includes('%') === true ? id.replace('%', this.prefix) : id },
    });
    return inferenceCompletedSchema.parse({
      ...said,
      study: {
        ...said.study,
        accessionNumber: accession === undefined ? `${this.prefix}-none` : this.key(accession),
        issuerOfAccessionNumber: issuerOfAccession,
        callingAeTitle,
      },
    });
  }

  identifier(number: string, more: Identifier = {}): Identifier {
    return { system: patientSystem, value: this.key(number), ...more };
  }

  replacedBy(...ids: string[]): Pick<Patient, 'link'> {
    return { link: ids.map((id) => ({ type: 'replaced-by', other: { reference: this.ref(id) } })) };
  }

  ref(id: string): string {
    return `Patient/${this.key(id)}`;
  }

  private key(text: string): string {
    return `${this.prefix}-${text}`;
  }
}

type Story = (world: World) => { said: InferenceCompleted; truth: string | undefined; expected: string };

const named = (family: string, ...given: string[]): Pick<Patient, 'name'> => ({ name: [{ family, given }] });

/** The images carry number 1, which is somebody's; they are of somebody else, who has number 2. */
const mistyped =
  (images: Partial<Images>, hit: Partial<Patient>, truth: Partial<Patient>, expected: string): Story =>
  (w) => {
    w.patient('hit', '1', hit);
    return { truth: w.patient('true', '2', truth), said: w.images({ id: '%-1', ...images }), expected };
  };

/** Number 1 is the one who was imaged. */
const own =
  (images: Partial<Images>, record: Partial<Patient>, expected: string): Story =>
  (w) => ({ truth: w.patient('true', '1', record), said: w.images({ id: '%-1', ...images }), expected });

/** Everything agrees with number 1, and an order or a study says more. */
const placed =
  (
    tell: (w: World, said: InferenceCompleted, patients: { own: string; other: string }) => void,
    images: Partial<Images>,
    truth: 'own' | 'other',
    expected: string,
  ): Story =>
  (w) => {
    const patients = { own: w.patient('own', '1'), other: w.patient('other', '2', named('Jones', 'Robert')) };
    const said = w.images({ id: '%-1', accession: 'A1', ...images });
    tell(w, said, patients);
    return { said, truth: patients[truth], expected };
  };

const stories: Record<string, Story> = {
  'the id of the one agreeing record': own({}, {}, 'filed'),
  'an id with spaces around it': own({ id: '  %-1 ' }, {}, 'filed'),
  'no id': own({ id: undefined }, {}, 'patient-id-missing'),
  'a blank id': own({ id: '   ' }, {}, 'patient-id-missing'),
  'an id nobody has': own({ id: '%-9' }, {}, 'no-such-patient'),
  'an inactive record': own({}, { active: false }, 'record-not-active'),

  'one number of two issuers, the issuer named': (w) => {
    w.patient('south', undefined, { identifier: [w.identifier('1', { system: 'urn:example:south:patients' })] });
    const truth = w.patient('north', undefined, {
      identifier: [w.identifier('1', { system: 'urn:example:north:patients' })],
    });
    return { truth, said: w.images({ id: '%-1', issuer: 'NORTH' }), expected: 'filed' };
  },
  'one number of two issuers, told by the calling AE title': (w) => {
    w.patient('here', '1');
    const truth = w.patient('south', undefined, {
      identifier: [w.identifier('1', { system: 'urn:example:south:patients' })],
    });
    return { truth, said: w.images({ id: '%-1', callingAeTitle: 'CT_SOUTH' }), expected: 'filed' };
  },
  "a number of an unknown issuer that is somebody's here": mistyped({ issuer: 'ELSEWHERE' }, {}, {}, 'issuer-unknown'),
  'two records with one identifier': (w) => {
    w.patient('again', '1');
    return { truth: w.patient('true', '1'), said: w.images({ id: '%-1' }), expected: 'several-patients' };
  },
  'an inactive and an active record with one identifier': (w) => {
    w.patient('again', '1', { active: false });
    return { truth: w.patient('true', '1'), said: w.images({ id: '%-1' }), expected: 'filed' };
  },
  'a number given to somebody else since': (w) => {
    const truth = w.patient('true', undefined, { identifier: [w.identifier('2'), w.identifier('1', { use: 'old' })] });
    w.patient('now', '1', named('Jones', 'Ann'));
    return { truth, said: w.images({ id: '%-1' }), expected: 'name-disagrees' };
  },
  'a number out of use on a record that agrees': (w) => ({
    truth: w.patient('true', undefined, { identifier: [w.identifier('1', { use: 'old' })] }),
    said: w.images({ id: '%-1' }),
    expected: 'no-such-patient',
  }),
  'a number that has run out on a record that agrees': (w) => ({
    truth: w.patient('true', undefined, { identifier: [w.identifier('1', { period: { end: '2020-01-01' } })] }),
    said: w.images({ id: '%-1' }),
    expected: 'no-such-patient',
  }),
  'a record without identifiers': (w) => ({
    truth: w.patient('true', undefined),
    said: w.images({ id: '%-1' }),
    expected: 'no-such-patient',
  }),

  'a record merged into another': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('true') });
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'filed' };
  },
  'a record merged twice': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('between') });
    w.patient('between', '3', { active: false, ...w.replacedBy('true') });
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'filed' };
  },
  'both the merged record and its survivor carry the number': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('true') });
    return { truth: w.patient('true', '1'), said: w.images({ id: '%-1' }), expected: 'filed' };
  },
  'records merged in a loop': (w) => {
    w.patient('one', '1', w.replacedBy('two'));
    w.patient('two', '2', w.replacedBy('one'));
    return { truth: w.patient('true', '3'), said: w.images({ id: '%-1' }), expected: 'record-not-active' };
  },
  'a record merged into one that is inactive': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('true') });
    return {
      truth: w.patient('true', '2', { active: false }),
      said: w.images({ id: '%-1' }),
      expected: 'record-not-active',
    };
  },
  'a record merged into one that is not there': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('nowhere') });
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'record-not-active' };
  },
  'a record that was split in two, who look alike': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('other', 'true') });
    w.patient('other', '3');
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'record-not-active' };
  },
  "a record replaced by another server's, whose id is somebody's here": (w) => {
    w.patient('gone', '1', {
      link: [{ type: 'replaced-by', other: { reference: `https://elsewhere.example.org/fhir/${w.ref('namesake')}` } }],
    });
    w.patient('namesake', '3');
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'record-not-active' };
  },
  'a record replaced by one that nobody can follow': (w) => {
    w.patient('gone', '1', { link: [{ type: 'replaced-by', other: { display: 'somebody' } }] });
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'record-not-active' };
  },
  'a merge into somebody who does not agree': (w) => {
    w.patient('gone', '1', { active: false, ...w.replacedBy('wrong') });
    w.patient('wrong', '3', named('Jones', 'Ann'));
    return { truth: w.patient('true', '2'), said: w.images({ id: '%-1' }), expected: 'name-disagrees' };
  },

  'an id mistyped, the birth date is another': mistyped({}, { birthDate: '1950-01-01' }, {}, 'birth-date-disagrees'),
  'an id mistyped, the sex is another': mistyped({}, { gender: 'male' }, {}, 'sex-disagrees'),
  'an id mistyped, the name is another': mistyped({}, named('Jones', 'Ann'), {}, 'name-disagrees'),
  'an id mistyped, the images have no name': mistyped(
    { name: undefined },
    named('Jones', 'Ann'),
    {},
    'demographics-missing',
  ),
  'an id mistyped, the record has no name': mistyped({}, { name: [] }, {}, 'demographics-missing'),
  'an id mistyped, the images have a family name only': mistyped(
    { name: 'Quill' },
    named('Quill', 'Ann'),
    {},
    'demographics-missing',
  ),
  "a twin's id": mistyped({}, named('Quill', 'Robin'), {}, 'name-disagrees'),
  "a twin's id, the given name an initial": mistyped(
    { name: 'Quill^Z' },
    named('Quill', 'Zoe'),
    {},
    'demographics-missing',
  ),
  "a twin's id, the second name in common": mistyped(
    { name: 'Quill^Anna Maria' },
    named('Quill', 'Eva', 'Maria'),
    named('Quill', 'Anna', 'Maria'),
    'name-disagrees',
  ),
  "a twin's id, the first name in common": mistyped(
    { name: 'Quill^Maria^Jose' },
    named('Quill', 'Maria', 'Fernanda'),
    named('Quill', 'Maria', 'Jose'),
    'name-disagrees',
  ),
  "a twin's id, the first name in common and all that the images say": mistyped(
    { name: 'Quill^Maria' },
    { ...named('Quill', 'Maria', 'Fernanda'), multipleBirthBoolean: true },
    { ...named('Quill', 'Maria', 'Jose'), multipleBirthBoolean: true },
    'name-disagrees',
  ),
  "a twin's id, both newborn and not named": mistyped(
    { name: 'Quill^Baby Boy', sex: 'M' },
    { ...named('Quill', 'Baby', 'Boy'), gender: 'male' },
    { ...named('Quill', 'Baby', 'Boy'), gender: 'male' },
    'demographics-missing',
  ),
  "a twin's id, both newborn and numbered": mistyped(
    { name: 'Quill^Baby A' },
    named('Quill', 'Baby', 'B'),
    named('Quill', 'Baby', 'A'),
    'demographics-missing',
  ),
  'the same name and birth date, the record does not know the sex': mistyped(
    {},
    { gender: 'unknown' },
    {},
    'demographics-missing',
  ),
  'the same name and birth date, the images do not know the sex': mistyped(
    { sex: undefined },
    { gender: 'male' },
    {},
    'demographics-missing',
  ),
  "a father's id on the images of a son with the same name": mistyped(
    { name: 'Quill^Robert', sex: 'M', birthDate: '2015-03-04' },
    { ...named('Quill', 'Robert'), gender: 'male', birthDate: '1980-03-04' },
    { ...named('Quill', 'Robert'), gender: 'male', birthDate: '2015-03-04' },
    'birth-date-disagrees',
  ),
  "a father's id on the images of a son with the same name, without birth date": mistyped(
    { name: 'Quill^Robert', sex: 'M', birthDate: undefined },
    { ...named('Quill', 'Robert'), gender: 'male', birthDate: '1980-03-04' },
    { ...named('Quill', 'Robert'), gender: 'male', birthDate: '2015-03-04' },
    'demographics-missing',
  ),
  'only particles of the family name in common': mistyped(
    { name: 'de la Cruz^Maria' },
    named('de la Torre', 'Maria'),
    named('de la Cruz', 'Maria'),
    'name-disagrees',
  ),
  'two unknown people': mistyped(
    { name: 'UNKNOWN^UNKNOWN', birthDate: '1900-01-01' },
    { ...named('Unknown', 'Unknown'), birthDate: '1900-01-01' },
    { ...named('Unknown', 'Unknown'), birthDate: '1900-01-01' },
    'demographics-missing',
  ),
  'a name for want of one, and a birth date': mistyped(
    { name: 'UNKNOWN^' },
    { name: [{ use: 'temp', family: 'Unknown' }] },
    {},
    'demographics-missing',
  ),
  'a birth date for want of one': mistyped(
    { birthDate: '1900-01-01' },
    { birthDate: '1900-01-01' },
    {},
    'demographics-missing',
  ),
  'a test patient': own({ name: 'TEST^PATIENT' }, named('Test', 'Patient'), 'demographics-missing'),
  'no demographics at all': own({ name: undefined, birthDate: undefined, sex: undefined }, {}, 'demographics-missing'),

  'a birth date with day and month the wrong way round': own({ birthDate: '2022-06-05' }, {}, 'birth-date-disagrees'),
  'a record that knows the year of birth only': own({}, { birthDate: '2022' }, 'birth-date-disagrees'),
  'a name with its components the wrong way round': own({ name: 'Zephyrine^Quill' }, {}, 'name-disagrees'),
  'a married name, the record knows both': own(
    { name: 'Smith^Zephyrine' },
    {
      name: [
        { family: 'Quill', given: ['Zephyrine'] },
        { use: 'maiden', family: 'Smith' },
      ],
    },
    'filed',
  ),
  'a married name that the record does not know': own({ name: 'Smith^Zephyrine' }, {}, 'name-disagrees'),
  'accents on one side': own({ name: 'Nunez^Zephyrine' }, named('Núñez', 'Zéphyrine'), 'filed'),
  'an umlaut in two letters': own({ name: 'MUELLER^JOERG' }, named('Müller', 'Jörg'), 'filed'),
  'a middle name on one side': own({ name: 'Quill^Zephyrine^Ann' }, {}, 'filed'),
  'a name in kana and kanji': own({ name: 'Yamada^Hanako=山田^花子' }, named('Yamada', 'Hanako'), 'filed'),
  'a name that the record has in kanji only': own(
    { name: 'Yamada^Hanako=山田^花子' },
    named('山田', '花子'),
    'name-disagrees',
  ),
  'a record with its name as one text': own({}, { name: [{ text: 'Zephyrine Quill' }] }, 'filed'),

  'an order of this patient': placed((w, _, { own: mine }) => w.order('A1', mine), {}, 'own', 'filed'),
  'demographics that agree, and an order that is of another': placed(
    (w, _, { other }) => w.order('A1', other),
    {},
    'other',
    'order-of-another-patient',
  ),
  'an order of another under an accession number with spaces': placed(
    (w, _, { other }) => w.order('A1', other),
    { accession: 'A1 ' },
    'other',
    'order-of-another-patient',
  ),
  "an order of another server's patient with the same id": placed(
    (w, _, { own: mine }) => w.order('A1', `https://elsewhere.example.org/fhir/${mine}`),
    {},
    'other',
    'order-of-another-patient',
  ),
  'two orders with one accession number, one of another': placed(
    (w, _, { own: mine, other }) => (w.order('A1', mine), w.order('A1', other)),
    {},
    'other',
    'order-of-another-patient',
  ),
  "an accession number of another issuer that equals somebody else's": placed(
    (w, _, { other }) => w.order('A1', other),
    { issuerOfAccession: 'SOUTH_RIS' },
    'own',
    'filed',
  ),
  "an accession number of an unknown issuer that equals somebody else's": placed(
    (w, _, { other }) => w.order('A1', other),
    { issuerOfAccession: 'ELSEWHERE' },
    'own',
    'filed',
  ),
  'an order that was entered in error': placed(
    (w, _, { own: mine }) => w.order('A1', mine, { status: 'entered-in-error' }),
    {},
    'other',
    'order-entered-in-error',
  ),
  'an order that was entered in error, and the right one': placed(
    (w, _, { own: mine, other }) => (w.order('A1', other, { status: 'entered-in-error' }), w.order('A1', mine)),
    {},
    'own',
    'filed',
  ),
  'an ImagingStudy of this patient': placed((w, said, { own: mine }) => w.imagingStudy(said, mine), {}, 'own', 'filed'),
  'an ImagingStudy of another': placed(
    (w, said, { other }) => w.imagingStudy(said, other),
    {},
    'other',
    'study-of-another-patient',
  ),
  'an ImagingStudy of this patient that was entered in error': placed(
    (w, said, { own: mine }) => w.imagingStudy(said, mine, { status: 'entered-in-error' }),
    {},
    'other',
    'study-entered-in-error',
  ),
  'an ImagingStudy moved from another to this patient': placed(
    (w, said, { own: mine, other }) => (
      w.imagingStudy(said, other, { status: 'entered-in-error' }),
      w.imagingStudy(said, mine)
    ),
    {},
    'own',
    'filed',
  ),
  'an ImagingStudy of both': placed(
    (w, said, { own: mine, other }) => (w.imagingStudy(said, mine), w.imagingStudy(said, other)),
    {},
    'other',
    'several-imaging-studies',
  ),
};

export const identityCases: readonly IdentityCase[] = Object.entries(stories).map(([name, tell], n) => {
  const world = new World(`case${n}`);
  return { name, ...tell(world), records: world.records };
});
