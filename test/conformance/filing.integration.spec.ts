import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiagnosticReport, ImagingStudy, Observation, Patient } from '@medplum/fhirtypes';
import { checkedCode } from '@sightline/findings';
import { resultTypes, validateEverything, waitFor } from '../support/index.ts';
import { readPdf } from '../support/read-pdf.ts';
import { answer } from './answers.ts';
import { person } from './records.ts';
import { patientSystem, startWriterRig, type Writer, type WriterRig } from './writer-rig.ts';

let rig: WriterRig;
let writer: Writer;

beforeAll(async () => {
  rig = await startWriterRig();
  writer = await rig.startWriter();
}, 600_000);

afterAll(async () => {
  await rig?.stop();
}, 60_000);

afterEach(() => rig.proxy.reset());

const reportQuery = (study: string) =>
  `DiagnosticReport?identifier=${encodeURIComponent(`https://sightline.dev/fhir/report|${study}/chest-xray-paediatric/1`)}`;
const reportsOf = (study: string) => rig.search<DiagnosticReport>(reportQuery(study));

/** What became of a study's answer at the destination (`filed`: it knows all there is to know), or of the answer itself. */
async function dispositionOf(
  study: string,
  wanted: 'filed' | 'held' | 'quarantined' | 'refused' | 'not-needed' | 'not-filed' | 'superseded',
  timeout = 60_000,
): Promise<{ reason: string | null }> {
  return waitFor(
    async () => {
      const rows = await rig.rows<{ disposition: string; reason: string | null }>(
        `select case status when 'told' then 'filed' else status end as disposition, reason from delivery
         where study_instance_uid = $1 and destination = 'ehr'
         union all select disposition, reason from answer where study_instance_uid = $1`,
        [study],
      );
      return rows.find(({ disposition }) => disposition === wanted);
    },
    { timeout },
  );
}

const outbox = (topic: string, study: string) =>
  rig.rows<{ event_id: string; value: string }>(
    'select event_id, value from outbox where topic = $1 and key = $2 order by row_id',
    [topic, study],
  );

describe('an answer in the chart', () => {
  it('is found by patient, category and date, with value, side, status and AI label of every finding', async () => {
    const said = answer({ images: 2, laterality: 'left' });
    const study = said.study.studyInstanceUid;
    await rig.say(said);
    await dispositionOf(study, 'filed');
    const [patient] = await rig.search<Patient>(`Patient?identifier=${said.study.patient.id ?? ''}`);
    expect(patient?.birthDate).toBe('2022-05-06');
    const found = await rig.search<DiagnosticReport | Observation>(
      `DiagnosticReport?subject=Patient/${patient?.id ?? ''}&category=LP29684-5&date=2026-02-03&_include=DiagnosticReport:result`,
    );
    const report = found.find((one): one is DiagnosticReport => one.resourceType === 'DiagnosticReport');
    const observations = found.filter((one): one is Observation => one.resourceType === 'Observation');
    expect(report?.status).toBe('partial');
    expect(report?.effectiveDateTime).toBe('2026-02-03T04:05:06+01:00');
    expect(report?.result?.map(({ reference }) => reference).sort()).toEqual(
      observations.map(({ id }) => `Observation/${id}`).sort(),
    );
    expect(observations).toHaveLength(2);
    for (const one of observations) {
      expect(one.status).toBe('preliminary');
      expect(one.valueCodeableConcept?.coding?.[0]?.code).toBe('52101004');
      expect(one.bodySite?.coding?.[0]?.code).toBe('44029006');
      expect(one.meta?.security?.map(({ code }) => code)).toContain('AIAST');
    }
    const [filed] = await outbox('report.filed.v1', study);
    expect(JSON.parse(filed?.value ?? '{}')).toMatchObject({
      reportUrl: `${rig.proxy.baseUrl}/DiagnosticReport/${report?.id}`,
      state: 'unreviewed',
      revision: 1,
    });
  });

  it('carries a page to read, whose pictures that are gone are said to be', async () => {
    const said = answer();
    const { outcome, study } = said;
    if (outcome.kind !== 'findings') throw new Error('an answer with findings');
    const [source] = said.images;
    if (source === undefined) throw new Error('an answer of an image');
    const gone = {
      kind: 'key-image' as const,
      source,
      objectKey: 'artefacts/gone.png',
      mediaType: 'image/png' as const,
    };
    await rig.say({ ...said, outcome: { ...outcome, artefacts: [{ ...gone, width: 8, height: 8 }] } });
    await dispositionOf(study.studyInstanceUid, 'filed');
    const [report] = await reportsOf(study.studyInstanceUid);
    const [page, ...more] = report?.presentedForm ?? [];
    expect(more).toEqual([]);
    expect(page).toMatchObject({ contentType: 'application/pdf', creation: said.timings.completedAt });
    const [sheet] = await readPdf(Buffer.from(page?.data ?? '', 'base64'));
    expect(sheet?.text).toMatch(/^Unverified, by AI /);
    for (const words of ['Quill Zephyrine', outcome.findings[0]?.sentence ?? '', 'it is no longer in the store'])
      expect(sheet?.text).toContain(words);
  });

  it('is written once when it is delivered twice, said again, and handled by two replicas at once', async () => {
    const second = await rig.startWriter();
    const said = answer({ images: 2 });
    const study = said.study.studyInstanceUid;
    await rig.say(said, said, said);
    await dispositionOf(study, 'filed');
    // As if the inbox had been lost: the chart itself must say that it is there already.
    await rig.rows('delete from inbox');
    await rig.say(said, said);
    await waitFor(
      async () => (await rig.rows('select 1 from inbox where event_id like $1', [`%${study}%`])).length === 1,
    );
    await second.stop();
    expect(await reportsOf(study)).toHaveLength(1);
    expect((await reportsOf(study))[0]?.meta?.versionId).toBe('1');
    expect(await rig.search(`Observation?based-on:missing=true&derived-from.identifier=urn:oid:${study}`)).toHaveLength(
      2,
    );
    expect(await rig.search(`Patient?identifier=${said.study.patient.id ?? ''}`)).toHaveLength(1);
    expect(await outbox('report.filed.v1', study)).toHaveLength(1);
  }, 240_000);

  it('is updated by a higher revision, and never by a lower one that comes late', async () => {
    const first = answer({ images: 2 });
    const study = first.study.studyInstanceUid;
    const { patient } = first.study;
    await rig.say(first);
    await dispositionOf(study, 'filed');
    const third = answer({
      studyInstanceUid: study,
      revision: 3,
      images: 3,
      presence: 'absent',
      patient: { ...patient },
    });
    await rig.say(third);
    await waitFor(async () => (await outbox('report.filed.v1', study)).length === 2);
    await rig.say(answer({ studyInstanceUid: study, revision: 2, images: 1, patient: { ...patient } }));
    await dispositionOf(study, 'superseded');
    const [report, ...others] = await reportsOf(study);
    expect(others).toEqual([]);
    expect(report?.meta?.versionId).toBe('2');
    expect(report?.result).toHaveLength(3);
    const [imagingStudy] = await rig.search(`ImagingStudy?identifier=urn:oid:${study}`);
    expect(JSON.stringify(imagingStudy)).toContain(`${study}.1.3`);
  });

  it('is left alone once a human has acted: a higher revision becomes a report of its own', async () => {
    const first = answer();
    const study = first.study.studyInstanceUid;
    await rig.say(first);
    await dispositionOf(study, 'filed');
    const [report] = await reportsOf(study);
    if (report === undefined) throw new Error('no report');
    await rig.put({ ...report, status: 'final' });
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...first.study.patient } }));
    // As it was told, as it stands there by that person's hand, and the one beside it.
    await waitFor(async () => (await outbox('report.filed.v1', study)).length === 3);
    expect((await reportsOf(study))[0]).toMatchObject({ status: 'final', meta: { versionId: '2' } });
    expect(await rig.search(reportQuery(study).replace(/1$/, '2'))).toHaveLength(1);
  });
});

describe('what is not filed', () => {
  it.each([
    [
      'a refusal of what was no business of the model',
      answer({ outcome: { kind: 'skipped', reason: 'wrong-view', detail: 'lateral' } }),
      'not-filed',
      'skipped',
    ],
    [
      'a refusal that nobody ordered',
      answer({ outcome: { kind: 'skipped', reason: 'age-unknown', detail: 'no age' } }),
      'not-needed',
      'nobody ordered it',
    ],
    [
      'a failure',
      answer({ outcome: { kind: 'failed', failure: { kind: 'defect', message: 'x' } } }),
      'not-filed',
      'failed',
    ],
    ['a shadow', answer({ role: 'shadow' }), 'not-filed', 'shadow'],
  ] as const)('%s is recorded and audited, and leaves nothing in the chart', async (_, said, disposition, reason) => {
    await rig.say(said);
    expect(await dispositionOf(said.study.studyInstanceUid, disposition)).toMatchObject({ reason });
    expect(await reportsOf(said.study.studyInstanceUid)).toEqual([]);
    const [audited] = await outbox('audit.recorded.v1', said.study.studyInstanceUid);
    const { type } = JSON.parse(audited?.value ?? '{}') as { type: { system: string; code: string } };
    expect(checkedCode(type.system, type.code)?.code).toBe('report-not-filed');
  });

  it('a shadow never touches the report beside it, whatever its version is by now: the role on an answer is final', async () => {
    const primary = answer();
    const { studyInstanceUid, patient } = primary.study;
    const shadow = answer({
      studyInstanceUid,
      version: '9.0.0',
      role: 'shadow',
      presence: 'absent',
      patient: { ...patient },
    });
    await rig.say(primary);
    await dispositionOf(studyInstanceUid, 'filed');
    await rig.say(shadow);
    expect(await dispositionOf(studyInstanceUid, 'not-filed')).toMatchObject({ reason: 'shadow' });
    expect(await reportsOf(studyInstanceUid)).toMatchObject([{ meta: { versionId: '1' } }]);
  });

  it('findings that follow a failure of the same request are filed', async () => {
    const failedFirst = answer({ outcome: { kind: 'failed', failure: { kind: 'unavailable', message: 'x' } } });
    const study = failedFirst.study.studyInstanceUid;
    await rig.say(failedFirst);
    await dispositionOf(study, 'not-filed');
    await rig.say(answer({ studyInstanceUid: study, patient: { ...failedFirst.study.patient } }));
    await dispositionOf(study, 'filed');
  });
});

describe('a patient who cannot be told for sure', () => {
  it('waits in quarantine with a reason that names nobody, and is filed once the record is mended', async () => {
    const before = answer();
    await rig.say(before);
    await dispositionOf(before.study.studyInstanceUid, 'filed');
    const disagreeing = answer({ patient: { ...before.study.patient, birthDate: '2021-01-01' } });
    const study = disagreeing.study.studyInstanceUid;
    await rig.say(disagreeing);
    expect(await dispositionOf(study, 'quarantined')).toMatchObject({ reason: 'birth-date-disagrees' });
    expect(await reportsOf(study)).toEqual([]);
    const audits = await outbox('audit.recorded.v1', study);
    expect(audits.map(({ value }) => value).join()).not.toContain(disagreeing.study.patient.id);
    const [patient] = await rig.search<Patient>(`Patient?identifier=${before.study.patient.id ?? ''}`);
    if (patient === undefined) throw new Error('no patient');
    await rig.put({ ...patient, birthDate: '2021-01-01' });
    await dispositionOf(study, 'filed');
    expect(await reportsOf(study)).toHaveLength(1);
  });
});

describe('a FHIR server in trouble', () => {
  it('that is away for a while gets the report afterwards', async () => {
    await rig.proxy.disconnect();
    const said = answer();
    const study = said.study.studyInstanceUid;
    await rig.say(said);
    await waitFor(async () => {
      const [row] = await rig.rows<{ reason: string | null }>(
        'select reason from delivery where study_instance_uid = $1',
        [study],
      );
      return row?.reason?.includes('FHIR server not reached');
    });
    await rig.proxy.connect();
    await dispositionOf(study, 'filed');
    expect(await reportsOf(study)).toHaveLength(1);
  });

  it('whose answer to the transaction is lost holds one report all the same', async () => {
    let dropped = 0;
    rig.proxy.after = ({ path, method }) => (method === 'POST' && path === '' && dropped++ < 1 ? 'drop' : 'deliver');
    const said = answer();
    await rig.say(said);
    await dispositionOf(said.study.studyInstanceUid, 'filed');
    expect(dropped).toBeGreaterThan(0);
    expect(await reportsOf(said.study.studyInstanceUid)).toHaveLength(1);
  });

  it('that refuses a bundle for good is asked once, and leaves a row and an audit event without a word of the patient', async () => {
    const said = answer();
    const study = said.study.studyInstanceUid;
    rig.proxy.before = ({ path, method, body }) =>
      method === 'POST' && path === '' && body.includes(study)
        ? {
            status: 422,
            body: JSON.stringify({
              resourceType: 'OperationOutcome',
              issue: [
                {
                  severity: 'error',
                  code: 'processing',
                  diagnostics: `HAPI-0574: "${said.study.patient.id}" of Zephyrine Quill, born 2022-05-06, is wrong`,
                  expression: ['Observation.status'],
                },
              ],
            }),
          }
        : undefined;
    await rig.say(said);
    const { reason } = await dispositionOf(study, 'refused');
    expect(reason).toContain('HAPI-0574');
    expect(reason).toContain('Observation.status');
    const told = `${reason} ${(await outbox('audit.recorded.v1', study)).map(({ value }) => value).join()}`;
    for (const secret of [said.study.patient.id ?? '', 'Zephyrine', 'Quill', '2022-05-06']) {
      expect(told).not.toContain(secret);
    }
  });

  it.each([409, 412])('that answers %i is looked at again', async (status) => {
    let refusals = 0;
    rig.proxy.before = ({ path, method }) =>
      method === 'POST' && path === '' && refusals++ < 2
        ? { status, body: '{"resourceType":"OperationOutcome","issue":[]}' }
        : undefined;
    const said = answer();
    await rig.say(said);
    await dispositionOf(said.study.studyInstanceUid, 'filed');
    expect(refusals).toBe(3);
    expect(await reportsOf(said.study.studyInstanceUid)).toHaveLength(1);
  });

  it('whose report changed between look and write gets the update on the version that is there', async () => {
    const first = answer();
    const study = first.study.studyInstanceUid;
    await rig.say(first);
    await dispositionOf(study, 'filed');
    let meddled = false;
    rig.proxy.before = async ({ path, method, body }) => {
      if (method === 'POST' && path === '' && body.includes(study) && !meddled) {
        meddled = true;
        const [report] = await reportsOf(study);
        if (report !== undefined) await rig.put({ ...report, conclusion: 'Touched between.' });
      }
      return undefined;
    };
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { ...first.study.patient } }));
    await waitFor(async () => (await outbox('report.filed.v1', study)).length === 2);
    const [report, ...others] = await reportsOf(study);
    expect(meddled).toBe(true);
    expect(others).toEqual([]);
    expect(report?.meta?.versionId).toBe('3');
    expect(report?.conclusion).toMatch(/^Unverified, by AI/);
  });

  it('that no longer takes the token gets a new one', async () => {
    let refused: string | undefined;
    let refusals = 0;
    rig.proxy.before = () => (refusals++ === 0 ? { status: 401, body: '{}' } : ((refused = 'asked again'), undefined));
    const said = answer();
    await rig.say(said);
    await dispositionOf(said.study.studyInstanceUid, 'filed');
    expect(refused).toBe('asked again');
    expect(
      await rig.rows('select 1 from delivery where reason is not null and study_instance_uid = $1', [
        said.study.studyInstanceUid,
      ]),
    ).toEqual([]);
  });
});

describe('a writer that is killed', () => {
  it('between the transaction and its own commit leaves exactly one report, and says that it was filed', async () => {
    const said = answer({ images: 2 });
    const study = said.study.studyInstanceUid;
    let killed: Promise<void> | undefined;
    rig.proxy.after = async ({ path, method, body }) => {
      if (killed !== undefined || method !== 'POST' || path !== '' || !body.includes(study)) return 'deliver';
      killed = writer.kill();
      await killed;
      return 'drop';
    };
    await rig.say(said);
    await waitFor(() => killed !== undefined);
    await killed;
    expect(await reportsOf(study)).toHaveLength(1);
    expect(await rig.rows('select 1 from told_edition where study_instance_uid = $1', [study])).toEqual([]);
    rig.proxy.reset();
    writer = await rig.startWriter();
    await dispositionOf(study, 'filed');
    expect(await reportsOf(study)).toHaveLength(1);
    expect((await reportsOf(study))[0]?.meta?.versionId).toBe('1');
    expect(await outbox('report.filed.v1', study)).toHaveLength(1);
  }, 240_000);
});

describe('under the rule of a hospital, where no patient is ever made from images', () => {
  const sayFor = async (id: string): Promise<string> => {
    const said = answer({ patient: { id } });
    await rig.say(said);
    return said.study.studyInstanceUid;
  };

  beforeAll(async () => {
    await writer.stop();
    writer = await rig.startWriter({ patients: { rule: 'resolve' } });
  }, 240_000);

  it('files to the one agreeing record', async () => {
    await rig.put(person('one'));
    const study = await sayFor('one');
    await dispositionOf(study, 'filed');
    expect((await reportsOf(study))[0]?.subject?.reference).toBe('Patient/one');
  });

  it('files to the record that replaced the one named', async () => {
    await rig.put(person('kept', { identifier: [] }));
    await rig.put(
      person('gone', { active: false, link: [{ type: 'replaced-by', other: { reference: 'Patient/kept' } }] }),
    );
    const study = await sayFor('gone');
    await dispositionOf(study, 'filed');
    expect((await reportsOf(study))[0]?.subject?.reference).toBe('Patient/kept');
  });

  it.each([
    ['nobody has the identifier', 'nobody', [], 'no-such-patient'],
    [
      'two have it',
      'twice',
      [person('twice'), person('twice-more', { identifier: [{ system: patientSystem, value: 'twice' }] })],
      'several-patients',
    ],
    ['its record is not active', 'inactive', [person('inactive', { active: false })], 'record-not-active'],
    [
      'its record has another name',
      'other-name',
      [person('other-name', { name: [{ family: 'Jones' }] })],
      'name-disagrees',
    ],
    ['its record has another sex', 'other-sex', [person('other-sex', { gender: 'male' })], 'sex-disagrees'],
  ])('quarantines where %s', async (_, id, records, reason) => {
    for (const record of records) await rig.put(record);
    const study = await sayFor(id);
    expect(await dispositionOf(study, 'quarantined')).toMatchObject({ reason });
    expect(await reportsOf(study)).toEqual([]);
    expect(await rig.search(`Patient?identifier=${id}`)).toHaveLength(records.length);
  });

  it("quarantines an issuer that nobody has mapped, though the number is somebody's here", async () => {
    const said = answer({ patient: { id: 'one', issuer: 'ELSEWHERE' } });
    await rig.say(said);
    expect(await dispositionOf(said.study.studyInstanceUid, 'quarantined')).toMatchObject({ reason: 'issuer-unknown' });
  });

  it("refers to the PACS's ImagingStudy and leaves it as it is; one of another patient is nobody's to file to", async () => {
    const said = answer({ patient: { id: 'one' } });
    const study = said.study.studyInstanceUid;
    const pacs = (id: string, uid: string, subject: string): ImagingStudy => ({
      resourceType: 'ImagingStudy',
      id,
      status: 'available',
      identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${uid}` }],
      subject: { reference: subject },
    });
    await rig.put(pacs('pacs-1', study, 'Patient/one'));
    await rig.say(said);
    await dispositionOf(study, 'filed');
    expect((await reportsOf(study))[0]?.imagingStudy?.[0]?.reference).toBe('ImagingStudy/pacs-1');
    const [kept, ...others] = await rig.search<ImagingStudy>(`ImagingStudy?identifier=urn:oid:${study}`);
    expect([kept?.meta?.versionId, others]).toEqual(['1', []]);

    const foreign = answer({ patient: { id: 'one' } });
    await rig.put(pacs('pacs-2', foreign.study.studyInstanceUid, 'Patient/kept'));
    await rig.say(foreign);
    expect(await dispositionOf(foreign.study.studyInstanceUid, 'quarantined')).toMatchObject({
      reason: 'study-of-another-patient',
    });
  });
});

describe('release', () => {
  it('keeps to the worklist what a site has not released, as a row and an audit event', async () => {
    await writer.stop();
    writer = await rig.startWriter({ release: {} });
    const said = answer();
    await rig.say(said);
    expect(await dispositionOf(said.study.studyInstanceUid, 'held')).toMatchObject({ reason: 'on-signature' });
    expect(await reportsOf(said.study.studyInstanceUid)).toEqual([]);
  }, 240_000);
});

describe('all that was left behind', () => {
  it('passes the validator of the server with no error, and every reference leads somewhere', async () => {
    const verdict = await validateEverything(rig.server.baseUrl, await rig.identity.token('system'), resultTypes);
    expect(verdict.errors).toEqual([]);
    expect(verdict.dangling).toEqual([]);
    expect(verdict.validated).toBeGreaterThan(20);
  }, 300_000);

  it('holds one Device per model version and one model card', async () => {
    expect(
      await rig.search('Device?identifier=https://sightline.dev/fhir/model%7Cchest-xray-paediatric@1.0.0'),
    ).toHaveLength(1);
    expect(await rig.search('DocumentReference')).toHaveLength(1);
  });

  it('and no log line of the writer names the patient', async () => {
    const log = await readFile(writer.logFile, 'utf8');
    expect(log).not.toMatch(/Zephyrine|Quill|2022-05-06/);
  });
});
