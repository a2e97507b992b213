import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiagnosticReport, ImagingStudy, ServiceRequest } from '@medplum/fhirtypes';
import { sendByHl7Peer } from '../../tools/sandbox/parts/hl7-peer.ts';
import { freePort, waitFor } from '../support/index.ts';
import { answer } from './answers.ts';
import { person } from './records.ts';
import { startWriterRig, type WriterRig } from './writer-rig.ts';

let rig: WriterRig;
let adtPort: number;

beforeAll(async () => {
  rig = await startWriterRig();
  adtPort = await freePort();
  await rig.startWriter({
    patients: { rule: 'resolve' },
    ehr: { accessions: [{ system: 'urn:example:accessions' }] },
    adt: { port: adtPort, peers: { kind: 'addresses', addresses: ['127.0.0.1'] } },
  });
}, 600_000);

afterAll(async () => {
  await rig?.stop();
}, 60_000);

const order = (id: string, accession: string, patient: string): ServiceRequest => ({
  resourceType: 'ServiceRequest',
  id,
  status: 'active',
  intent: 'order',
  identifier: [{ system: 'urn:example:accessions', value: accession }],
  subject: { reference: `Patient/${patient}` },
});

const standings = async (study: string): Promise<string[]> => {
  const rows = await rig.rows<{ generation: number; state: string; status: string; reason: string | null }>(
    `select generation, state, status, delivery.reason from delivery join report using (study_instance_uid, model, generation)
     where study_instance_uid = $1 order by generation`,
    [study],
  );
  return rows.map(({ generation, state, status, reason }) => `${generation} ${state} ${reason ?? status}`);
};

const becomes = (study: string, wanted: string[]) =>
  waitFor(async () => {
    const now = await standings(study);
    if (JSON.stringify(now) === JSON.stringify(wanted)) return true;
    throw new Error(JSON.stringify(now));
  });

/** What a withdrawn report is said to have been wrong about, where its objects are taken back. */
const because = async (study: string): Promise<(string | null)[]> => {
  const rows = await rig.rows<{ because: string | null }>(
    'select withdrawn_because as because from report_edition where study_instance_uid = $1 order by generation, edition',
    [study],
  );
  return rows.map((row) => row.because);
};

const reportOf = async (study: string, generation: number): Promise<[string | undefined, string | undefined]> => {
  const [report] = await rig.search<DiagnosticReport>(
    `DiagnosticReport?identifier=${encodeURIComponent(`https://sightline.dev/fhir/report|${study}/chest-xray-paediatric/${generation}`)}`,
  );
  return [report?.subject?.reference, report?.status];
};

let told = 0;
const adt = async (event: string, pid: string, ...segments: string[]): Promise<void> => {
  const header = `MSH|^~\\&|ADT|HOSPITAL|SIGHTLINE|SIGHTLINE|20260203040506||${event}|C${++told}|P|2.5.1`;
  const [type = ''] = event.split('^').slice(1);
  const lines = event.startsWith('ADT') ? [header, `EVN|${type}|20260203040506`] : [header];
  const [answered] = await sendByHl7Peer({ port: adtPort }, [
    [...lines, `PID|||${pid}||Quill^Zephyrine`, ...segments].join('\r'),
  ]);
  expect(answered).toMatch(/MSA\|AA\|/);
};

async function sayFor(id: string, more: Parameters<typeof answer>[0] = {}): Promise<string> {
  const said = answer({ patient: { id }, ...more });
  await rig.say(said);
  await becomes(said.study.studyInstanceUid, ['1 unreviewed told']);
  return said.study.studyInstanceUid;
}

describe('a patient who was merged into another (A40)', () => {
  it('has the report withdrawn under the old record and told under the one that remains, its study with it', async () => {
    await rig.put(person('old'));
    await rig.put(person('kept', { identifier: [] }));
    const study = await sayFor('old');
    expect(await reportOf(study, 1)).toEqual(['Patient/old', 'partial']);
    await rig.put(
      person('old', { active: false, link: [{ type: 'replaced-by', other: { reference: 'Patient/kept' } }] }),
    );
    await adt('ADT^A40^ADT_A39', 'kept^^^HOSPITAL^MR', 'MRG|old^^^HOSPITAL^MR');
    await becomes(study, ['1 withdrawn told', '2 unreviewed told']);
    expect(await reportOf(study, 1)).toEqual(['Patient/old', 'entered-in-error']);
    expect(await reportOf(study, 2)).toEqual(['Patient/kept', 'partial']);
    expect(await because(study)).toEqual([null, 'wrong-worklist-entry', null]);
    const [known] = await rig.search<ImagingStudy>(`ImagingStudy?identifier=urn:oid:${study}`);
    expect(known?.subject.reference).toBe('Patient/kept');
  });
});

describe('a patient whose data changed (A08)', () => {
  it('keeps the report where the record still agrees', async () => {
    await rig.put(person('moved-house'));
    const study = await sayFor('moved-house');
    await rig.put(person('moved-house', { address: [{ city: 'Elsewhere' }] }));
    await adt('ADT^A08^ADT_A01', 'moved-house^^^HOSPITAL^MR');
    await waitFor(
      async () =>
        (await rig.rows('select 1 from delivery where study_instance_uid = $1 and rechecks = 1', [study])).length === 1,
    );
    expect(await standings(study)).toEqual(['1 unreviewed told']);
    expect(await reportOf(study, 1)).toEqual(['Patient/moved-house', 'partial']);
  });

  it('has it withdrawn where the record is somebody else’s by now, and waits in quarantine', async () => {
    await rig.put(person('mistaken'));
    const study = await sayFor('mistaken');
    await rig.put(person('mistaken', { birthDate: '1950-01-01' }));
    await adt('ADT^A08^ADT_A01', 'mistaken^^^HOSPITAL^MR');
    await becomes(study, ['1 withdrawn told', '2 unreviewed birth-date-disagrees']);
    expect(await reportOf(study, 1)).toEqual(['Patient/mistaken', 'entered-in-error']);
    // Mended, and said: nobody waits for the next look.
    await rig.put(person('mistaken'));
    await adt('ADT^A08^ADT_A01', 'mistaken^^^HOSPITAL^MR');
    await becomes(study, ['1 withdrawn told', '2 unreviewed told']);
  });
});

describe('an order that became another patient’s (ORM)', () => {
  it('takes the report back from the first, and leaves it to a person', async () => {
    await rig.put(person('first'));
    await rig.put(person('second'));
    await rig.put(order('order-1', 'ACCfirst', 'first'));
    const study = await sayFor('first');
    await rig.put(order('order-1', 'ACCfirst', 'second'));
    await adt(
      'ORM^O01',
      'second^^^HOSPITAL^MR',
      'ORC|XO|P1|F1',
      'OBR|1|P1|F1|30745-4^XR Chest^LN||||||||||||||ACCfirst',
    );
    await becomes(study, ['1 withdrawn told', '2 unreviewed order-of-another-patient']);
    expect(await reportOf(study, 1)).toEqual(['Patient/first', 'entered-in-error']);
    expect(await reportOf(study, 2)).toEqual([undefined, undefined]);
  });
});

describe('a newer revision of a study whose images say another patient', () => {
  it('is a report of its own under that patient, and the first one is withdrawn', async () => {
    await rig.put(person('wrong'));
    await rig.put(person('right'));
    const study = await sayFor('wrong');
    await rig.say(answer({ studyInstanceUid: study, revision: 2, patient: { id: 'right' } }));
    await becomes(study, ['1 withdrawn told', '2 unreviewed told']);
    expect(await reportOf(study, 1)).toEqual(['Patient/wrong', 'entered-in-error']);
    expect(await reportOf(study, 2)).toEqual(['Patient/right', 'partial']);
    expect(await because(study)).toEqual([null, 'wrong-worklist-entry', null]);
  });
});
