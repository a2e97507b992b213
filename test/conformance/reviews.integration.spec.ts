import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted, ReportFiled, ReviewRecorded } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import type { DiagnosticReport, Observation, Provenance } from '@medplum/fhirtypes';
import { resultTypes, validateEverything, waitFor } from '../support/index.ts';
import { answer } from './answers.ts';
import { coldServerMs, startWriterRig, type Writer, type WriterRig } from './writer-rig.ts';

let rig: WriterRig;
let writer: Writer;

beforeAll(async () => {
  rig = await startWriterRig();
  writer = await rig.startWriter({ release: { '*': 'immediate', 'chest-xray-paediatric': 'immediate' } });
}, 600_000);

afterAll(async () => {
  await rig?.stop();
}, 60_000);

const radiologist = { subject: 'r-1', role: 'radiologist', name: 'Dr Reader' } as const;
const clinician = { subject: 'c-1', role: 'clinician' } as const;

/** The last that was said of a study's report in the chart. */
async function filed(study: string, edition = 1, generation = 1): Promise<ReportFiled> {
  return waitFor(
    async () => {
      const rows = await rig.rows<{ value: string }>(
        `select value from outbox where topic = 'report.filed.v1' and key = $1 order by row_id`,
        [study],
      );
      const told = rows.map(({ value }) => JSON.parse(value) as ReportFiled);
      return told.find((one) => one.edition === edition && one.generation === generation);
    },
    { timeout: coldServerMs },
  );
}

const seenIn = ({ reportUrl, resources }: ReportFiled): ReviewRecorded['report'] => ({
  url: reportUrl,
  versionId: resources.find(({ resourceType }) => resourceType === 'DiagnosticReport')?.versionId ?? '',
});

function review(
  said: InferenceCompleted,
  report: ReviewRecorded['report'],
  more: Partial<ReviewRecorded>,
): ReviewRecorded {
  return {
    studyInstanceUid: said.study.studyInstanceUid,
    revision: said.study.revision,
    model: said.model ?? { name: '', version: '' },
    report,
    reviewer: radiologist,
    verdicts: [],
    recordedAt: new Date().toISOString(),
    ...more,
  };
}

function trackingUids({ outcome }: InferenceCompleted) {
  if (outcome.kind !== 'findings') throw new Error('no findings');
  return outcome.findings.map(({ trackingUid }) => trackingUid);
}

const chart = async (study: string, generation = 1): Promise<{ report: DiagnosticReport; findings: Observation[] }> => {
  const found = await rig.search<DiagnosticReport | Observation>(
    `DiagnosticReport?identifier=${encodeURIComponent(`https://sightline.dev/fhir/report|${study}/chest-xray-paediatric/${generation}`)}&_include=DiagnosticReport:result`,
  );
  const report = found.find((one): one is DiagnosticReport => one.resourceType === 'DiagnosticReport');
  if (report === undefined) throw new Error('no report');
  return { report, findings: found.filter((one): one is Observation => one.resourceType === 'Observation') };
};

const decisions = async (study: string): Promise<(string | undefined)[]> => {
  const rows = await rig.rows<{ value: string }>(
    `select value from outbox where topic = 'audit.recorded.v1' and key = $1 and event_id like 'audit/review-%' order by row_id`,
    [study],
  );
  return rows.map(({ value }) => {
    const { type, outcomeText } = JSON.parse(value) as { type: { code: string }; outcomeText?: string };
    return outcomeText === undefined ? type.code : `${type.code}: ${outcomeText}`;
  });
};

const decided = (study: string, count: number) =>
  waitFor(async () => {
    const all = await decisions(study);
    return all.length === count ? all : undefined;
  });

async function sayAndFile(
  images = 2,
): Promise<{ said: InferenceCompleted; study: string; seen: ReviewRecorded['report'] }> {
  const said = answer({ images });
  await rig.say(said);
  const study = said.study.studyInstanceUid;
  return { said, study, seen: seenIn(await filed(study)) };
}

const accepted = (said: InferenceCompleted): ReviewRecorded['verdicts'] =>
  trackingUids(said).map((trackingUid) => ({ verdict: 'accepted', trackingUid }));

describe('a review', () => {
  it('by a radiologist who answers every finding makes the report final, signed on the version that stands', async () => {
    const { said, study, seen } = await sayAndFile();
    const [first, second] = trackingUids(said);
    if (first === undefined || second === undefined) throw new Error('two findings');
    await rig.review(
      review(said, seen, {
        signed: true,
        verdicts: [
          { verdict: 'accepted', trackingUid: first },
          { verdict: 'corrected', trackingUid: second, concept: concept(codes.snomed.lungConsolidation) },
        ],
      }),
    );
    const told = await filed(study, 2);
    expect(told).toMatchObject({ state: 'signed', destination: 'ehr' });
    const { report, findings } = await chart(study);
    expect(report).toMatchObject({
      status: 'final',
      meta: { security: [{ code: 'AIAST' }] },
      resultsInterpreter: [{ display: 'Dr Reader' }],
    });
    expect(findings.map(({ status, code }) => `${status} ${code.coding?.[0]?.code ?? ''}`).sort()).toEqual([
      'final 233604007',
      'final 95436008',
    ]);
    const [signature] = (await rig.search<Provenance>(`Provenance?target=DiagnosticReport/${report.id ?? ''}`)).filter(
      ({ agent }) => agent[0]?.type?.coding?.[0]?.code === 'verifier',
    );
    expect(signature?.target[0]?.reference).toBe(
      `DiagnosticReport/${report.id ?? ''}/_history/${report.meta?.versionId ?? ''}`,
    );
    expect(await decisions(study)).toEqual(['review-applied']);
  });

  it('of one finding after the other, each on the version seen before, adds up; a rejected one is cancelled', async () => {
    const { said, study, seen } = await sayAndFile();
    const [first, second] = trackingUids(said);
    if (first === undefined || second === undefined) throw new Error('two findings');
    await rig.review(
      review(said, seen, { reviewer: clinician, verdicts: [{ verdict: 'accepted', trackingUid: first }] }),
      review(said, seen, {
        reviewer: clinician,
        verdicts: [{ verdict: 'rejected', trackingUid: second, reason: 'artefact' }],
        recordedAt: new Date(Date.now() + 1_000).toISOString(),
      }),
    );
    await filed(study, 3);
    const { report, findings } = await chart(study);
    expect(report.status).toBe('partial');
    expect(findings.map(({ status }) => status).sort()).toEqual(['cancelled', 'preliminary']);
  });

  it('that rejects everything leaves a cancelled report, and never one that says final', async () => {
    const { said, study, seen } = await sayAndFile(1);
    const [only] = trackingUids(said);
    if (only === undefined) throw new Error('one finding');
    await rig.review(
      review(said, seen, { signed: true, verdicts: [{ verdict: 'rejected', trackingUid: only, reason: 'artefact' }] }),
    );
    expect(await filed(study, 2)).toMatchObject({ state: 'rejected' });
    const { report, findings } = await chart(study);
    expect([report.status, ...findings.map(({ status }) => status)]).toEqual(['cancelled', 'cancelled']);
  });

  it('of a signed report by a radiologist corrects it', async () => {
    const { said, study, seen } = await sayAndFile(1);
    await rig.review(review(said, seen, { signed: true, verdicts: accepted(said) }));
    const again = seenIn(await filed(study, 2));
    await rig.review(review(said, again, { signed: true, verdicts: accepted(said) }));
    expect(await filed(study, 3)).toMatchObject({ state: 'corrected' });
    expect((await chart(study)).report.status).toBe('corrected');
  });

  it.each<[string, Partial<ReviewRecorded>, string]>([
    ['a clinician may not sign', { reviewer: clinician, signed: true }, 'role'],
    ['a signature leaves no finding unanswered', { signed: true, verdicts: [] }, 'findings-unanswered'],
    [
      'of another version than was shown',
      { report: { url: 'http://127.0.0.1/DiagnosticReport/1', versionId: '1' } },
      'stale',
    ],
  ])('%s', async (_, more, reason) => {
    const { said, study, seen } = await sayAndFile();
    const [first] = accepted(said);
    if (first === undefined) throw new Error('a finding');
    const verdicts = more.verdicts === undefined ? accepted(said) : [first];
    await rig.review(review(said, seen, { ...more, verdicts }));
    expect(await decided(study, 1)).toEqual([`review-refused: ${reason}`]);
    expect((await chart(study)).report.status).toBe('partial');
  });

  it('of a finding that nobody made is refused', async () => {
    const { said, study, seen } = await sayAndFile(1);
    const other = answer();
    await rig.review(review(said, seen, { verdicts: accepted(other) }));
    expect(await decided(study, 1)).toEqual(['review-refused: unknown-finding']);
  });

  it('of what a newer revision has replaced is stale', async () => {
    const { said, study, seen } = await sayAndFile(1);
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...said.study.patient } }));
    await filed(study, 2);
    await rig.review(review(said, seen, { signed: true, verdicts: accepted(said) }));
    expect(await decided(study, 1)).toEqual(['review-refused: stale']);
    expect((await chart(study)).report.status).toBe('partial');
  });
});

describe('a report that a person has acted on', () => {
  it('is left as it is by a newer revision, which becomes a report of its own, and the person is named', async () => {
    const { said, study, seen } = await sayAndFile(1);
    await rig.review(review(said, seen, { signed: true, verdicts: accepted(said) }));
    await filed(study, 2);
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...said.study.patient } }));
    await filed(study, 1, 2);
    expect((await chart(study)).report.status).toBe('final');
    expect((await chart(study, 2)).report.status).toBe('partial');
    const told = await rig.rows<{ value: string }>(
      `select value from outbox where key = $1 and event_id like 'audit/newer-report%'`,
      [study],
    );
    expect(told[0]?.value).toContain('for r-1');
  });

  it('at its own server is left as it is too', async () => {
    const { said, study } = await sayAndFile(1);
    const { report } = await chart(study);
    await rig.put({ ...report, status: 'final' });
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...said.study.patient } }));
    await filed(study, 1, 2);
    expect((await chart(study)).report).toMatchObject({ status: 'final', meta: { versionId: '2' } });
  });

  it('at its own server and here with the same answer is signed at both, and closed there', async () => {
    const { said, study, seen } = await sayAndFile();
    await rig.put({ ...(await chart(study)).report, status: 'amended' });
    await rig.review(review(said, seen, { signed: true, verdicts: accepted(said) }));
    expect(await filed(study, 2)).toMatchObject({ state: 'signed', closed: true, verdicts: accepted(said) });
    expect((await chart(study)).report.meta?.versionId).toBe('2');
  });
});

describe('recall', () => {
  const recall = async (...args: string[]): Promise<{ code: number | null; output: string }> => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'tools/recall/recall.ts', ...args, '--url', writer.url], {
      cwd: join(import.meta.dirname, '../..'),
      env: { PATH: process.env['PATH'], SIGHTLINE_TOKEN: await rig.identity.token('operator') },
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  };
  const span = ['--from', '2026-02-03', '--to', '2026-02-03'];

  it('lists what a version said, withdraws it at every destination whatever people made of it, and is the same twice', async () => {
    const version = { version: '1.1.0' };
    const untouched = answer(version);
    const signed = answer(version);
    const earlier = answer({ ...version });
    earlier.timings.completedAt = '2026-02-02T23:59:59.999Z';
    await rig.say(untouched, signed, earlier);
    await filed(untouched.study.studyInstanceUid);
    await filed(earlier.study.studyInstanceUid);
    const seen = seenIn(await filed(signed.study.studyInstanceUid));
    await rig.review(review(signed, seen, { signed: true, verdicts: accepted(signed) }));
    await filed(signed.study.studyInstanceUid, 2);

    const dry = await recall('chest-xray-paediatric@1.1.0', ...span, '--dry-run');
    expect(dry).toMatchObject({ code: 0, output: expect.stringContaining('2 reports, 2 not withdrawn') });
    expect((await chart(untouched.study.studyInstanceUid)).report.status).toBe('partial');

    const done = await recall('chest-xray-paediatric@1.1.0', ...span, '--reason', 'wrong threshold');
    expect(done).toMatchObject({ code: 0, output: expect.stringContaining('2 of 2 withdrawn') });
    for (const { study } of [untouched, signed]) {
      const { report, findings } = await chart(study.studyInstanceUid);
      expect([report.status, ...findings.map(({ status }) => status)]).toEqual([
        'entered-in-error',
        'entered-in-error',
      ]);
    }
    expect((await chart(earlier.study.studyInstanceUid)).report.status).toBe('partial');
    const versions = (await chart(untouched.study.studyInstanceUid)).report.meta?.versionId;

    const again = await recall('chest-xray-paediatric@1.1.0', ...span, '--reason', 'wrong threshold');
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('2 of 2 withdrawn') });
    expect((await chart(untouched.study.studyInstanceUid)).report.meta?.versionId).toBe(versions);
    const audited = await rig.rows(`select 1 from outbox where event_id like 'audit/report-withdrawal/%'`);
    expect(audited).toHaveLength(2);
  }, 240_000);

  it('goes on where one before it ended, and withdraws nothing again', async () => {
    const [first, second] = [answer({ version: '1.1.0' }), answer({ version: '1.1.0' })];
    first.timings.completedAt = '2026-02-05T03:00:00.000Z';
    second.timings.completedAt = '2026-02-05T04:00:00.000Z';
    await rig.say(first, second);
    for (const { study } of [first, second]) await filed(study.studyInstanceUid);
    const from = ['chest-xray-paediatric@1.1.0', '--reason', 'wrong', '--from', '2026-02-05T00:00:00Z', '--to'];

    const half = await recall(...from, '2026-02-05T03:30:00Z');
    expect(half).toMatchObject({ code: 0, output: expect.stringContaining('1 of 1 withdrawn') });
    const before = (await chart(first.study.studyInstanceUid)).report;
    expect((await chart(second.study.studyInstanceUid)).report.status).toBe('partial');

    const whole = await recall(...from, '2026-02-05T04:30:00Z');
    expect(whole).toMatchObject({ code: 0, output: expect.stringContaining('2 reports, 1 not withdrawn') });
    expect(whole.output).toContain('2 of 2 withdrawn');
    expect((await chart(first.study.studyInstanceUid)).report.meta?.versionId).toBe(before.meta?.versionId);
    expect((await chart(second.study.studyInstanceUid)).report.status).toBe('entered-in-error');
  }, 240_000);

  it('is an operator’s alone', async () => {
    const token = await rig.identity.token('radiologist');
    const body = JSON.stringify({
      name: 'chest-xray-paediatric',
      version: '1.0.0',
      from: '2026-01-01T00:00:00Z',
      to: '2027-01-01T00:00:00Z',
      reason: 'x',
    });
    const ask = (headers: Record<string, string>) =>
      fetch(`${writer.url}/recalls/withdraw`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(403);
  });
});

describe('what waits for a signature', () => {
  it('reaches no destination before it, and every one after it', async () => {
    await writer.stop();
    writer = await rig.startWriter({ release: { '*': 'on-signature' }, onlyReport: false });
    const said = answer();
    const study = said.study.studyInstanceUid;
    rig.proxy.seen.length = 0;
    await rig.say(said);
    await waitFor(
      async () =>
        (await rig.rows(`select 1 from delivery where study_instance_uid = $1 and status = 'held'`, [study])).length ===
        1,
    );
    expect(rig.proxy.seen.filter(({ body, path }) => body.includes(study) || path.includes(study))).toEqual([]);
    const { revision } = said.study;
    const url = `urn:sightline:answer:${encodeURIComponent(`${study}/chest-xray-paediatric@1.0.0/${revision}`)}`;
    await rig.review(review(said, { url, versionId: '1' }, { signed: true, verdicts: accepted(said) }));
    await filed(study, 2);
    // Beside another report, AI's is never final as a whole.
    const { report, findings } = await chart(study);
    expect([report.status, ...findings.map(({ status }) => status)]).toEqual(['partial', 'final']);
  }, 240_000);

  it('kept to the worklist reaches none, signed or not', async () => {
    await writer.stop();
    writer = await rig.startWriter({ release: { '*': 'worklist-only' } });
    const said = answer();
    const study = said.study.studyInstanceUid;
    await rig.say(said);
    const url = `urn:sightline:answer:${encodeURIComponent(`${study}/chest-xray-paediatric@1.0.0/1`)}`;
    await waitFor(
      async () =>
        (await rig.rows(`select 1 from delivery where study_instance_uid = $1 and status = 'held'`, [study])).length ===
        1,
    );
    rig.proxy.seen.length = 0;
    await rig.review(review(said, { url, versionId: '1' }, { signed: true, verdicts: accepted(said) }));
    await waitFor(
      async () =>
        (
          await rig.rows(`select 1 from delivery where study_instance_uid = $1 and status = 'held' and edition = 2`, [
            study,
          ])
        ).length === 1,
    );
    expect(rig.proxy.seen.filter(({ body }) => body.includes(study))).toEqual([]);
  }, 240_000);
});

describe('all that was left behind', () => {
  it('passes the validator, and every reference leads somewhere', async () => {
    const verdict = await validateEverything(rig.server.baseUrl, await rig.identity.token('system'), resultTypes);
    expect(verdict.errors).toEqual([]);
    expect(verdict.dangling).toEqual([]);
  }, 300_000);

  it('publishes the public half of the client key, and no more', async () => {
    const { keys } = (await (await fetch(`${writer.url}/.well-known/jwks.json`)).json()) as { keys: object[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(expect.arrayContaining(['alg', 'crv', 'kty', 'use', 'x', 'y']));
    expect(keys[0]).not.toHaveProperty('d');
  });
});
