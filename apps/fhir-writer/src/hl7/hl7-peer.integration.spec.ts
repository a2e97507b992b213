import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { codes, reportStates, stateOutside } from '@sightline/findings';
import { controlIdOf, resultMessage, type ResultContext } from '@sightline/hl7v2';
import { createLogger } from '@sightline/platform';
import {
  sendByHl7Peer,
  startHl7Receiver,
  type Hl7PeerTls,
  type Hl7Receiver,
} from '../../../../tools/sandbox/parts/hl7-peer.ts';
import { certificateAuthority, type Authority, type Identity } from '../../../../test/support/certificates.ts';
import { findingNumber, resultInState } from '../../../../test/support/result-in-state.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { AdtListener, type RecordEvents } from './adt-listener.ts';
import { MllpDestination } from './mllp-destination.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

function context(controlId: string, more: Partial<ResultContext> = {}): ResultContext {
  const authority = { namespace: 'HOSP', universalId: '1.2.3', universalIdType: 'ISO' };
  return {
    patient: {
      identifiers: [{ value: '7', authority }],
      name: { family: 'Müller|Łódź', given: ['Zoë', 'Ann'], prefix: 'Dr' },
      birthDate: '2019-05-06',
      sex: 'F',
    },
    order: {
      placer: { value: 'PL1', authority: { namespace: 'EHR' } },
      filler: { value: 'FI1', authority: { namespace: 'RIS' } },
      accession: { value: 'A1', authority },
    },
    sending: { application: { namespace: 'SIGHTLINE' }, facility: { namespace: 'HOSP' } },
    receiving: { application: { namespace: 'EHR' }, facility: { namespace: 'HOSP' } },
    controlId,
    processingId: 'T',
    onlyReport: true,
    reportUrl: 'https://ehr.example/report/7?a=1&b=2',
    pdf: Buffer.from('%PDF-1.7').toString('base64'),
    critical: ['2.25.1'],
    ...more,
  };
}

let folder: TemporaryDirectory;
let authority: Authority;
let ours: Identity;
let theirs: Identity;
const receivers: Hl7Receiver[] = [];
const destinations: MllpDestination[] = [];

const peerTls = (identity: Identity): Hl7PeerTls => ({
  keyStore: identity.keyStore,
  trustStore: authority.trustStore,
  password: authority.password,
});

async function receiver(tls?: Hl7PeerTls): Promise<Hl7Receiver> {
  const started = await startHl7Receiver({ directory: folder.path, ...(tls === undefined ? {} : { tls }) });
  receivers.push(started);
  return started;
}

function destinationTo(port: number, tls?: { ca?: string; cert?: string; key?: string }): MllpDestination {
  const bounds = { connectTimeoutMs: 5000, answerTimeoutMs: 20_000, maxAnswerBytes: 65_536 };
  const destination = new MllpDestination({
    host: '127.0.0.1',
    port,
    ...bounds,
    ...(tls === undefined ? {} : { tls }),
  });
  destinations.push(destination);
  return destination;
}

beforeAll(async () => {
  folder = await temporaryDirectory('hl7');
  authority = await certificateAuthority(folder.path, 'hospital');
  [ours, theirs] = await Promise.all([authority.issue('sightline'), authority.issue('ehr')]);
}, 300_000);

afterAll(async () => {
  destinations.forEach((destination) => destination.close());
  await Promise.all(receivers.map((one) => one.stop()));
  await folder.remove();
});

describe('HAPI HL7v2 as the receiver', () => {
  let ehr: Hl7Receiver;
  let destination: MllpDestination;
  const last = () => ehr.received().at(-1) ?? { errors: ['nothing received'], controlId: '', rows: [] };

  beforeAll(async () => {
    ehr = await receiver();
    destination = destinationTo(ehr.port);
  }, 300_000);

  const every = reportStates.flatMap((state) => [true, false].map((onlyReport) => ({ state, onlyReport })));

  it.each(every)(
    'finds no fault with a report that is $state (only report: $onlyReport)',
    async ({ state, onlyReport }) => {
      const set = resultInState(state);
      const controlId = controlIdOf(set, `ehr ${onlyReport}`, digest);
      const text = resultMessage(set, context(controlId, { onlyReport, noLongerFound: [findingNumber(9)] }), digest);
      expect(await destination.send(text, controlId, signal())).toEqual({ kind: 'accepted' });
      const { errors, controlId: heard, rows } = last();
      expect(errors).toEqual([]);
      expect(heard).toBe(controlId);
      expect(rows[0]).toEqual([
        'OBR',
        'AI analysis: Chest X-ray, paediatric',
        stateOutside(state, { onlyReport }).obr25,
      ]);
      expect(rows).toContainEqual(['113014', '', set.study.studyInstanceUid, 'O']);
      const answers = rows.filter(
        ([code, subId]) => code === codes.snomed.pneumonia.code && /^\w{10}$/.test(subId ?? ''),
      );
      expect(answers).toHaveLength(set.findings.length + 1);
    },
  );

  it('understands texts as they were, delimiters and all, with line breaks as breaks of formatted text', async () => {
    const sentence = 'a|b^c&d~e\\f\\X0D\\ \\.br\\ „ä“ 💀 \r\nOBX|1|TX||| MSH|^~\\&|""';
    const set = resultInState('unreviewed', { findings: [findingNumber(1, { sentence })] });
    expect(await destination.send(resultMessage(set, context('hostile'), digest), 'hostile', signal())).toEqual({
      kind: 'accepted',
    });
    const { errors, rows } = last();
    expect(errors).toEqual([]);
    expect(rows.map((row) => row[2]).find((value) => value?.startsWith('a'))).toBe(
      sentence.replaceAll('\r\n', '\\.br\\'),
    );
  });

  it('refuses a message that lacks what it must have, and that is told apart from being unavailable', async () => {
    const text = resultMessage(resultInState('unreviewed'), context('broken'), digest).replace(
      /\rPID\|[^\r]*/,
      '\rPID|1',
    );
    expect(await destination.send(text, 'broken', signal())).toMatchObject({ kind: 'rejected', code: 'AE' });
    expect(last().errors).toEqual(['PID-3 is missing', 'PID-5 is missing']);
  });

  it('is sent to again once it is back, as the same bytes', async () => {
    const text = resultMessage(resultInState('signed'), context('again'), digest);
    await ehr.stop();
    expect(await destination.send(text, 'again', signal())).toMatchObject({
      kind: 'failed',
      failure: { kind: 'unavailable' },
    });
    await ehr.restart();
    expect(await destination.send(text, 'again', signal())).toEqual({ kind: 'accepted' });
    expect(last()).toMatchObject({ errors: [], controlId: 'again' });
  });

  it('that stands still is unavailable in time', async () => {
    const bounds = { connectTimeoutMs: 500, answerTimeoutMs: 500, maxAnswerBytes: 65_536 };
    const impatient = new MllpDestination({ host: '127.0.0.1', port: ehr.port, ...bounds });
    destinations.push(impatient);
    ehr.pause();
    try {
      const text = resultMessage(resultInState('signed'), context('still'), digest);
      expect(await impatient.send(text, 'still', signal())).toMatchObject({ failure: { kind: 'unavailable' } });
    } finally {
      ehr.resume();
    }
  });
});

describe('HAPI HL7v2 as the receiver behind TLS', () => {
  let ehr: Hl7Receiver;
  const text = (controlId: string): string => resultMessage(resultInState('unreviewed'), context(controlId), digest);

  beforeAll(async () => {
    ehr = await receiver(peerTls(theirs));
  }, 300_000);

  it('is sent to where each believes the other', async () => {
    const destination = destinationTo(ehr.port, { ca: authority.ca, cert: ours.cert, key: ours.key });
    expect(await destination.send(text('tls'), 'tls', signal())).toEqual({ kind: 'accepted' });
    expect(ehr.received().at(-1)).toMatchObject({ errors: [], controlId: 'tls' });
  });

  it.each(['a client without a certificate', 'a server that another authority vouches for', 'no TLS'])(
    'takes nothing from %s',
    async (which) => {
      const other = await certificateAuthority(folder.path, `other-${which.length}`);
      const tls = which.startsWith('no')
        ? undefined
        : which.startsWith('a client')
          ? { ca: authority.ca }
          : { ca: other.ca, cert: ours.cert, key: ours.key };
      const before = ehr.received().length;
      const outcome = await destinationTo(ehr.port, tls).send(text('no'), 'no', signal());
      expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
      expect(ehr.received()).toHaveLength(before);
    },
  );
});

describe('HAPI HL7v2 as the sender', () => {
  let listener: AdtListener | undefined;
  let told: Parameters<RecordEvents>[0][] = [];
  let lines = '';

  async function listen(names?: readonly string[]): Promise<number> {
    told = [];
    lines = '';
    listener = new AdtListener(
      {
        host: '127.0.0.1',
        port: 0,
        peers: {
          kind: 'certificates',
          tls: { ca: authority.ca, cert: ours.cert, key: ours.key },
          ...(names === undefined ? {} : { names }),
        },
        maxConnections: 4,
        maxMessageBytes: 65_536,
        messageTimeoutMs: 5000,
        idleTimeoutMs: 30_000,
        recordTimeoutMs: 5000,
      },
      async (message) => {
        told.push(message);
        return { kind: 'recorded' };
      },
      createLogger('test', 'debug', { write: (line) => void (lines += line) }),
    );
    return listener.listen();
  }

  afterEach(async () => {
    await listener?.close(1000);
  });

  const header = (type: string, id: string): string =>
    `MSH|^~\\&|ADT|HOSP|SIGHTLINE|HOSP|20260203||${type}|${id}|P|2.5.1`;
  const pid = 'PID|1||7^^^HOSP&1.2.3&ISO^MR||DOE^JOHN||19700101|M';
  const known = (value: string) => ({
    value,
    authority: { namespace: 'HOSP', universalId: '1.2.3', universalIdType: 'ISO' },
    type: 'MR',
  });

  it('is understood and answered, message after message', async () => {
    const port = await listen(['ehr']);
    const answers = await sendByHl7Peer({ port, tls: peerTls(theirs) }, [
      [header('ADT^A40^ADT_A39', 'M1'), 'EVN|A40|2026', pid, 'MRG|8^^^HOSP&1.2.3&ISO^MR'].join('\r'),
      [header('ADT^A08^ADT_A01', 'M2'), 'EVN|A08|2026', pid, 'PV1|1|O'].join('\r'),
      [header('ADT^A31^ADT_A05', 'M3'), 'EVN|A31|2026', pid, 'PV1|1|O'].join('\r'),
      [header('ORM^O01^ORM_O01', 'M4'), pid, 'ORC|XO|PL1', 'OBR|1|PL1||X^Chest^L||||||||||||||A1'].join('\r'),
      [header('ADT^A01^ADT_A01', 'M5'), 'EVN|A01|2026', pid, 'PV1|1|I'].join('\r'),
    ]);
    expect(answers.map((answer) => /MSA\|\w+\|\w+/.exec(answer)?.[0])).toEqual([
      'MSA|AA|M1',
      'MSA|AA|M2',
      'MSA|AA|M3',
      'MSA|AA|M4',
      'MSA|AR|M5',
    ]);
    expect(told.map(({ controlId, events }) => [controlId, events])).toEqual([
      ['M1', [{ kind: 'merged', gone: [known('8')], surviving: [known('7')] }]],
      ['M2', [{ kind: 'updated', patient: [known('7')] }]],
      ['M3', [{ kind: 'updated', patient: [known('7')] }]],
      [
        'M4',
        [
          {
            kind: 'order-moved',
            orders: [{ placer: { value: 'PL1' }, accession: { value: 'A1' } }],
            patient: [known('7')],
            from: [],
          },
        ],
      ],
    ]);
    expect(lines).not.toMatch(/DOE|JOHN/);
  });

  it.each([
    ['whose certificate has a name that is not allowed', ['somebody-else'], 'hospital'],
    ['whose certificate another authority vouches for', undefined, 'stranger'],
  ])('%s is refused, unheard', async (_, names, vouches) => {
    const port = await listen(names);
    const identity =
      vouches === 'hospital' ? theirs : await (await certificateAuthority(folder.path, vouches)).issue('ehr');
    const message = [header('ADT^A08^ADT_A01', 'M2'), 'EVN|A08|2026', pid, 'PV1|1|O'].join('\r');
    const answers = await sendByHl7Peer({ port, tls: peerTls(identity) }, [message]);
    expect([answers, told]).toEqual([[], []]);
    expect(lines).toContain('hl7-peer-refused');
  });
});
