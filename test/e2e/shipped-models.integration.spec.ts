import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle, DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readHeader } from '@sightline/dicom';
import { type Sandbox, startSandbox } from '../../tools/sandbox/sandbox.ts';
import { type Door, getJson, reportsOf, search, type StudyView } from '../support/client.ts';
import {
  freshInstance,
  goldenDirectory,
  goldenFiles,
  type Golden,
  readGolden,
  turnUpsideDown,
} from '../support/golden.ts';
import {
  echoscu,
  resultTypes,
  storescu,
  type TemporaryDirectory,
  temporaryDirectory,
  validateEverything,
  waitFor,
} from '../support/index.ts';

/** Models whose real pictures may not be passed on: their golden inputs are drawn. */
const drawn = ['brain-haemorrhage', 'macular-oedema'].map((name) => ({
  name,
  folder: join(goldenDirectory, '../..', name, 'golden'),
}));

describe('a study on its way to the chart', () => {
  let directory: TemporaryDirectory;
  let sandbox: Sandbox;
  let clinician: string;
  let fhir: Door;
  let golden: Golden[];
  const uids = new Map<string, string>();

  beforeAll(async () => {
    directory = await temporaryDirectory('e2e');
    golden = await readGolden();
    sandbox = await startSandbox({
      directory: join(directory.path, 'sandbox'),
      ports: 'free',
      onProgress: () => undefined,
    });
    clinician = await sandbox.token('clinician');
    fhir = { url: sandbox.endpoints.fhirBaseUrl, token: clinician };
    for (const each of golden) uids.set(each.file, await studyUidOf(await goldenFiles(each)));
  }, 300_000);

  afterAll(async () => {
    await sandbox?.stop();
    await directory?.remove();
  });

  async function studyUidOf([path = '']: readonly string[]): Promise<string> {
    const read = readHeader(await readFile(path));
    if (read.kind !== 'header') throw new Error(`${path}: ${read.reason}`);
    return read.header.studyInstanceUid;
  }

  const studyView = async (uid: string) =>
    (await getJson<StudyView>(`${sandbox.endpoints.readingRoomUrl}/api/studies/${uid}`, clinician)).body;
  const settled = (uid: string) =>
    waitFor(
      async () => {
        const view = await studyView(uid);
        return ['refused', 'failed'].includes(view?.state) || view?.reports?.some(({ filedAt }) => filedAt)
          ? view
          : undefined;
      },
      { timeout: 90_000 },
    );

  it('is answered by C-ECHO at the door', async () => {
    expect(await echoscu(sandbox.endpoints.dicom)).toMatchObject({ code: 0 });
  });

  it('sent by storescu becomes a report whose findings equal the golden values within 1e-3', async () => {
    const read = golden.filter(({ expected }) => expected.outcome === 'findings');
    expect(read).toHaveLength(6);
    const sent = await storescu(
      sandbox.endpoints.dicom,
      read.map(({ file }) => join(goldenDirectory, file)),
    );
    expect(sent).toMatchObject({ code: 0 });
    for (const { file, expected } of read) {
      if (expected.outcome !== 'findings') continue;
      const uid = uids.get(file) ?? '';
      const view = await settled(uid);
      expect(view.state).toBe('read');
      const [report, ...more] = await reportsOf(fhir, uid);
      expect(more).toEqual([]);
      expect(report).toMatchObject({ status: 'partial', code: { text: expect.stringMatching(/^AI analysis: /) } });
      const observations = await observationsOf(report);
      expect(observations).toHaveLength(Object.keys(expected.probability).length);
      const said = observations[0];
      const probability = said?.component?.find(({ code }) => code.coding?.some((c) => c.code === '111012'))
        ?.valueQuantity?.value;
      expect(Math.abs((probability ?? Number.NaN) - (expected.probability['pneumonia'] ?? Number.NaN))).toBeLessThan(
        1e-3,
      );
      const presence = said?.valueCodeableConcept?.coding?.[0]?.code;
      expect(presence).toBe(expected.present['pneumonia'] === true ? '52101004' : '2667000');
      expect(said?.status).toBe('preliminary');
    }
  });

  async function observationsOf(report: DiagnosticReport | undefined): Promise<Observation[]> {
    const observations: Observation[] = [];
    for (const { reference } of report?.result ?? []) {
      const { status, body } = await getJson<Observation>(`${fhir.url}/${reference}`, clinician);
      expect(status).toBe(200);
      observations.push(body);
    }
    return observations;
  }

  it('is signed in the reading room, and final in the chart', async () => {
    const one = golden.find(({ expected }) => expected.outcome === 'findings');
    const uid = uids.get(one?.file ?? '') ?? '';
    const [shown] = (await settled(uid)).reports;
    const { model = { name: '', version: '' }, findings = [], seen } = shown ?? {};
    const answered = await fetch(
      `${sandbox.endpoints.readingRoomUrl}/api/studies/${uid}/reports/${model.name}@${model.version}/review`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await sandbox.token('radiologist')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          seen,
          verdicts: findings.map(({ trackingUid }) => ({ verdict: 'accepted', trackingUid })),
          sign: true,
        }),
      },
    );
    expect([answered.status, await answered.text()]).toEqual([201, expect.any(String)]);
    const signed = await waitFor(async () => (await studyView(uid)).reports.find(({ state }) => state === 'signed'));
    expect(signed.findings).toHaveLength(findings.length);
    const [report] = await reportsOf(fhir, uid);
    expect(report).toMatchObject({ status: 'final', meta: { security: [{ code: 'AIAST' }] } });
    expect((await observationsOf(report)).map(({ status }) => status)).toEqual(findings.map(() => 'final'));
  });

  it('that no model may read is shown as skipped(no-model) and never filed', async () => {
    const files = await goldenFiles({ file: 'no-model/' });
    expect(await storescu(sandbox.endpoints.dicom, files)).toMatchObject({ code: 0 });
    const uid = uids.get('no-model/') ?? '';
    const view = await settled(uid);
    expect(view.state).toBe('refused');
    expect(view.reports).toEqual([expect.objectContaining({ outcome: 'skipped', reason: 'no-model', findings: [] })]);
    expect(await search(fhir, `ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:${uid}`)).toEqual([]);
    expect(await reportsOf(fhir, uid)).toEqual([]);
  });

  it.each(drawn)('drawn for $name is said of, or refused, as its maker recorded', async ({ name, folder }) => {
    for (const each of await readGolden(folder)) {
      const files = await goldenFiles(each, folder);
      const uid = await studyUidOf(files);
      expect(await storescu(sandbox.endpoints.dicom, files, ['-xr'])).toMatchObject({ code: 0 });
      const view = await settled(uid);
      expect(view.reports).toMatchObject([{ model: { name }, outcome: each.expected.outcome }]);
      const filed = await reportsOf(fhir, uid);
      if (each.expected.outcome === 'skipped') {
        expect(view.reports[0]?.reason).toBe(each.expected.reason);
        expect(filed).toEqual([]);
        continue;
      }
      expect(filed).toHaveLength(1);
      for (const { key, probability } of view.reports[0]?.findings ?? [])
        expect(Math.abs(probability - (each.expected.probability[key] ?? Number.NaN))).toBeLessThan(1e-3);
      const said = await observationsOf(filed[0]);
      expect(said).toHaveLength(Object.keys(each.expected.probability).length);
    }
  });

  it.each([
    ['age-unknown', ['-m', 'PatientAge=', '-m', 'PatientBirthDate=']],
    ['age-out-of-range', ['-m', 'PatientAge=045Y', '-m', 'PatientBirthDate=19800101']],
    ['wrong-view', ['-m', 'ViewPosition=LL']],
    ['wrong-body-part', ['-m', 'BodyPartExamined=HAND']],
  ])('outside the intended use is skipped(%s), shown and never filed', async (reason, edits) => {
    const study = await freshInstance(directory.path, 'normal-1.dcm', { edits });
    expect(await storescu(sandbox.endpoints.dicom, [study.path])).toMatchObject({ code: 0 });
    const view = await settled(study.studyInstanceUid);
    expect(view.reports).toEqual([expect.objectContaining({ outcome: 'skipped', reason })]);
    expect(await reportsOf(fhir, study.studyInstanceUid)).toEqual([]);
  });

  it.each(['normal-1.dcm', 'bacterial-1.dcm'])(
    'upside down is skipped(rotated), shown and never filed, least of all as a negative: %s',
    async (file) => {
      const study = await freshInstance(directory.path, file);
      await turnUpsideDown(study.path);
      expect(await storescu(sandbox.endpoints.dicom, [study.path])).toMatchObject({ code: 0 });
      const view = await settled(study.studyInstanceUid);
      expect(view.state).toBe('refused');
      expect(view.reports).toEqual([expect.objectContaining({ outcome: 'skipped', reason: 'rotated', findings: [] })]);
      expect(await reportsOf(fhir, study.studyInstanceUid)).toEqual([]);
    },
  );

  it('sent twice leaves one report', async () => {
    const study = await freshInstance(directory.path);
    await storescu(sandbox.endpoints.dicom, [study.path]);
    await settled(study.studyInstanceUid);
    expect(await storescu(sandbox.endpoints.dicom, [study.path])).toMatchObject({ code: 0 });
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect((await studyView(study.studyInstanceUid)).revision).toBe(1);
    expect(await reportsOf(fhir, study.studyInstanceUid)).toHaveLength(1);
  });

  it('that grows by a late image is revision 2, and the one report is updated', async () => {
    const first = await freshInstance(directory.path);
    await storescu(sandbox.endpoints.dicom, [first.path]);
    await settled(first.studyInstanceUid);
    const second = await freshInstance(directory.path, 'normal-1.dcm', { within: first });
    await storescu(sandbox.endpoints.dicom, [second.path]);
    await waitFor(
      async () => {
        const [report, ...more] = await reportsOf(fhir, first.studyInstanceUid);
        expect(more).toEqual([]);
        return report?.result?.length === 2;
      },
      { timeout: 60_000 },
    );
  });

  it('arrives by STOW-RS as by C-STORE', async () => {
    const study = await freshInstance(directory.path, 'bacterial-1.dcm');
    const boundary = 'sightline-boundary';
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      await readFile(study.path),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const response = await fetch(sandbox.endpoints.stowUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await sandbox.token('radiologist')}`,
        'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
        accept: 'application/dicom+json',
      },
      body,
    });
    expect(response.status).toBe(200);
    await settled(study.studyInstanceUid);
    expect(await reportsOf(fhir, study.studyInstanceUid)).toHaveLength(1);
  });

  it('leaves a chart that passes the FHIR server’s own validator, without one dangling reference', async () => {
    const verdict = await validateEverything(fhir.url, clinician, resultTypes);
    expect(verdict.validated).toBeGreaterThan(20);
    expect(verdict.errors).toEqual([]);
    expect(verdict.dangling).toEqual([]);
  });

  it('is found by patient, category and date, with value, side, status and AI label of every finding', async () => {
    const [report] = await reportsOf(fhir, uids.get('viral-1.dcm') ?? '');
    const patient = report?.subject?.reference ?? '';
    const day = report?.effectiveDateTime?.slice(0, 10) ?? '';
    const query = `DiagnosticReport?patient=${patient}&category=http://terminology.hl7.org/CodeSystem/v2-0074%7CRAD&date=${day}&_include=DiagnosticReport:result`;
    const { body } = await getJson<Bundle<DiagnosticReport | Observation>>(`${fhir.url}/${query}`, clinician);
    const resources = (body.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
    expect(resources.filter(({ resourceType }) => resourceType === 'DiagnosticReport')).toHaveLength(1);
    const observations = resources.filter(
      (resource): resource is Observation => resource.resourceType === 'Observation',
    );
    expect(observations.length).toBe(report?.result?.length);
    for (const observation of observations) {
      expect(observation.status).toBe('preliminary');
      expect(observation.valueCodeableConcept?.coding?.[0]?.system).toBe('http://snomed.info/sct');
      expect(observation.bodySite?.text).toMatch(/side unknown|left|right|both sides/);
      expect(observation.meta?.security?.map(({ code }) => code)).toContain('AIAST');
      expect(observation.component?.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('leaves a verifiable audit trail of every step', async () => {
    const compliance = await sandbox.token('compliance');
    const uid = uids.get('normal-1.dcm') ?? '';
    const trail = await waitFor(async () => {
      const { body } = await getJson<Bundle>(`${sandbox.endpoints.auditUrl}?entity=${uid}&_count=200`, compliance);
      return (body.entry?.length ?? 0) >= 4 ? body.entry : undefined;
    });
    const apps = new Set(
      trail.flatMap(({ resource }) =>
        resource?.resourceType === 'AuditEvent' ? [resource.source.observer.display] : [],
      ),
    );
    expect([...apps].join()).toMatch(/dicom-ingest/);
    expect([...apps].join()).toMatch(/xray-worker/);
    expect([...apps].join()).toMatch(/fhir-writer/);
  });

  it('runs every shipped model as primary by the word of audit-monitor, all its evidence in place', async () => {
    const url = new URL('/models', sandbox.endpoints.auditUrl).href;
    const { body } = await getJson<{ models: { name: string }[] }>(url, await sandbox.token('operator'));
    expect(body.models.map(({ name }) => name)).toContain('chest-xray-paediatric');
    const versions = [{ role: 'primary', decidedBy: 'audit-monitor', missing: [] }];
    for (const model of body.models) expect(model).toMatchObject({ versions });
  });

  it('opens no HTTP door without a valid token, health and metrics aside', async () => {
    const { fhirBaseUrl, readingRoomUrl, stowUrl, auditUrl } = sandbox.endpoints;
    const uid = uids.get('normal-1.dcm') ?? '';
    const doors: [method: string, url: string][] = [
      ['POST', stowUrl],
      ['POST', `${stowUrl}/${uid}`],
      ['GET', `${readingRoomUrl}/api/me`],
      ['GET', `${readingRoomUrl}/api/studies`],
      ['GET', `${readingRoomUrl}/api/studies/${uid}`],
      ['GET', auditUrl],
      ['GET', `${auditUrl}/1`],
      ['GET', new URL('/models', auditUrl).href],
      ['POST', new URL('/models/chest-xray-paediatric/versions/1.0.0/promote', auditUrl).href],
      ['GET', `${fhirBaseUrl}/DiagnosticReport`],
      ['POST', `${fhirBaseUrl}/Patient`],
      ['POST', fhirBaseUrl],
    ];
    const forged = { authorization: `Bearer ${clinician.slice(0, -4)}AAAA` };
    for (const [method, url] of doors) {
      for (const headers of [{}, forged]) {
        const { status } = await fetch(url, { method, headers, ...(method === 'POST' && { body: 'x' }) });
        expect({ method, url, status }).toEqual({ method, url, status: 401 });
      }
    }
    for (const { name } of sandbox.apps.replicas) {
      for (const path of ['/health/live', '/health/ready', '/metrics']) {
        const { status } = await fetch(`${sandbox.apps.urlOf(name)}${path}`);
        expect({ name, path, status }).toEqual({ name, path, status: 200 });
      }
    }
  });

  it('leaves no patient name or id in any log line', async () => {
    const names = new Set<string>();
    for (const { file } of golden.filter(({ expected }) => expected.outcome === 'findings')) {
      const read = readHeader(await readFile(join(goldenDirectory, file)));
      if (read.kind !== 'header') throw new Error(read.reason);
      for (const value of [read.header.patient.name, read.header.patient.id]) if (value !== undefined) names.add(value);
    }
    expect(names.size).toBeGreaterThanOrEqual(6);
    const logs = await appLogs();
    expect(logs.size).toBeGreaterThanOrEqual(5);
    for (const [name, text] of logs) {
      expect(text.length).toBeGreaterThan(0);
      for (const value of names) {
        if (text.includes(value)) throw new Error(`${name} holds ${value}`);
        const family = value.split('^')[0] ?? value;
        if (family.length > 5 && text.includes(`${family}^`)) throw new Error(`${name} holds ${family}`);
      }
    }
  });

  async function appLogs(): Promise<Map<string, string>> {
    const logs = new Map<string, string>();
    const folder = join(directory.path, 'sandbox/logs');
    for (const name of await readdir(folder)) {
      const isOfApp = /^(dicom-ingest|[a-z]+-worker|fhir-writer|audit-monitor|reading-room).*\.log$/.test(name);
      if (isOfApp) logs.set(name, await readFile(join(folder, name), 'utf8'));
    }
    return logs;
  }
});
