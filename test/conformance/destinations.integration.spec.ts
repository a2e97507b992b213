import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  DiagnosticReport,
  Observation,
  Provenance,
  Reference,
  Resource,
  ServiceRequest,
} from '@medplum/fhirtypes';
import { startHl7Receiver, type Hl7Receiver } from '../../tools/sandbox/parts/hl7-peer.ts';
import { startMedplumFhir, type MedplumFhir } from '../support/medplum-fhir.ts';
import { startStrictEhr, type StrictEhr } from '../support/strict-ehr.ts';
import { temporaryDirectory, waitFor, type TemporaryDirectory } from '../support/index.ts';
import { answer } from './answers.ts';
import { person } from './records.ts';
import { olderSystem, patientSystem, startWriterRig, type WriterRig } from './writer-rig.ts';

let rig: WriterRig;
let strict: StrictEhr;
let medplum: MedplumFhir;
let older: Hl7Receiver;
let folder: TemporaryDirectory;

const patient = person('quill', { identifier: [{ system: patientSystem, value: 'Q1' }] });
const order: ServiceRequest = {
  resourceType: 'ServiceRequest',
  id: 'order-1',
  status: 'active',
  intent: 'order',
  identifier: [{ system: 'urn:example:accessions', value: 'ACCQ1' }],
  subject: { reference: 'Patient/quill' },
};

const ids = { strict: '', medplum: '' };

beforeAll(async () => {
  rig = await startWriterRig();
  folder = await temporaryDirectory('destinations');
  [strict, medplum, older] = await Promise.all([
    startStrictEhr(rig.identity),
    startMedplumFhir(rig.identity),
    startHl7Receiver({ directory: folder.path }),
  ]);
  const { tokenUrl, fhirWriter } = rig.identity;
  const other = (name: string, baseUrl: string) => ({
    kind: 'fhir',
    name,
    baseUrl,
    tokenUrl,
    clientId: fhirWriter.clientId,
    keyFile: fhirWriter.keyFile,
    scope: 'system/*.cruds',
    patients: { rule: 'resolve', identifierSystem: patientSystem },
    accessions: [{ system: 'urn:example:accessions' }],
  });
  strict.seed(patient, order);
  await rig.put(patient);
  await rig.put(order);
  ids.medplum = await create(medplum.baseUrl, patient);
  await create(medplum.baseUrl, { ...order, subject: { reference: `Patient/${ids.medplum}` } });
  ids.strict = 'quill';
  await rig.startWriter({
    patients: { rule: 'resolve' },
    ehr: { accessions: [{ system: 'urn:example:accessions' }] },
    others: [other('strict', strict.baseUrl), other('medplum', medplum.baseUrl), olderSystem(older.port)],
  });
}, 600_000);

afterAll(async () => {
  await strict?.stop();
  await medplum?.stop();
  await older?.stop();
  await folder?.remove();
  await rig?.stop();
}, 60_000);

async function create(baseUrl: string, resource: Resource): Promise<string> {
  const { id: _, ...body } = resource;
  const response = await fetch(`${baseUrl}/${resource.resourceType}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await rig.identity.token('system')}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as Resource).id ?? '';
}

const standings = async (study: string): Promise<Record<string, string>> => {
  const rows = await rig.rows<{ destination: string; status: string; reason: string | null }>(
    'select destination, status, reason from delivery where study_instance_uid = $1',
    [study],
  );
  return Object.fromEntries(
    rows.map(({ destination, status, reason }) => [destination, reason === null ? status : `${status}: ${reason}`]),
  );
};

/** Until every destination knows the newest edition. */
const everywhere = (study: string) =>
  waitFor(async () => {
    const all = await standings(study);
    if (Object.values(all).filter((one) => one === 'told').length === 4) return true;
    throw new Error(JSON.stringify(all));
  });

/** Until every destination was told this edition. */
const toldEdition = (study: string, edition: number) =>
  waitFor(async () => {
    const told = await rig.rows('select 1 from told_edition where study_instance_uid = $1 and edition = $2', [
      study,
      edition,
    ]);
    if (told.length === 4) return true;
    throw new Error(JSON.stringify(await standings(study)));
  });

/** Who has signed the version of a study's report that stands in a chart. */
function signaturesOn(reports: readonly DiagnosticReport[], all: readonly Provenance[], study: string) {
  const report = reports.find(({ identifier }) => identifier?.some(({ value }) => value?.startsWith(study)));
  const standing = `DiagnosticReport/${report?.id}/_history/${report?.meta?.versionId}`;
  return all
    .filter(({ target }) => target.some(({ reference }) => reference === standing))
    .flatMap(({ agent }) => agent.map(({ who }) => who.identifier?.value));
}

/** Reports and findings of one study as a chart holds them, without what each server numbers for itself. */
function said(resources: readonly Resource[], study: string): unknown {
  const reports = resources.filter(
    (one): one is DiagnosticReport =>
      one.resourceType === 'DiagnosticReport' &&
      (one.identifier?.some(({ value }) => value?.startsWith(study)) ?? false),
  );
  const findings = resources.filter(
    (one): one is Observation =>
      one.resourceType === 'Observation' && (one.identifier?.some(({ value }) => value?.startsWith(study)) ?? false),
  );
  const byId = new Map(findings.map((one) => [`Observation/${one.id}`, one.identifier?.[0]?.value]));
  return {
    reports: reports.map(
      ({ identifier, status, code, category, conclusion, effectiveDateTime, issued, result, meta }) => ({
        identifier: identifier?.map(({ value }) => value),
        status,
        code,
        category,
        conclusion,
        effectiveDateTime,
        issued,
        label: meta?.security?.map(({ code }) => code),
        result: result?.map(({ reference }: Reference) => byId.get(reference ?? '')),
      }),
    ),
    findings: findings
      .map(
        ({ identifier, status, code, valueCodeableConcept, component, interpretation, bodySite, note, extension }) => ({
          identifier: identifier?.[0]?.value,
          status,
          code,
          valueCodeableConcept,
          component,
          interpretation,
          site: bodySite?.coding,
          note,
          extension,
        }),
      )
      .sort((a, b) => ((a.identifier ?? '') < (b.identifier ?? '') ? -1 : 1)),
  };
}

async function chartsOf(study: string): Promise<{ hapi: unknown; strict: unknown; medplum: unknown }> {
  const hapi = [
    ...(await rig.search<DiagnosticReport>('DiagnosticReport?_count=200')),
    ...(await rig.search<Observation>('Observation?_count=500')),
  ];
  const other = [...(await medplum.held('DiagnosticReport')), ...(await medplum.held('Observation'))];
  return {
    hapi: said(hapi, study),
    strict: said([...strict.held()], study),
    medplum: said(other, study),
  };
}

/** Status of the report and of each finding's presence in the message that came last, which the receiver found no fault with. */
function lastMessage(): { report: string | undefined; presence: string[] } {
  const { errors, rows } = older.received().at(-1) ?? { errors: ['nothing came'], rows: [] };
  expect(errors).toEqual([]);
  const [report, ...results] = rows;
  return {
    report: report?.at(-1),
    presence: results
      .filter(([question, , value]) => question?.startsWith('233604007') && /^\d+$/.test(value ?? ''))
      .map((row) => `${row[2] ?? ''} ${row[3] ?? ''}`),
  };
}

describe('three servers that can do different things, and an older system', () => {
  const first = answer({ images: 2, laterality: 'left', patient: { id: 'Q1' } });
  const study = first.study.studyInstanceUid;

  it('hold the same report and the same findings', async () => {
    await rig.say(first);
    await everywhere(study);
    const charts = await chartsOf(study);
    expect(charts.hapi).toMatchObject({
      reports: [{ status: 'partial' }],
      findings: [{ status: 'preliminary' }, { status: 'preliminary' }],
    });
    expect(charts.strict).toEqual(charts.hapi);
    expect(charts.medplum).toEqual(charts.hapi);
  }, 120_000);

  it('and the older system was told the same by HL7 v2', () => {
    const { report, presence } = lastMessage();
    expect(report).toBe('R');
    expect(presence).toEqual([expect.stringMatching(/^52101004.* R$/), expect.stringMatching(/^52101004.* R$/)]);
  });

  it('refer to the order on each, as that server knows it', async () => {
    const held: Resource[] = [...strict.held()];
    const orders = held.filter((one): one is DiagnosticReport => one.resourceType === 'DiagnosticReport');
    expect(orders[0]?.basedOn?.[0]?.reference).toBe('ServiceRequest/order-1');
    expect(orders[0]?.subject?.reference).toBe(`Patient/${ids.strict}`);
    const [there] = (await medplum.held('DiagnosticReport')) as DiagnosticReport[];
    expect(there?.subject?.reference).toBe(`Patient/${ids.medplum}`);
  });

  it('hold the same after a newer revision, and nothing twice', async () => {
    await rig.say(
      answer({ studyInstanceUid: study, revision: 2, images: 1, presence: 'absent', patient: { id: 'Q1' } }),
    );
    await toldEdition(study, 2);
    const charts = await chartsOf(study);
    expect(charts.hapi).toMatchObject({
      reports: [{ status: 'partial' }],
      findings: [{ status: 'preliminary' }, { status: 'entered-in-error' }],
    });
    expect(charts.strict).toEqual(charts.hapi);
    expect(charts.medplum).toEqual(charts.hapi);
    expect(lastMessage().presence).toEqual([expect.stringMatching(/^2667000.* R$/), expect.stringMatching(/ D$/)]);
  }, 120_000);

  it('a signature makes it final on each, and is on the version that stands where a server takes signatures', async () => {
    const signed = answer({ images: 2, patient: { id: 'Q1' } });
    const uid = signed.study.studyInstanceUid;
    await rig.say(signed);
    await everywhere(uid);
    const [shown] = await rig.rows<{ url: string; version: string }>(
      `select report_url as url, version_id as version from told_edition
       where study_instance_uid = $1 and destination = 'ehr'`,
      [uid],
    );
    if (shown === undefined || signed.model === undefined || signed.outcome.kind !== 'findings') throw new Error();
    await rig.review({
      studyInstanceUid: uid,
      revision: 1,
      model: signed.model,
      report: { url: shown.url, versionId: shown.version },
      reviewer: { subject: 'r-1', role: 'radiologist', name: 'Dr Reader' },
      verdicts: signed.outcome.findings.map(({ trackingUid }) => ({ verdict: 'accepted', trackingUid })),
      signed: true,
      recordedAt: new Date().toISOString(),
    });
    await toldEdition(uid, 2);
    const charts = await chartsOf(uid);
    expect(charts.hapi).toMatchObject({
      reports: [{ status: 'final' }],
      findings: [{ status: 'final' }, { status: 'final' }],
    });
    expect(charts.strict).toEqual(charts.hapi);
    expect(charts.medplum).toEqual(charts.hapi);
    const hapi = await rig.search<DiagnosticReport>('DiagnosticReport?_count=200');
    expect(signaturesOn(hapi, await rig.search<Provenance>('Provenance?_count=500'), uid)).toEqual(['r-1']);
    const there = (await medplum.held('DiagnosticReport')) as DiagnosticReport[];
    expect(signaturesOn(there, (await medplum.held('Provenance')) as Provenance[], uid)).toEqual(['r-1']);
  }, 120_000);

  it('a refusal of what was ordered is a cancelled report on each', async () => {
    const refused = answer({
      patient: { id: 'Q1' },
      outcome: { kind: 'skipped', reason: 'blank', detail: 'The image shows next to nothing.' },
    });
    await rig.say(refused);
    await everywhere(refused.study.studyInstanceUid);
    const charts = await chartsOf(refused.study.studyInstanceUid);
    expect(charts.hapi).toMatchObject({ reports: [{ status: 'cancelled' }], findings: [{ status: 'cancelled' }] });
    expect(charts.strict).toEqual(charts.hapi);
    expect(charts.medplum).toEqual(charts.hapi);
  }, 120_000);
});

describe('a destination that is away', () => {
  it('waits alone: the others are told at once, and it is told afterwards', async () => {
    const said_ = answer({ patient: { id: 'Q1' } });
    const study = said_.study.studyInstanceUid;
    await rig.proxy.disconnect();
    await rig.say(said_);
    await waitFor(async () => {
      const { strict: one, medplum: two } = await standings(study);
      return one === 'told' && two === 'told';
    });
    expect((await standings(study))['ehr']).toMatch(/^due/);
    await rig.proxy.connect();
    await everywhere(study);
  }, 120_000);
});

describe('creating one after the other, interrupted', () => {
  it('goes on where it was, and leaves nothing twice', async () => {
    const said_ = answer({ images: 3, patient: { id: 'Q1' } });
    const study = said_.study.studyInstanceUid;
    let creations = 0;
    // The second creation is done, and nobody hears of it.
    strict.after = (asked, done) =>
      asked.method === 'POST' && asked.path === 'Observation' && ++creations === 2
        ? { ...done, kind: 'cut', body: 'half of an answer' }
        : done;
    await rig.say(said_);
    await everywhere(study);
    const charts = await chartsOf(study);
    expect(creations).toBeGreaterThanOrEqual(2);
    expect(charts.strict).toEqual(charts.hapi);
  }, 120_000);
});
