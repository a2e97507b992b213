import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ModelManifest } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import { derivedUid, wrapImage } from '../../tools/evaluate/wrap-image.ts';
import { root } from '../../tools/check/steps.ts';
import { type Sandbox, startSandbox } from '../../tools/sandbox/sandbox.ts';
import { type Door, getJson, reportsOf, type StudyView } from '../support/client.ts';
import {
  storescu,
  type TemporaryDirectory,
  temporaryDirectory,
  validateEverything,
  waitFor,
} from '../support/index.ts';
import { axialHead, balls, classicSeries, type Scan } from '../support/phantom.ts';

jest.setTimeout(180_000);

/** The graph of `bright` says grey / 16 - 8 of a picture of one grey: what a worker makes of it is all that is tested here. */
const bright = join(root, 'libs/inference/test-models/bright');

type Changes = (manifest: ModelManifest) => Partial<ModelManifest>;

/** `bright` as a model of head CT: a study at a time. */
const brightHead: Changes = ({ outputs, evaluation, input }) => ({
  name: 'bright-head',
  worker: 'ct',
  answer: { unit: 'study', smoothed: 'neighbours', aggregation: { kind: 'mean-of-top', count: 3 } },
  input: {
    ...input,
    modalities: ['CT'],
    selection: { kind: 'volume', leastSlices: 16, plane: 'axial' },
    preparation: { ...input.preparation, grey: { kind: 'window', center: 40, width: 120 } },
  },
  outputs: outputs.map((output) => ({
    ...output,
    key: 'haemorrhage',
    finding: concept(codes.snomed.intracranialHaemorrhage),
    site: concept(codes.snomed.brain),
    below: 'not-prioritised',
  })),
  applicability: { modality: ['CT'], bodyPart: ['HEAD'], scores: [] },
  wording: { subject: 'head CT', notAssessed: 'kind, side and size not assessed' },
  evaluation: {
    ...evaluation,
    labels: { haemorrhage: 'any' },
    study: { column: 'patient', order: 'slice' },
    primary: { ...evaluation.primary, output: 'haemorrhage' },
  },
});

/** `bright` as a model of OCT: an image at a time. */
const brightRetina: Changes = ({ outputs, evaluation, input }) => ({
  name: 'bright-retina',
  worker: 'ophthalmic',
  input: { ...input, modalities: ['OPT'] },
  outputs: outputs.map((output) => ({
    ...output,
    key: 'macular-oedema',
    finding: concept(codes.snomed.macularOedema),
    site: concept(codes.snomed.retina),
  })),
  applicability: { modality: ['OPT'], bodyPart: ['EYE', 'RETINA'], scores: [] },
  wording: { subject: 'OCT scan', notAssessed: 'thickness not assessed' },
  evaluation: {
    ...evaluation,
    labels: { 'macular-oedema': 'dme' },
    primary: { ...evaluation.primary, output: 'macular-oedema' },
  },
});

async function addBright(modelsDir: string, changes: Changes): Promise<void> {
  const manifest = JSON.parse(await readFile(join(bright, 'model.json'), 'utf8')) as ModelManifest;
  const changed = { ...manifest, ...changes(manifest) };
  const folder = join(modelsDir, changed.name);
  await mkdir(join(folder, 'golden'), { recursive: true });
  await cp(join(bright, '1'), join(folder, '1'), { recursive: true });
  await cp(join(bright, 'golden/dark.dcm'), join(folder, 'golden/radiograph.dcm'));
  const refused = [{ file: 'radiograph.dcm', expected: { outcome: 'skipped', reason: 'wrong-modality' } }];
  await writeFile(join(folder, 'golden/golden.json'), JSON.stringify(refused));
  await writeFile(join(folder, 'model.json'), JSON.stringify({ ...changed, evidence: [] }));
}

/** A head of one grey within the window, Hounsfield units, as twenty slices. */
function headCt(name: string, brain: number, part = 'HEAD'): { uid: string; files: Uint8Array[] } {
  const uid = derivedUid(name);
  const scan: Scan = {
    ...axialHead,
    slices: 20,
    sliceSpacing: 5,
    samples: 1,
    also: (slice) => ({
      StudyInstanceUID: uid,
      SeriesInstanceUID: derivedUid(`${name}/series`),
      FrameOfReferenceUID: derivedUid(`${name}/frame`),
      SOPInstanceUID: derivedUid(`${name}/${slice}`),
      BodyPartExamined: part,
      PatientID: `DRAWN-${name}`,
      PatientName: 'DRAWN^HEAD',
      PatientAge: '045Y',
      StudyDate: '20260101',
    }),
  };
  const head = balls(brain, { centre: [3, -12, 840], radii: [5, 5, 5], value: brain });
  return { uid, files: classicSeries(scan, head) };
}

/** A drawn B-scan: the header says eye and side. */
function scanOf(name: string, laterality: 'L' | 'R' | undefined, grey: number): { uid: string; files: Uint8Array[] } {
  const picture = { width: 96, height: 48, grey: new Uint8Array(96 * 48).fill(grey) };
  const file = wrapImage(name, picture, {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.77.1.5.4',
    Modality: 'OPT',
    BodyPartExamined: 'EYE',
    PatientID: `DRAWN-${name}`,
    PatientName: 'DRAWN^EYE',
    ...(laterality !== undefined && { ImageLaterality: laterality }),
  });
  return { uid: derivedUid(`${name}/study`), files: [file] };
}

describe('a CT and an OCT study on their way to the chart', () => {
  let directory: TemporaryDirectory;
  let sandbox: Sandbox;
  let clinician: string;
  let fhir: Door;

  beforeAll(async () => {
    directory = await temporaryDirectory('ct-and-oct');
    const modelsDir = join(directory.path, 'models');
    await addBright(modelsDir, brightHead);
    await addBright(modelsDir, brightRetina);
    // All but audit-monitor, which would not have `bright` before patients: nothing vouches for it.
    const told = ['dicom-ingest', 'ct-worker', 'ophthalmic-worker', 'fhir-writer'];
    sandbox = await startSandbox({
      directory: join(directory.path, 'sandbox'),
      ports: 'free',
      env: Object.fromEntries(told.map((app) => [app, { MODELS_DIR: modelsDir }])),
    });
    clinician = await sandbox.token('clinician');
    fhir = { url: sandbox.endpoints.fhirBaseUrl, token: clinician };
  }, 300_000);

  afterAll(async () => {
    await sandbox?.stop();
    await directory?.remove();
  });

  async function send({ uid, files }: { uid: string; files: readonly Uint8Array[] }): Promise<void> {
    const folder = join(directory.path, uid);
    await mkdir(folder, { recursive: true });
    const paths = files.map((_, i) => join(folder, `${i}.dcm`));
    await Promise.all(files.map((file, i) => writeFile(paths[i] ?? '', file)));
    expect(await storescu(sandbox.endpoints.dicom, paths)).toMatchObject({ code: 0 });
  }

  /** What is shown of a study once its model has spoken and what can be filed is. */
  const answered = (uid: string) =>
    waitFor(
      async () => {
        const url = `${sandbox.endpoints.readingRoomUrl}/api/studies/${uid}`;
        const { body } = await getJson<StudyView>(url, clinician);
        const done = body?.reports?.filter(({ outcome, filedAt }) => outcome === 'skipped' || filedAt !== undefined);
        return done?.length === 1 ? body : undefined;
      },
      { timeout: 90_000 },
    );

  async function observationOf(uid: string): Promise<{ report: DiagnosticReport | undefined; said: Observation }> {
    const [report, ...more] = await reportsOf(fhir, uid);
    expect(more).toEqual([]);
    const reference = report?.result?.[0]?.reference ?? '';
    const { body } = await getJson<Observation>(`${fhir.url}/${reference}`, clinician);
    return { report, said: body };
  }

  it('a head CT becomes one report of the study', async () => {
    const study = headCt('bleeding', 80);
    await send(study);
    const { reports } = await answered(study.uid);
    expect(reports).toMatchObject([{ model: { name: 'bright-head' }, outcome: 'findings' }]);
    const { report, said } = await observationOf(study.uid);
    expect(report?.category?.flatMap(({ coding }) => coding?.map(({ code }) => code))).toContain('RAD');
    expect(said.valueCodeableConcept?.coding?.[0]?.code).toBe('52101004');
    expect(said.code.coding?.map(({ code }) => code)).toContain('1386000');
  });

  it('a head CT below the threshold is not prioritised, which is never said as "absent"', async () => {
    const study = headCt('quiet', 20);
    await send(study);
    await answered(study.uid);
    const { report, said } = await observationOf(study.uid);
    expect(said.valueCodeableConcept?.coding?.[0]?.code).not.toBe('2667000');
    expect(`${report?.conclusion} ${said.valueCodeableConcept?.text}`).toMatch(/not prioritised/i);
    expect(`${report?.conclusion}`).not.toMatch(/no (sign of |evidence of )?(intracranial )?h(a)?emorrhage/i);
  });

  it('a CT of another body part is skipped(wrong-body-part) and never filed', async () => {
    const study = headCt('abdomen', 80, 'ABDOMEN');
    await send(study);
    const { state, reports } = await answered(study.uid);
    expect(state).toBe('refused');
    expect(reports.map(({ reason }) => reason)).toEqual(['wrong-body-part']);
    expect(await reportsOf(fhir, study.uid)).toEqual([]);
  });

  it.each([
    ['right', 'R'],
    ['left', 'L'],
    ['side unknown', undefined],
  ] as const)('an OCT scan has the side its header says, whatever is on it: %s', async (side, laterality) => {
    const study = scanOf(`eye ${side}`, laterality, 200);
    await send(study);
    const { reports } = await answered(study.uid);
    expect(reports).toMatchObject([{ model: { name: 'bright-retina' }, outcome: 'findings' }]);
    const { report, said } = await observationOf(study.uid);
    expect(report?.category?.flatMap(({ coding }) => coding?.map(({ code }) => code))).toContain('394594003');
    expect(said.bodySite?.text).toMatch(new RegExp(side));
  });

  it('leaves a chart that passes the FHIR server’s own validator, without one dangling reference', async () => {
    const types = ['Patient', 'ImagingStudy', 'Device', 'Observation', 'DiagnosticReport', 'Provenance', 'Media'];
    const verdict = await validateEverything(fhir.url, clinician, types);
    expect(verdict.validated).toBeGreaterThan(10);
    expect(verdict.errors).toEqual([]);
    expect(verdict.dangling).toEqual([]);
  });
});
