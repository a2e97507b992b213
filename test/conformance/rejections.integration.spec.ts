import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted, InstancesRejected } from '@sightline/contracts';
import type { DiagnosticReport } from '@medplum/fhirtypes';
import { startHl7Receiver, type Hl7Receiver } from '../../tools/sandbox/parts/hl7-peer.ts';
import { temporaryDirectory, waitFor, type TemporaryDirectory } from '../support/index.ts';
import { answer } from './answers.ts';
import { coldServerMs, olderSystem, startWriterRig, type WriterRig } from './writer-rig.ts';

let rig: WriterRig;
let older: Hl7Receiver;
let folder: TemporaryDirectory;

beforeAll(async () => {
  rig = await startWriterRig();
  folder = await temporaryDirectory('rejections');
  older = await startHl7Receiver({ directory: folder.path });
  await rig.startWriter({
    others: [olderSystem(older.port)],
  });
}, 600_000);

afterAll(async () => {
  await older?.stop();
  await folder?.remove();
  await rig?.stop();
}, 60_000);

let notes = 0;

/** A note that names images of an answer by their place in it. */
function rejection(
  { study, images }: InferenceCompleted,
  named: readonly number[],
  reason: InstancesRejected['reason'] = 'patient-safety',
): InstancesRejected {
  return {
    studyInstanceUid: study.studyInstanceUid,
    noteSopInstanceUid: `${study.studyInstanceUid}.8.${++notes}` as InstancesRejected['noteSopInstanceUid'],
    reason,
    instances: named.map((index) => {
      const image = images[index];
      if (image === undefined) throw new Error('no such image');
      const { seriesInstanceUid, sopClassUid, sopInstanceUid } = image;
      return { seriesInstanceUid, sopClassUid, sopInstanceUid };
    }),
    rejectedAt: '2026-02-03T05:00:00.000Z',
  };
}

/** What becomes of each report of a study at each destination. */
const standings = async (study: string): Promise<string[]> => {
  const rows = await rig.rows<{ generation: number; state: string; destination: string; status: string }>(
    `select generation, state, destination, status from delivery join report using (study_instance_uid, model, generation)
     where study_instance_uid = $1 order by generation, destination`,
    [study],
  );
  return rows.map(({ generation, state, destination, status }) => `${generation} ${state} ${destination} ${status}`);
};

const becomes = (study: string, wanted: string[]) =>
  waitFor(
    async () => {
      const now = await standings(study);
      if (JSON.stringify(now) === JSON.stringify(wanted)) return true;
      throw new Error(JSON.stringify(now));
    },
    { timeout: coldServerMs },
  );

const told = (generation: number, state: string): string[] => [
  `${generation} ${state} ehr told`,
  `${generation} ${state} older told`,
];

const statusIn = async (study: string, generation = 1): Promise<string | undefined> => {
  const [report] = await rig.search<DiagnosticReport>(
    `DiagnosticReport?identifier=${encodeURIComponent(`https://sightline.dev/fhir/report|${study}/chest-xray-paediatric/${generation}`)}`,
  );
  return report?.status;
};

const disposition = (study: string, revision: number) =>
  waitFor(async () => {
    const [row] = await rig.rows<{ disposition: string; reason: string | null }>(
      'select disposition, reason from answer where study_instance_uid = $1 and revision = $2',
      [study, revision],
    );
    return row && [row.disposition, row.reason];
  });

/** Until the writer has kept what a note says. */
const kept = ({ noteSopInstanceUid }: InstancesRejected) =>
  waitFor(async () => {
    const rows = await rig.rows('select 1 from inbox where event_id like $1', [`%/${noteSopInstanceUid}`]);
    return rows.length === 1;
  });

const editions = (study: string) =>
  rig.rows<{ generation: number; edition: number; state: string; reason: string | null; because: string | null }>(
    `select generation, edition, state, reason, withdrawn_because as because from report_edition
     where study_instance_uid = $1 order by generation, edition`,
    [study],
  );

async function file(images: number): Promise<{ said: InferenceCompleted; study: string }> {
  const said = answer({ images });
  const study = said.study.studyInstanceUid;
  await rig.say(said);
  await becomes(study, told(1, 'unreviewed'));
  return { said, study };
}

describe('a report one of whose images is rejected', () => {
  it.each([
    ['patient-safety', 'patient-safety'],
    ['wrong-worklist-entry', 'wrong-worklist-entry'],
    ['quality', 'patient-safety'],
  ] as const)('for %s is entered in error in the chart, and wrong for the older system', async (reason, because) => {
    const { said, study } = await file(2);
    expect(await statusIn(study)).toBe('partial');
    const note = rejection(said, [1], reason);
    await rig.reject(note);
    await becomes(study, told(1, 'withdrawn'));
    expect(await statusIn(study)).toBe('entered-in-error');
    const { errors, rows } = older.received().at(-1) ?? { errors: ['nothing came'], rows: [] };
    expect(errors).toEqual([]);
    const [report, ...results] = rows;
    expect(report?.at(-1)).toBe('C');
    const presence = results.filter(
      ([question, , value]) => question?.startsWith('233604007') && /^\d+$/.test(value ?? ''),
    );
    expect(presence.map((row) => row[3])).toEqual(['W', 'W']);
    expect((await editions(study)).at(-1)).toEqual({
      generation: 1,
      edition: 2,
      state: 'withdrawn',
      reason: `an image it is made of was rejected (${reason}) by the note ${note.noteSopInstanceUid}`,
      because,
    });
    const audited = await rig.rows<{ value: string }>(
      `select value from outbox where key = $1 and event_id like 'audit/report-fell/%'`,
      [study],
    );
    expect(audited.map(({ value }) => JSON.parse(value) as object)).toMatchObject([
      { type: { code: 'report-fell' }, agent: { kind: 'app', name: 'fhir-writer' }, outcome: '0' },
    ]);
  });

  it('falls once, however often that is said', async () => {
    const { said, study } = await file(1);
    const note = rejection(said, [0]);
    await rig.reject(note, note, { ...note, noteSopInstanceUid: rejection(said, [0]).noteSopInstanceUid });
    await becomes(study, told(1, 'withdrawn'));
    await waitFor(
      async () =>
        (await rig.rows(`select 1 from inbox where event_id like $1`, [`instances.rejected/${study}/%`])).length === 2,
    );
    expect((await editions(study)).map(({ edition, state }) => `${edition} ${state}`)).toEqual([
      '1 unreviewed',
      '2 withdrawn',
    ]);
  });

  it('stands beside the report of the next revision, which is made without it', async () => {
    const { said, study } = await file(2);
    await rig.reject(rejection(said, [1]));
    await becomes(study, told(1, 'withdrawn'));
    await rig.say(answer({ studyInstanceUid: study, revision: 2, images: 1, patient: said.study.patient }));
    await becomes(study, [...told(1, 'withdrawn'), ...told(2, 'unreviewed')]);
    expect([await statusIn(study, 1), await statusIn(study, 2)]).toEqual(['entered-in-error', 'partial']);
  });

  it('falls too where it was signed', async () => {
    const { said, study } = await file(1);
    const [row] = await rig.rows<{ value: string }>(
      `select value from outbox where topic = 'report.filed.v1' and key = $1 and value::jsonb ->> 'destination' = 'ehr'`,
      [study],
    );
    const { reportUrl, resources } = JSON.parse(row?.value ?? '{}') as {
      reportUrl: string;
      resources: { resourceType: string; versionId: string }[];
    };
    const versionId = resources.find(({ resourceType }) => resourceType === 'DiagnosticReport')?.versionId ?? '';
    const findings = said.outcome.kind === 'findings' ? said.outcome.findings : [];
    await rig.review({
      studyInstanceUid: said.study.studyInstanceUid,
      revision: 1,
      model: said.model ?? { name: '', version: '' },
      report: { url: reportUrl, versionId },
      reviewer: { subject: 'r-1', role: 'radiologist', name: 'Dr Reader' },
      verdicts: findings.map(({ trackingUid }) => ({ verdict: 'accepted', trackingUid })),
      signed: true,
      recordedAt: '2026-02-03T04:30:00.000Z',
    });
    await becomes(study, told(1, 'signed'));
    await rig.reject(rejection(said, [0]));
    await becomes(study, told(1, 'withdrawn'));
    expect(await statusIn(study)).toBe('entered-in-error');
  });
});

describe('a report of which nobody heard whether it got there', () => {
  afterEach(() => rig.proxy.reset());

  const begun = (study: string) =>
    waitFor(
      async () =>
        (await rig.rows('select 1 from delivery where study_instance_uid = $1 and begun is not null', [study])).length >
        0,
    );

  it('falls in the chart all the same', async () => {
    const said = answer();
    const study = said.study.studyInstanceUid;
    const wrote = ({ path, body }: { path: string; body: string }) => path === '' && body.includes(study);
    let away = false;
    rig.proxy.before = () => (away ? { status: 503, body: '{}' } : undefined);
    rig.proxy.after = (passing) => {
      away ||= wrote(passing);
      return wrote(passing) ? 'drop' : 'deliver';
    };
    await rig.say(said);
    await waitFor(async () => (await statusIn(study)) === 'partial');
    const note = rejection(said, [0]);
    await rig.reject(note);
    await kept(note);
    expect(await standings(study)).toContain('1 withdrawn ehr due');
    rig.proxy.reset();
    await waitFor(async () => (await standings(study)).includes('1 withdrawn ehr told'));
    expect(await statusIn(study)).toBe('entered-in-error');
  });

  it('is not said in the chart where it did not', async () => {
    const said = answer();
    const study = said.study.studyInstanceUid;
    rig.proxy.before = ({ path }) => (path === '' ? { status: 503, body: '{}' } : undefined);
    await rig.say(said);
    await begun(study);
    await waitFor(async () => (await standings(study)).includes('1 unreviewed older told'));
    const note = rejection(said, [0]);
    await rig.reject(note);
    // The try that is under way goes on until then.
    await becomes(study, ['1 withdrawn ehr not-needed', '1 withdrawn older told']);
    expect(await statusIn(study)).toBeUndefined();
  });
});

describe('a report none of whose images is rejected', () => {
  it('stays as it is', async () => {
    const { said, study } = await file(1);
    const elsewhere = rejection(answer({ studyInstanceUid: study, images: 3 }), [1, 2]);
    await rig.reject(elsewhere);
    await kept(elsewhere);
    expect(await standings(study)).toEqual(told(1, 'unreviewed'));
    expect(await statusIn(study)).toBe('partial');
    expect(said.images).toHaveLength(1);
  });

  it('stays where it says already what the next revision says', async () => {
    const { said, study } = await file(2);
    await rig.say(answer({ studyInstanceUid: study, revision: 2, images: 1, patient: said.study.patient }));
    await waitFor(async () => (await editions(study)).length === 2);
    const note = rejection(said, [1]);
    await rig.reject(note);
    await kept(note);
    await becomes(study, told(1, 'unreviewed'));
    expect((await editions(study)).map(({ state }) => state)).toEqual(['unreviewed', 'unreviewed']);
  });
});

describe('an answer that comes after the note', () => {
  it('is not filed where it was made of a rejected image, and the next one is', async () => {
    const late = answer({ images: 2 });
    const study = late.study.studyInstanceUid;
    const note = rejection(late, [0]);
    await rig.reject(note);
    await kept(note);
    await rig.say(late);
    expect(await disposition(study, 1)).toEqual(['not-filed', 'rejected']);
    expect(await standings(study)).toEqual([]);
    const next = answer({ studyInstanceUid: study, revision: 2, images: 2, patient: late.study.patient });
    if (next.outcome.kind !== 'findings') throw new Error('no findings');
    const without = <T extends { sopInstanceUid: string }>(images: T[]): T[] =>
      images.filter(({ sopInstanceUid }) => sopInstanceUid !== late.images[0]?.sopInstanceUid);
    await rig.say({
      ...next,
      images: without(next.images),
      outcome: {
        ...next.outcome,
        findings: next.outcome.findings.filter(({ sources }) => without(sources).length > 0),
      },
    });
    await becomes(study, told(1, 'unreviewed'));
    expect(await statusIn(study)).toBe('partial');
  });

  it('is not filed either where it only refuses a rejected image', async () => {
    const refusal = answer({ outcome: { kind: 'skipped', reason: 'blank', detail: 'Next to nothing.' } });
    const note = rejection(refusal, [0]);
    await rig.reject(note);
    await kept(note);
    await rig.say(refusal);
    expect(await disposition(refusal.study.studyInstanceUid, 1)).toEqual(['not-filed', 'rejected']);
  });
});

describe('an answer and a note that come at the same time', () => {
  it('leave no report that stands, whichever is first', async () => {
    const said = Array.from({ length: 12 }, () => answer({ images: 2 }));
    await Promise.all(said.flatMap((one) => [rig.say(one), rig.reject(rejection(one, [1]))]));
    const studies = said.map(({ study }) => study.studyInstanceUid);
    await waitFor(async () => {
      const answered = await rig.rows('select 1 from answer where study_instance_uid = any($1)', [studies]);
      const rejected = await rig.rows('select 1 from rejected_instance where study_instance_uid = any($1)', [studies]);
      return answered.length === said.length && rejected.length === said.length;
    });
    const standing = `select study_instance_uid from report where study_instance_uid = any($1) and state <> 'withdrawn'`;
    expect(await rig.rows(standing, [studies])).toEqual([]);
  });
});

describe('a report that somebody finished in the chart', () => {
  it('falls where it stood there on an image that was rejected since, and the newer one stands beside it', async () => {
    const { said, study } = await file(2);
    await rig.proxy.disconnect();
    await rig.say(answer({ studyInstanceUid: study, revision: 2, images: 1, patient: said.study.patient }));
    await waitFor(async () => (await editions(study)).length === 2);
    const note = rejection(said, [1]);
    await rig.reject(note);
    await kept(note);
    const [report] = await rig.search<DiagnosticReport>(
      `DiagnosticReport?identifier=${encodeURIComponent(`https://sightline.dev/fhir/report|${study}/chest-xray-paediatric/1`)}`,
    );
    if (report === undefined) throw new Error('no report');
    await rig.put({ ...report, status: 'final' });
    await rig.proxy.connect();
    await becomes(study, [...told(1, 'withdrawn'), ...told(2, 'unreviewed')]);
    expect([await statusIn(study, 1), await statusIn(study, 2)]).toEqual(['entered-in-error', 'partial']);
  }, 120_000);
});
