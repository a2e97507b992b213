import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isOwnOutput, readHeader } from '@sightline/dicom';
import {
  dicomObjectsOf,
  readRejectionNote,
  readStructuredReport,
  toldFindings,
  type DicomObject,
  type DicomObjects,
  type PictureOfResult,
  type ToldFinding,
} from '@sightline/dicom-results';
import type { Finding } from '@sightline/findings';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pythonEnvironment } from '../../tools/check/python-environment.ts';
import { runCommand } from '../../tools/check/run-command.ts';
import { root } from '../../tools/check/steps.ts';
import { resultCases, reviewedStates, sha256, type ResultCase, type ReviewedState } from '../support/dicom-results.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/index.ts';

/** One state of one result, and the objects that tell it. */
interface Made extends ReviewedState {
  name: string;
  result: ResultCase;
  objects: DicomObjects;
}

let directory: TemporaryDirectory;
const made: Made[] = [];
const notes: DicomObject[] = [];
let found: Record<string, unknown> = {};

const options = { digest: sha256, onlyReport: true, now: '2026-11-28T12:00:00Z' };

function allOf({ structuredReport, segmentations, parametricMaps, secondaryCaptures, keyObjects }: DicomObjects) {
  const report = structuredReport === undefined ? [] : [structuredReport];
  return [...report, ...segmentations, ...parametricMaps, ...secondaryCaptures, ...keyObjects];
}

function objectsOf(...[set, sources, pictures, filed, given]: Parameters<typeof dicomObjectsOf>): DicomObjects {
  const objects = dicomObjectsOf(set, sources, pictures, filed, given);
  if (objects.kind === 'invalid') throw new Error(objects.reason);
  return objects;
}

function makeStates(name: string, result: ResultCase): void {
  const { set, sources, pictures } = result;
  const filed = allOf(objectsOf(set, sources, pictures, [], options));
  for (const [state, { set: reviewed, onlyReport }] of Object.entries(reviewedStates(set))) {
    const before = state === 'unreviewed' ? [] : filed;
    const objects = objectsOf(reviewed, sources, pictures, before, { ...options, onlyReport });
    made.push({ name: `${name}, ${state}`, result, set: reviewed, onlyReport, objects });
  }
  for (const state of ['rejected', 'withdrawn'] as const) {
    notes.push(...objectsOf({ ...set, state, edition: 3 }, sources, pictures, filed, options).keyObjects);
  }
}

async function ask(program: string, ...args: string[]): Promise<string> {
  const { output } = await runCommand([program, ...args], { show: false, limitMs: 5 * 60_000 });
  return output;
}

beforeAll(async () => {
  directory = await temporaryDirectory('dicom-objects');
  for (const [name, make] of Object.entries(resultCases)) makeStates(name, await make());
  const every = [...made.flatMap(({ objects }) => allOf(objects)), ...notes];
  await Promise.all(every.map(({ sopInstanceUid, bytes }) => writeFile(fileOf(sopInstanceUid), bytes)));
  const requirements = join(import.meta.dirname, 'dicom-requirements.txt');
  const python = await pythonEnvironment(join(root, 'node_modules/.cache/sightline/dicom'), [requirements]);
  if (python.kind === 'missing') throw new Error(python.line);
  const said = await ask(python.bin('python'), join(import.meta.dirname, 'read-dicom-objects.py'), directory.path);
  found = JSON.parse(said.slice(said.indexOf('{'))) as Record<string, unknown>;
}, 900_000);

afterAll(() => directory.remove());

function fileOf(sopInstanceUid: string): string {
  return join(directory.path, `${sopInstanceUid}.dcm`);
}

function foundIn({ sopInstanceUid }: DicomObject): unknown {
  return found[`${sopInstanceUid}.dcm`];
}

function reportIn({ structuredReport }: DicomObjects): DicomObject {
  if (structuredReport === undefined) throw new Error('no report');
  return structuredReport;
}

/** Warnings that say nothing is wrong: a private coding scheme is none of the tool's, and what no image states is not made up. */
const unavoidable = [
  /Unrecognized defined term <99\w+> for value 1 of attribute <Coding Scheme Designator>/,
  /only permitted to be empty when actually unknown.*<Laterality>/,
];

describe('dciodvfy', () => {
  it('finds no error in any object, and no warning that could be helped', async () => {
    const every = [...made.flatMap(({ objects }) => allOf(objects)), ...notes];
    expect(new Set(every.map(({ sopClassUid }) => sopClassUid)).size).toBe(6);
    for (const { sopInstanceUid, sopClassUid } of every) {
      const lines = (await ask('dciodvfy', fileOf(sopInstanceUid))).split('\n');
      const complaints = lines.filter((line) => /Error|Warning/.test(line));
      const helped = complaints.filter((line) => !unavoidable.some((known) => known.test(line)));
      expect([sopClassUid, helped]).toEqual([sopClassUid, []]);
      expect(
        lines.some((line) => /^(Comprehensive3DSR|Segmentation|ParametricMap|\w*SCImage|KeyObject)/.test(line)),
      ).toBe(true);
    }
  });
});

describe('DCMTK', () => {
  it('reads every document by the rules for relationships of its kind', async () => {
    for (const { sopInstanceUid } of [...made.map(({ objects }) => reportIn(objects)), ...notes]) {
      const said = await ask('dsrdump', fileOf(sopInstanceUid));
      expect(said).toMatch(/^<CONTAINER:/m);
      expect(said.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
    }
  });
});

describe('every object', () => {
  it('lies in the study of its images, of the same patient, and is known again as our own', () => {
    for (const { result, objects } of made) {
      const [source] = result.sources;
      for (const object of allOf(objects)) {
        const read = readHeader(object.bytes);
        if (read.kind === 'invalid') throw new Error(read.reason);
        expect(isOwnOutput(read.header)).toBe(true);
        const { studyInstanceUid, patient, accessionNumber } = source?.header ?? read.header;
        expect({ patient, accessionNumber }).toEqual({
          patient: read.header.patient,
          accessionNumber: read.header.accessionNumber,
        });
        expect(foundIn(object)).toMatchObject({ study: studyInstanceUid, sopInstanceUid: object.sopInstanceUid });
      }
    }
  });
});

const sideWords: Record<Finding['laterality'], string[]> = {
  left: ['Left'],
  right: ['Right'],
  bilateral: ['Right and left'],
  unknown: [],
};

const presenceCodes: Record<Finding['presence'], string[]> = {
  present: ['SCT', '52101004', 'Present'],
  absent: ['SCT', '272519000', 'Absent'],
  'not-prioritised': ['99SL_PRESENCE', 'not-prioritised', 'Not prioritised'],
};

/** A finding as the other reader gives it. */
function expectedGroup(told: ToldFinding): object {
  const { finding } = told;
  const { concept, site, laterality, sources } = finding;
  const common = {
    trackingIdentifier: finding.trackingIdentifier,
    trackingUid: finding.trackingUid,
    finding: ['SCT', concept.code, concept.display],
    sites: site === undefined ? [] : [['SCT', site.code, site.display]],
    sides: site === undefined ? [] : sideWords[laterality],
    sentence: [finding.sentence],
    sources: sources.map(({ sopInstanceUid, frame }) => [sopInstanceUid, frame === undefined ? [] : [frame]]),
  };
  if (told.by === 'person') {
    const nothing = { measurements: [], algorithm: [], explanations: [] };
    return { ...common, ...nothing, observers: [`${told.finding.observer}^`], presence: [presenceCodes.present] };
  }
  const { certainty, measurements, presence } = told.finding;
  return {
    ...common,
    observers: [],
    algorithm: ['model', '1.0.0'],
    presence: [presenceCodes[presence]],
    measurements: [
      [['DCM', '111012', 'Certainty of Finding'], certainty.probability, '1'],
      [['99SL_COMPONENT', 'decision-threshold', 'Decision threshold'], certainty.threshold, '1'],
      ...measurements.map((one) => [['SCT', one.concept.code, one.concept.display], one.value, one.unit.code]),
    ],
  };
}

describe('highdicom', () => {
  it('reads in each report what stands of the findings, who verified it, and the one before', () => {
    for (const { set, objects } of made) {
      const report = reportIn(objects);
      const told = toldFindings(set);
      const signed = set.review.signature !== undefined;
      const read = foundIn(report) as { groups: { trackingUid: string }[] };
      expect(read).toMatchObject({
        verification: signed ? 'VERIFIED' : 'UNVERIFIED',
        verifiers: signed ? ['Zoë Müller^'] : [],
        predecessors: signed ? [expect.stringMatching(/^2\.25\./)] : [],
      });
      expect(read.groups).toHaveLength(told.length);
      for (const one of told) {
        const group = read.groups.find(({ trackingUid }) => trackingUid === one.finding.trackingUid);
        expect(group).toMatchObject(expectedGroup(one));
      }
    }
  });

  it('reads what our own reader reads', () => {
    for (const { set, objects } of made) {
      const own = readStructuredReport(reportIn(objects).bytes);
      expect(own).toMatchObject({ kind: 'report', report: { findings: toldFindings(set) } });
    }
  });

  it('finds the segment and the maps that a report points at, by the template for one image or several', () => {
    for (const { result, objects } of made.filter(({ set }) => set.state === 'unreviewed')) {
      const read = foundIn(reportIn(objects)) as {
        groups: { trackingUid: string; explanations: string[]; template: string }[];
        regions: Record<string, string[]>;
      };
      const [first, second] = result.set.findings;
      const images = first?.sources.length ?? 0;
      const uids = (all: DicomObject[]): string[] => all.map(({ sopInstanceUid }) => sopInstanceUid);
      const templates = new Map(read.groups.map(({ trackingUid, template }) => [trackingUid, template]));
      expect(templates).toEqual(
        new Map([
          [first?.trackingUid, images === 1 ? '1410' : '1411'],
          [second?.trackingUid, '1410'],
        ]),
      );
      const shown = uids([...objects.parametricMaps, ...objects.secondaryCaptures]);
      expect(read.groups.flatMap(({ explanations }) => explanations).toSorted()).toEqual(shown.toSorted());
      const outlines = uids(objects.segmentations);
      for (const region of Object.values(read.regions)) expect(outlines).toContain(region[0]);
      expect(Object.keys(read.regions)).toHaveLength(2);
    }
  });

  it('finds in each segmentation, map and capture the pixels that were drawn, and whose they are', () => {
    for (const { result, objects } of made) {
      const { pictures, set } = result;
      const drawn = (key: string, wanted: (picture: PictureOfResult) => boolean): PictureOfResult[] =>
        pictures.filter((picture) => picture.findingKey === key && wanted(picture));
      for (const object of objects.segmentations) {
        const read = foundIn(object) as { type: string; tracking: string[]; frames: string[] };
        const finding = set.findings.find(({ trackingUid }) => trackingUid === read.tracking[1]);
        const encoding = read.type === 'BINARY' ? 'binary' : 'probability';
        const regions = drawn(finding?.key ?? '', (one) => one.kind === 'region' && one.encoding === encoding);
        expect(read.frames.toSorted()).toEqual(regions.map(({ values }) => hashOf(values)).toSorted());
        expect(read).toMatchObject({
          algorithm: ['model', '1.0.0'],
          tracking: [finding?.trackingIdentifier, finding?.trackingUid],
        });
      }
      const maps = drawn('first', ({ kind }) => kind === 'heat-map');
      const framesOf = (some: readonly DicomObject[]): string[] =>
        some.flatMap((one) => (foundIn(one) as { frames: string[] }).frames);
      expect(framesOf(objects.parametricMaps)).toEqual(
        expect.arrayContaining(maps.map(({ values }) => hashOf(floats(values)))),
      );
      expect(framesOf(objects.secondaryCaptures)).toEqual(
        expect.arrayContaining(maps.map(({ values }) => hashOf(values))),
      );
    }
  });

  it('reads key images and rejection notes as titled, with what they name', () => {
    for (const { set, objects } of made) {
      const [selected] = objects.keyObjects;
      if (selected === undefined) throw new Error('no key images');
      const present = toldFindings(set).filter(
        ({ by, finding }) => by === 'person' || ('presence' in finding && finding.presence === 'present'),
      );
      const images = new Set(
        present.flatMap(({ finding }) => finding.sources.map(({ sopInstanceUid }) => sopInstanceUid)),
      );
      const read = foundIn(selected) as { title: string[]; references: string[] };
      expect(read.title).toEqual(['DCM', '113000', 'Of Interest']);
      expect(new Set(read.references)).toEqual(images);
    }
    expect(notes).toHaveLength(2 * Object.keys(resultCases).length);
    for (const note of notes) {
      const own = readRejectionNote(note.bytes);
      if (own.kind !== 'rejection-note') throw new Error(own.kind);
      const read = foundIn(note) as { title: string[]; references: string[] };
      expect(read.title[1]).toBe(own.note.title.code);
      expect(read.references).toEqual(own.note.instances.map(({ sopInstanceUid }) => sopInstanceUid));
    }
  });
});

function hashOf(values: Uint8Array): string {
  return createHash('sha256').update(values).digest('hex');
}

function floats(values: Uint8Array): Uint8Array {
  return new Uint8Array(Float32Array.from(values, (value) => value / 255).buffer);
}
