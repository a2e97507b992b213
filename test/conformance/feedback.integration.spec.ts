import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditRecorded, InferenceCompleted, ReportFiled, ReviewRecorded } from '@sightline/contracts';
import { codes } from '@sightline/findings';
import type { DiagnosticReport, Observation, Resource } from '@medplum/fhirtypes';
import { startStrictEhr, type StrictEhr } from '../support/strict-ehr.ts';
import { waitFor } from '../support/index.ts';
import { answer } from './answers.ts';
import { person } from './records.ts';
import { patientSystem, startWriterRig, type SiteOptions, type Writer, type WriterRig } from './writer-rig.ts';

/** `ehr` is a real FHIR server that finds by time; `strict` refuses every search but by identifier. */
let rig: WriterRig;
let strict: StrictEhr;
let writer: Writer;
let site: SiteOptions;

const often = { everyMs: 400 };

beforeAll(async () => {
  rig = await startWriterRig();
  strict = await startStrictEhr(rig.identity);
  const patient = person('quill', { identifier: [{ system: patientSystem, value: 'Q1' }] });
  strict.seed(patient, { resourceType: 'Practitioner', id: 'reader' });
  await rig.put(patient);
  await rig.put({ resourceType: 'Practitioner', id: 'reader' });
  const { tokenUrl, fhirWriter } = rig.identity;
  site = {
    patients: { rule: 'resolve' },
    ehr: { feedback: often },
    others: [
      {
        kind: 'fhir',
        name: 'strict',
        baseUrl: strict.baseUrl,
        tokenUrl,
        clientId: fhirWriter.clientId,
        keyFile: fhirWriter.keyFile,
        scope: 'system/*.cruds',
        patients: { rule: 'resolve', identifierSystem: patientSystem },
        feedback: often,
      },
    ],
  };
  writer = await rig.startWriter(site);
}, 600_000);

afterAll(async () => {
  await strict?.stop();
  await rig?.stop();
}, 60_000);

const said = async <T>(topic: string, study: string): Promise<T[]> => {
  const rows = await rig.rows<{ value: string }>(
    'select value from outbox where topic = $1 and key = $2 order by row_id',
    [topic, study],
  );
  return rows.map(({ value }) => JSON.parse(value) as T);
};
const reviewsOf = (study: string) => said<ReviewRecorded>('review.recorded.v1', study);
const filedOf = (study: string) => said<ReportFiled>('report.filed.v1', study);
/** The last that was said of how the report stands in `ehr`. */
const filedInEhr = async (study: string): Promise<ReportFiled | undefined> =>
  (await filedOf(study)).filter(({ destination }) => destination === 'ehr').at(-1);

async function told(images = 2): Promise<{ answered: InferenceCompleted; study: string }> {
  const answered = answer({ images, patient: { id: 'Q1' } });
  const study = answered.study.studyInstanceUid;
  await rig.say(answered);
  await everywhere(study, 1);
  return { answered, study };
}

const everywhere = (study: string, count: number) =>
  waitFor(async () => {
    const rows = await rig.rows<{ destination: string; status: string; told_edition: number; reason: string }>(
      'select destination, status, told_edition, reason from delivery where study_instance_uid = $1',
      [study],
    );
    const isTold = rows.length === 2 && rows.every(({ status }) => status === 'told');
    if (isTold && rows.some(({ told_edition }) => told_edition >= count)) return true;
    throw new Error(JSON.stringify(rows));
  });

/** Every destination was asked some more times, whoever asked. */
async function someRounds(destination = 'ehr'): Promise<void> {
  const rounds = async (): Promise<number> => {
    const [row] = await rig.rows<{ token: string }>('select token from feedback where destination = $1', [destination]);
    return Number(row?.token ?? 0);
  };
  const before = await rounds();
  await waitFor(async () => (await rounds()) >= before + 4);
}

const heard = (study: string, count = 1) =>
  waitFor(async () => {
    const all = await reviewsOf(study);
    return all.length >= count ? all : undefined;
  });

const ofStudy = (study: string) =>
  encodeURIComponent(`https://sightline.dev/fhir/report|${study}/chest-xray-paediatric/1`);

interface Chart {
  report: DiagnosticReport;
  findings: Observation[];
}

async function inEhr(study: string): Promise<Chart> {
  const found = await rig.search<DiagnosticReport | Observation>(
    `DiagnosticReport?identifier=${ofStudy(study)}&_include=DiagnosticReport:result`,
  );
  return chartOf(found, study);
}

const inStrict = (study: string): Chart => chartOf(strict.held(), study);

function chartOf(resources: readonly Resource[], study: string): Chart {
  const own = (one: DiagnosticReport | Observation) => one.identifier?.some(({ value }) => value?.startsWith(study));
  const report = resources.find(
    (one): one is DiagnosticReport => one.resourceType === 'DiagnosticReport' && own(one) === true,
  );
  const findings = resources.filter(
    (one): one is Observation => one.resourceType === 'Observation' && own(one) === true,
  );
  if (report === undefined) throw new Error('no report');
  return { report, findings: findings.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b))) };
}

const nameOf = ({ identifier }: Observation): string => identifier?.[0]?.value ?? '';

const statusesIn = ({ report, findings }: Chart): string[] => [report.status, ...findings.map(({ status }) => status)];

const strictBecomes = (study: string, statuses: string[]) =>
  waitFor(async () => {
    const now = statusesIn(inStrict(study));
    if (JSON.stringify(now) === JSON.stringify(statuses)) return true;
    throw new Error(JSON.stringify(now));
  });

function findingsOf({ outcome }: InferenceCompleted) {
  const [first, second] = outcome.kind === 'findings' ? outcome.findings : [];
  if (first === undefined || second === undefined) throw new Error('two findings');
  return [first.trackingUid, second.trackingUid] as const;
}

/** A radiologist's answer in the reading room, to the report as it shows it. */
async function signHere(answered: InferenceCompleted, verdicts: ReviewRecorded['verdicts']): Promise<void> {
  const { studyInstanceUid, revision } = answered.study;
  const shown = await filedInEhr(studyInstanceUid);
  await rig.review({
    studyInstanceUid,
    revision,
    model: answered.model ?? { name: '', version: '' },
    report: {
      url: shown?.reportUrl ?? '',
      versionId: shown?.resources.find(({ resourceType }) => resourceType === 'DiagnosticReport')?.versionId ?? '',
    },
    reviewer: { subject: 'r-1', role: 'radiologist' },
    verdicts,
    signed: true,
    recordedAt: new Date().toISOString(),
  });
}

const signed = (report: DiagnosticReport): DiagnosticReport => ({
  ...report,
  status: 'final',
  resultsInterpreter: [{ reference: 'Practitioner/reader', display: 'Dr Elsewhere' }],
});

describe('a report that is answered in the chart', () => {
  it('once it is signed there, is signed at every other destination, and left there as it is', async () => {
    const { study } = await told();
    const { report } = await inEhr(study);
    await rig.put(signed(report));
    const [review] = await heard(study);
    expect(review).toMatchObject({
      destination: 'ehr',
      signed: true,
      verdicts: [{ verdict: 'accepted' }, { verdict: 'accepted' }],
      reviewer: {
        role: 'radiologist',
        name: 'Dr Elsewhere',
        subject: expect.stringMatching(/\/Practitioner\/reader$/),
      },
    });
    await strictBecomes(study, ['final', 'final', 'final']);
    const here = await filedInEhr(study);
    expect(here).toMatchObject({
      state: 'signed',
      edition: 2,
      closed: true,
      verdicts: [{ verdict: 'accepted' }, { verdict: 'accepted' }],
    });
    await someRounds('ehr');
    await someRounds('strict');
    expect(await reviewsOf(study)).toHaveLength(1);
    expect((await inEhr(study)).report).toMatchObject({ status: 'final', meta: { versionId: '2' } });
    const metrics = await (await fetch(`${writer.url}/metrics`)).text();
    expect(metrics).toContain('destination="ehr",ending="by-time"');
    expect(metrics).toContain('destination="strict",ending="by-report"');
  }, 120_000);

  it('a finding that is said otherwise there is corrected, one that is crossed out rejected, and both keep while the report is signed here', async () => {
    const { answered, study } = await told();
    const { findings } = await inEhr(study);
    const [first, second] = findings;
    if (first === undefined || second === undefined) throw new Error('two findings');
    const { system, code, display } = codes.snomed.lungConsolidation;
    await rig.put({ ...first, status: 'amended', code: { coding: [{ system, code, display }] } });
    await rig.put({ ...second, status: 'entered-in-error' });
    const verdicts = await waitFor(async () => {
      const all = (await reviewsOf(study)).flatMap((one) => one.verdicts);
      return new Set(all.map(({ trackingUid }) => trackingUid)).size === 2 ? all : undefined;
    });
    expect(verdicts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ verdict: 'corrected', concept: { system, code, display } }),
        expect.objectContaining({ verdict: 'rejected', reason: 'entered in error in ehr' }),
      ]),
    );
    expect((await reviewsOf(study)).every(({ signed }) => signed !== true)).toBe(true);
    await strictBecomes(study, ['partial', 'cancelled', 'preliminary', 'cancelled']);
    const here = await filedInEhr(study);
    await signHere(answered, here?.verdicts ?? []);
    await waitFor(async () => (await inEhr(study)).report.status === 'final');
    const kept = await rig.search<Observation>(`Observation?_id=${first.id ?? ''},${second.id ?? ''}`);
    expect(kept.map(({ status, meta }) => `${status} ${meta?.versionId ?? ''}`).sort()).toEqual([
      'amended 2',
      'entered-in-error 2',
    ]);
    const before = await reviewsOf(study);
    await someRounds('ehr');
    expect(await reviewsOf(study)).toEqual(before);
  }, 120_000);

  it('and signed there is corrected here for the others alone', async () => {
    const { answered, study } = await told();
    await rig.put(signed((await inEhr(study)).report));
    await strictBecomes(study, ['final', 'final', 'final']);
    const [first, second] = findingsOf(answered);
    await signHere(answered, [
      { verdict: 'rejected', trackingUid: first, reason: 'artefact' },
      { verdict: 'accepted', trackingUid: second },
    ]);
    await strictBecomes(study, ['corrected', 'cancelled', 'corrected']);
    await someRounds('ehr');
    const { report, findings } = await inEhr(study);
    expect([report, ...findings].map(({ status, meta }) => `${status} ${meta?.versionId ?? ''}`)).toEqual([
      'final 2',
      'preliminary 1',
      'preliminary 1',
    ]);
    expect(await reviewsOf(study)).toHaveLength(1);
    expect(await filedInEhr(study)).toMatchObject({
      state: 'signed',
      edition: 2,
      closed: true,
    });
  }, 120_000);

  it('and amended there as it was signed here is said to be closed', async () => {
    const { answered, study } = await told();
    const accepted = findingsOf(answered).map((trackingUid) => ({ verdict: 'accepted' as const, trackingUid }));
    await signHere(answered, accepted);
    const inChart = () => filedInEhr(study);
    const before = await waitFor(async () => ((await inChart())?.edition === 2 ? inChart() : undefined));
    expect(before?.closed).toBeUndefined();
    await rig.put({ ...signed((await inEhr(study)).report), status: 'amended' });
    const closed = await waitFor(async () => ((await inChart())?.closed === true ? inChart() : undefined));
    expect(closed).toMatchObject({ state: 'signed', edition: 2, verdicts: accepted });
    // A review names the version that was told.
    expect(closed?.resources).toEqual(
      before?.resources.filter(({ resourceType }) => resourceType === 'DiagnosticReport'),
    );
    expect(await reviewsOf(study)).toEqual([]);
    const events = await said<AuditRecorded>('audit.recorded.v1', study);
    expect(events.filter(({ type }) => type.code === codes.local.reportAnsweredThere.code)).toHaveLength(1);
    const [first] = findingsOf(answered);
    await signHere(answered, [{ verdict: 'rejected', trackingUid: first, reason: 'artefact' }, ...accepted.slice(1)]);
    await strictBecomes(study, ['corrected', 'cancelled', 'corrected']);
    expect((await inEhr(study)).report.status).toBe('amended');
  }, 120_000);

  it('and taken back there stands again', async () => {
    const { study } = await told(1);
    const [finding] = (await inEhr(study)).findings;
    if (finding === undefined) throw new Error('a finding');
    await rig.put({ ...finding, status: 'cancelled' });
    await strictBecomes(study, ['partial', 'cancelled']);
    await rig.put(finding);
    const [, again] = await heard(study, 2);
    expect(again?.verdicts).toEqual([expect.objectContaining({ verdict: 'accepted' })]);
    await strictBecomes(study, ['partial', 'preliminary']);
  }, 120_000);

  it('as a whole cancelled there is rejected everywhere', async () => {
    const { study } = await told();
    await rig.put({ ...(await inEhr(study)).report, status: 'cancelled' });
    const [review] = await heard(study);
    expect(review).toMatchObject({ signed: true, verdicts: [{ verdict: 'rejected' }, { verdict: 'rejected' }] });
    await strictBecomes(study, ['cancelled', 'cancelled', 'cancelled']);
  }, 120_000);

  it('entered in error there is withdrawn everywhere, and not filed there again', async () => {
    const { study } = await told(1);
    await rig.put({ ...(await inEhr(study)).report, status: 'entered-in-error' });
    await strictBecomes(study, ['entered-in-error', 'entered-in-error']);
    await someRounds('ehr');
    expect(await reviewsOf(study)).toEqual([]);
    expect((await inEhr(study)).report).toMatchObject({ status: 'entered-in-error', meta: { versionId: '2' } });
    expect((await filedOf(study)).at(-2)).toMatchObject({ destination: 'ehr', state: 'withdrawn' });
  }, 120_000);

  it('at a server that knows no time is found by looking', async () => {
    const { study } = await told(1);
    strict.seed({ ...inStrict(study).report, status: 'final' });
    expect((await heard(study))[0]).toMatchObject({ destination: 'strict', signed: true });
    await waitFor(async () => (await inEhr(study)).report.status === 'final');
    await someRounds('strict');
    await someRounds('ehr');
    expect(await reviewsOf(study)).toHaveLength(1);
    expect(inStrict(study).report.meta?.versionId).toBe('2');
  }, 120_000);

  it('before a newer answer came is signed as it was seen, and the newer one is a report of its own', async () => {
    const { answered, study } = await told(1);
    const { report } = await inEhr(study);
    await rig.proxy.disconnect();
    await rig.put(signed(report));
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...answered.study.patient } }));
    await waitFor(
      async () =>
        (await rig.rows('select 1 from report_edition where study_instance_uid = $1 and edition = 2', [study])).length >
        0,
    );
    await rig.proxy.connect();
    await heard(study);
    await waitFor(async () => (await filedOf(study)).filter(({ generation }) => generation === 2).length === 2);
    const state = await rig.rows(
      'select generation, state, revision from report where study_instance_uid = $1 order by 1',
      [study],
    );
    expect(state).toEqual([
      { generation: 1, state: 'signed', revision: 1 },
      { generation: 2, state: 'unreviewed', revision: 2 },
    ]);
    expect(await reviewsOf(study)).toHaveLength(1);
  }, 120_000);
});

describe('a report entered in error there after a newer answer came', () => {
  it('is withdrawn as it was seen, and the newer one keeps its signature as a report of its own', async () => {
    const { answered, study } = await told(1);
    const { report } = await inEhr(study);
    await rig.proxy.disconnect();
    await rig.put({ ...report, status: 'entered-in-error' });
    const newer = answer({ studyInstanceUid: study, revision: 2, patient: { ...answered.study.patient } });
    await rig.say(newer);
    const edition = (number: number) =>
      waitFor(
        async () =>
          (
            await rig.rows(
              'select 1 from report_edition where study_instance_uid = $1 and generation = 1 and edition = $2',
              [study, number],
            )
          ).length > 0,
      );
    await edition(2);
    if (newer.model === undefined || newer.outcome.kind !== 'findings') throw new Error('findings');
    const { name, version } = newer.model;
    await rig.review({
      studyInstanceUid: newer.study.studyInstanceUid,
      revision: 2,
      model: newer.model,
      report: { url: `urn:sightline:answer:${encodeURIComponent(`${study}/${name}@${version}/2`)}`, versionId: '2' },
      reviewer: { subject: 'r-1', role: 'radiologist' },
      verdicts: newer.outcome.findings.map(({ trackingUid }) => ({ verdict: 'accepted', trackingUid })),
      signed: true,
      recordedAt: new Date().toISOString(),
    });
    await edition(3);
    await rig.proxy.connect();
    await waitFor(async () => (await filedOf(study)).filter(({ generation }) => generation === 2).length === 2);
    const stands = await rig.rows(
      `select generation, state, revision, review -> 'signature' -> 'by' ->> 'subject' as by
       from report_edition join report using (study_instance_uid, model, generation, edition, state, revision)
       where study_instance_uid = $1 order by 1`,
      [study],
    );
    expect(stands).toEqual([
      { generation: 1, state: 'withdrawn', revision: 1, by: null },
      { generation: 2, state: 'signed', revision: 2, by: 'r-1' },
    ]);
  }, 120_000);
});

describe('what we write ourselves', () => {
  it('never comes back as anybody’s answer', async () => {
    const { answered, study } = await told();
    const [first, second] = findingsOf(answered);
    const { system, code, display } = codes.snomed.lungConsolidation;
    await signHere(answered, [
      { verdict: 'corrected', trackingUid: first, concept: { system, code, display } },
      { verdict: 'rejected', trackingUid: second, reason: 'artefact' },
    ]);
    await everywhere(study, 2);
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...answered.study.patient } }));
    await waitFor(async () => (await filedOf(study)).filter(({ generation }) => generation === 2).length === 2);
    await someRounds('ehr');
    await someRounds('strict');
    expect(await reviewsOf(study)).toEqual([]);
  }, 120_000);
});

describe('a chart that is asked', () => {
  it('loses nothing while it is away', async () => {
    const { study } = await told(1);
    const { report } = await inEhr(study);
    await rig.proxy.disconnect();
    await rig.put(signed(report));
    await waitFor(async () =>
      (await (await fetch(`${writer.url}/metrics`)).text()).includes('destination="ehr",ending="failed"'),
    );
    await rig.proxy.connect();
    await heard(study);
    await strictBecomes(study, ['final', 'final']);
  }, 120_000);

  it('and has more than is read at once is asked for shorter times, and nothing is missed', async () => {
    const { study } = await told(1);
    const link = [{ relation: 'next', url: `${rig.proxy.baseUrl}/DiagnosticReport?endless=1` }];
    const endless = { status: 200, body: JSON.stringify({ resourceType: 'Bundle', type: 'searchset', link }) };
    const stretches: (number | undefined)[] = [];
    rig.proxy.before = ({ path, body }) => {
      if (path.includes('endless')) return endless;
      const parameters = new URLSearchParams(body);
      const [from, to] = parameters.getAll('_lastUpdated').map((one) => Date.parse(one.slice(2)));
      if (from === undefined || parameters.get('identifier')?.endsWith('|') !== true) return undefined;
      stretches.push(to === undefined ? undefined : to - from);
      return to === undefined || to - from > 60_000 ? endless : undefined;
    };
    await rig.put(signed((await inEhr(study)).report));
    await heard(study);
    rig.proxy.reset();
    expect(stretches.slice(0, 4)).toEqual([undefined, 900_000, 225_000, 56_250]);
  }, 120_000);

  it('by two replicas that die when they have asked and others that go on, is heard once', async () => {
    const other = await rig.startWriter(site);
    const studies = [await told(1), await told(1), await told(1)];
    const [first] = studies;
    let died: Promise<unknown> | undefined;
    rig.proxy.after = ({ path, body }) => {
      const isLook = path.endsWith('DiagnosticReport/_search') && body.includes(encodeURIComponent(first?.study ?? ''));
      if (isLook) died ??= Promise.all([writer.kill(), other.kill()]);
      return isLook ? 'drop' : 'deliver';
    };
    for (const { study } of studies) await rig.put(signed((await inEhr(study)).report));
    await waitFor(() => died);
    await died;
    rig.proxy.reset();
    // The lease of who died runs out.
    await rig.rows('update feedback set leased_until = now()');
    writer = await rig.startWriter(site);
    const second = await rig.startWriter(site);
    for (const { study } of studies) await heard(study);
    await someRounds('ehr');
    await someRounds('strict');
    for (const { study } of studies) expect(await reviewsOf(study)).toHaveLength(1);
    await second.stop();
  }, 300_000);

  it.each([
    ['everything', (found: string) => found],
    ['nothing', () => JSON.stringify({ resourceType: 'Bundle', type: 'searchset' })],
  ])(
    'and answers with %s whatever time is asked for is not believed, but looked at report by report',
    async (_, show) => {
      await writer.stop();
      rig.proxy.before = async ({ method, path, body }) => {
        if (method !== 'POST' || !path.endsWith('/_search') || !body.includes('_lastUpdated')) return undefined;
        const parameters = new URLSearchParams(body);
        parameters.delete('_lastUpdated');
        const response = await fetch(`${rig.server.baseUrl}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${await rig.identity.token('system')}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: parameters.toString(),
        });
        const found = (await response.text()).replaceAll(rig.server.baseUrl, rig.proxy.baseUrl);
        return { status: response.status, body: show(found) };
      };
      writer = await rig.startWriter(site);
      const { study } = await told(1);
      await rig.put(signed((await inEhr(study)).report));
      await heard(study);
      const metrics = await (await fetch(`${writer.url}/metrics`)).text();
      expect(metrics).toContain('destination="ehr",ending="by-report"');
      expect(metrics).not.toContain('destination="ehr",ending="by-time"');
    },
    240_000,
  );
});
