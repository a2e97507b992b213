import { readSourceInstance, type PictureOfResult, type SourceInstances } from '@sightline/dicom-results';
import { codes, concept, type Finding, type ResultSet, type SourceImage } from '@sightline/findings';
import { encodePart10, readDataset, uidFromUuid } from '@sightline/dicom';
import { withoutModality } from './result-set-arbitrary.ts';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goldenFiles } from './golden.ts';
import { axialHead, balls, classicSeries, enhancedSeries } from './phantom.ts';

/** Hex sha256, as an app gives it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Images, what a model says of them, and pictures of it. */
export interface ResultCase {
  sources: SourceInstances;
  set: ResultSet;
  pictures: PictureOfResult[];
}

const models = join(import.meta.dirname, '../../models');
const scan = { ...axialHead, slices: 6, rows: 32, columns: 24 };
const scene = balls(-1000, { centre: [3, -12, 840], radii: [12, 16, 9], value: 60 });

/** The kinds of images that are read: with a place in the patient and without, one frame an object and many. */
export const resultCases = {
  'a radiograph': () => onFiles('chest-xray-paediatric', 'normal-1.dcm', codes.snomed.pneumonia),
  'slices of a head': () => onFiles('brain-haemorrhage', 'head/', codes.snomed.intracranialHaemorrhage),
  'a B-scan': () => onFiles('macular-oedema', 'left.dcm', codes.snomed.macularOedema),
  'slices with a place': async () =>
    resultOn(sourcesOf(classicSeries(scan, scene).map((file) => named(file, '2.25.710'))), codes.snomed.pneumonia),
  'frames of one object': async () =>
    resultOn(sourcesOf([named(enhancedSeries(scan, scene), '2.25.720')]), codes.snomed.pneumonia),
} satisfies Record<string, () => Promise<ResultCase>>;

/** The phantom scanner knows no patient. */
function named(file: Buffer, studyInstanceUid: string): Buffer {
  const read = readDataset(file);
  if (read.kind === 'invalid') throw new Error(read.reason);
  return encodePart10({
    ...read.dataset,
    SpecificCharacterSet: 'ISO_IR 192',
    StudyInstanceUID: studyInstanceUid,
    PatientName: 'Größe^Phantom',
    PatientID: 'PHANTOM',
    StudyDate: '20240917',
    StudyTime: '090100',
    StudyID: '7',
    AccessionNumber: 'A7',
    InstitutionName: 'Hospital',
    RequestAttributesSequence: [{ AccessionNumber: 'A7', RequestedProcedureID: 'R7' }],
    ProcedureCodeSequence: [
      { CodeValue: 'CTHEAD', CodingSchemeDesignator: '99HOSPITAL', CodeMeaning: 'CT of the head' },
    ],
  });
}

async function onFiles(model: string, file: string, code: Parameters<typeof concept>[0]): Promise<ResultCase> {
  const paths = await goldenFiles({ file }, join(models, model, 'golden'));
  return resultOn(sourcesOf(await Promise.all(paths.map((path) => readFile(path)))), code);
}

export function sourcesOf(files: readonly Uint8Array[]): SourceInstances {
  return files.map((file) => {
    const read = readSourceInstance(file);
    if (read.kind === 'invalid') throw new Error(read.reason);
    return read.source;
  });
}

function resultOn(sources: SourceInstances, code: Parameters<typeof concept>[0]): ResultCase {
  const [first] = sources;
  if (first === undefined) throw new Error('no source');
  const images = sources.flatMap(({ header, frames }) =>
    frames.map(({ frameNumber }) => ({
      seriesInstanceUid: header.seriesInstanceUid,
      sopClassUid: header.sopClassUid,
      sopInstanceUid: header.sopInstanceUid,
      ...(frames.length > 1 && { frame: frameNumber }),
      modality: header.modality,
    })),
  );
  const shown = images.slice(0, 3).map(withoutModality);
  const [frame] = first.frames;
  const finding: Finding = {
    key: 'first',
    trackingIdentifier: 'model@1.0.0/first',
    trackingUid: uidFromUuid(sha256(first.header.sopInstanceUid).slice(0, 32)),
    concept: concept(code),
    site: concept(codes.snomed.lung),
    laterality: 'left',
    presence: 'present',
    certainty: { probability: 0.8125, threshold: 0.1 + 0.2 },
    measurements: [
      {
        concept: { system: codes.snomed.lung.system, code: '81827009', display: 'Diameter' },
        value: 10 / 3,
        unit: { code: 'mm', display: 'mm' },
      },
    ],
    sources: shown,
    sentence: 'Appearances suspicious for something – größer als gedacht.',
  };
  const second: Finding = {
    ...finding,
    key: 'second',
    trackingIdentifier: 'model@1.0.0/second',
    trackingUid: uidFromUuid(sha256(`${first.header.sopInstanceUid} 2`).slice(0, 32)),
    laterality: 'unknown',
    presence: 'not-prioritised',
    measurements: [],
    sources: shown.slice(0, 1),
    sentence: 'Not prioritised; this does not exclude it.',
  };
  return {
    sources,
    set: {
      study: {
        studyInstanceUid: first.header.studyInstanceUid,
        revision: 1,
        patient: first.header.patient,
        modalities: [first.header.modality],
        startedAt: '2024-09-17T09:01:00+01:00',
      },
      model: {
        name: 'model',
        version: '1.0.0',
        title: 'A model',
        sha256: sha256('model'),
        intendedUse: 'tests',
        reports: { category: [concept(codes.loinc.radiology)], code: concept(codes.loinc.chestXray) },
      },
      images,
      findings: [finding, second],
      completedAt: '2026-11-28T10:20:30.456Z',
      generation: 1,
      edition: 1,
      state: 'unreviewed',
      review: { verdicts: [] },
    },
    pictures: picturesOn(shown, { rows: frame?.rows ?? 0, columns: frame?.columns ?? 0 }),
  };
}

/** A region in each encoding and a heat map, on each image; that of the second finding on one image only. */
function picturesOn(
  shown: readonly SourceImage[],
  { rows, columns }: { rows: number; columns: number },
): PictureOfResult[] {
  const whole = { width: columns, height: rows };
  const drawn = shown.flatMap((source, index): PictureOfResult[] => [
    { kind: 'region', encoding: 'binary', findingKey: 'first', source, ...whole, values: disc(whole, index) },
    { kind: 'region', encoding: 'probability', findingKey: 'first', source, ...whole, values: ramp(whole) },
    { kind: 'heat-map', findingKey: 'first', source, width: 7, height: 5, values: ramp({ width: 7, height: 5 }) },
  ]);
  return [
    ...drawn,
    ...shown.slice(0, 1).flatMap((source): PictureOfResult[] => [
      { kind: 'region', encoding: 'binary', findingKey: 'second', source, ...whole, values: disc(whole, 1) },
      { kind: 'heat-map', findingKey: 'second', source, ...whole, values: ramp(whole) },
    ]),
  ];
}

interface Size {
  width: number;
  height: number;
}

/** Ones around the middle, fewer with every step. */
function disc({ width, height }: Size, step: number): Uint8Array {
  const radius = Math.min(width, height) / (3 + step);
  return Uint8Array.from({ length: width * height }, (_, i) =>
    Math.hypot((i % width) - width / 2, Math.floor(i / width) - height / 2) < radius ? 1 : 0,
  );
}

function ramp({ width, height }: Size): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => Math.round((255 * i) / (width * height - 1)));
}

export interface ReviewedState {
  set: ResultSet;
  onlyReport: boolean;
}

const radiologist = { subject: 'r-1', role: 'radiologist', name: 'Zoë Müller' } as const;

/** The states that have an SR, as reached from a fresh result: signed, with its second finding corrected, signed as one of many. */
export function reviewedStates(set: ResultSet): Record<string, ReviewedState> {
  const at = '2026-11-28T11:00:00.000Z';
  const signature = { by: radiologist, at };
  const [first, second] = set.findings;
  if (first === undefined || second === undefined) throw new Error('two findings are needed');
  const correction = {
    verdict: 'corrected',
    trackingUid: second.trackingUid,
    concept: concept(codes.snomed.lungConsolidation),
    by: radiologist,
    at,
  } as const;
  const rejection = {
    verdict: 'rejected',
    trackingUid: second.trackingUid,
    reason: 'motion',
    by: radiologist,
    at,
  } as const;
  const signed: ResultSet = { ...set, state: 'signed', edition: 2, review: { verdicts: [], signature } };
  return {
    unreviewed: { set, onlyReport: true },
    signed: { set: signed, onlyReport: true },
    'signed beside another report': { set: signed, onlyReport: false },
    'signed with a finding corrected': {
      set: { ...signed, review: { verdicts: [correction], signature } },
      onlyReport: true,
    },
    'corrected by a finding rejected': {
      set: { ...signed, state: 'corrected', edition: 3, review: { verdicts: [rejection], signature } },
      onlyReport: true,
    },
  };
}
