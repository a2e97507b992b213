import type { Finding, GivenVerdict, PatientOfImages, ResultSet, StudyOfResult } from '@sightline/findings';
import type { LeftOut, Picture } from './picture.ts';

/** What something is called, and what it is. */
export type Row = readonly [name: string, value: string];

const notStated = 'not stated';
const sexes = { M: 'male', F: 'female', O: 'other' } as const;
const sides = { left: 'left', right: 'right', bilateral: 'both sides', unknown: 'unknown' } as const;
const answers = { present: 'present', absent: 'absent', 'not-prioritised': 'not prioritised' } as const;

const leftOut: Readonly<Record<LeftOut, string>> = {
  missing: 'Picture not shown: it is no longer in the store.',
  'too-large': 'Picture not shown: it is too large to print.',
  unreadable: 'Picture not shown: it could not be read.',
  'without-its-image': 'Map not shown: the image it lies over could not be read.',
  'no-room': 'Picture not shown: there is no room for it.',
};

/** Whose images they are by their own word: nobody has looked here whether the record agrees. */
export function patientRows({ name, id, issuer, birthDate, sex }: PatientOfImages): Row[] {
  return [
    ['Name', said(nameToPrint(name))],
    ['Patient ID', withIssuer(id, issuer)],
    ['Born', said(birthDate)],
    ['Sex', sex === undefined ? notStated : sexes[sex]],
  ];
}

export function studyRows(study: StudyOfResult): Row[] {
  return [
    ['Study', said(study.description)],
    ['Date', said(study.startedAt && sayTime(study.startedAt))],
    ['Accession', withIssuer(study.accessionNumber, study.issuerOfAccessionNumber)],
    ['Modality', study.modalities.join(', ')],
  ];
}

export function modelRows({ study, model, completedAt, review }: ResultSet): Row[] {
  const { signature } = review;
  return [
    ['Model', `${model.title} (${model.name}), version ${model.version}`],
    ['SHA-256', model.sha256],
    ['Analysed', sayTime(completedAt)],
    ...(signature === undefined
      ? []
      : [
          [
            'Signed',
            `${signature.by.name ?? signature.by.subject}, ${signature.by.role}, ${sayTime(signature.at)}`,
          ] as const,
        ]),
    ['Study UID', `${study.studyInstanceUid}, revision ${study.revision}`],
    ['Intended use', model.intendedUse],
  ];
}

/** The sentence of the intended use that says what the model is not. */
export function deviceSentence({ intendedUse }: ResultSet['model']): string | undefined {
  return intendedUse.match(/[^.]*not a medical device[^.]*\./i)?.[0].trim();
}

/** What stands below the sentence of a finding. */
export function figuresOf({ presence, certainty, laterality, site, measurements }: Finding): string {
  const { probability, threshold } = certainty;
  return [
    `AI's answer: ${answers[presence]}`,
    `probability ${sayProbability(probability)}, threshold ${threshold.toFixed(3)}`,
    ...(site === undefined ? [] : [`site: ${site.display}`]),
    `side: ${sides[laterality]}`,
    ...measurements.map(({ concept, value, unit }) =>
      `${concept.display}: ${value} ${unit.code === '1' ? '' : unit.display}`.trim(),
    ),
  ].join(' · ');
}

export function sayVerdict({ verdict, by, at }: GivenVerdict): string {
  return `${verdict} by ${by.name ?? by.subject}, ${by.role}, ${sayTime(at)}`;
}

export function captionOf({ kind, findingKey, source }: Picture, findings: readonly Finding[]): string {
  const finding = findings.find(({ key }) => key === findingKey);
  const what =
    kind === 'key-image'
      ? 'Image as the model was shown it'
      : `Heat map: ${finding?.concept.display ?? findingKey ?? ''}`;
  const frame = source.frame === undefined ? '' : `, frame ${source.frame}`;
  return `${what}. SOP Instance ${source.sopInstanceUid}${frame}.`;
}

export function sayLeftOut(reason: LeftOut): string {
  return leftOut[reason];
}

/** Three decimals, and never a certainty that no model has. */
function sayProbability(value: number): string {
  if (value < 0.001) return 'below 0.001';
  if (value > 0.999) return 'above 0.999';
  return value.toFixed(3);
}

/** A FHIR dateTime to the minute, with its offset. */
export function sayTime(dateTime: string): string {
  const [, date, minutes, offset] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})\S*?(Z|[+-]\d{2}:\d{2})$/.exec(dateTime) ?? [];
  if (date === undefined) return dateTime;
  return `${date} ${minutes} ${offset === 'Z' ? 'UTC' : offset}`;
}

/** The first group of a person name that says anything: the alphabetic one comes before the others (PS3.5 6.2.1.1). */
function nameToPrint(personName: string | undefined): string | undefined {
  const groups = personName?.split('=').map((group) => group.replaceAll('^', ' ').trim());
  return groups?.find((group) => group !== '');
}

function said(value: string | undefined): string {
  return value === undefined || value.trim() === '' ? notStated : value;
}

function withIssuer(value: string | undefined, issuer: string | undefined): string {
  const issued = said(value);
  return issued === notStated || said(issuer) === notStated ? issued : `${issued} (issuer ${issuer})`;
}
