import { encodeDataSet, encodePart10, explicitVrLittleEndian, type WritableDataset } from '@sightline/dicom';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import { freshUid, radiograph, startIngestParts, type IngestParts } from '../../tools/corpus/ingest-parts.ts';
import { associateRequest, Scu, storeCommand } from '../../tools/corpus/scu.ts';
import type { Ingest } from '../../tools/corpus/start-ingest.ts';
import { echoscu, startIdentityProvider, waitFor, type IdentityProvider, type Role } from '../support/index.ts';

const dx = '1.2.840.10008.5.1.4.1.1.1.1';
const verification: [string, string] = ['1.2.840.10008.1.1', '1.2.840.10008.1.2'];

let parts: IngestParts;
let identity: IdentityProvider;
let ingest: Ingest;

beforeAll(async () => {
  parts = await startIngestParts();
  identity = await startIdentityProvider({ directory: `${parts.directory}/identity` });
  ingest = await parts.start({
    oidcIssuer: identity.issuer,
    environment: {
      DICOM_MAX_ASSOCIATIONS: '6',
      DICOM_IDLE_TIMEOUT_MS: '5000',
      DICOM_ASSOCIATE_TIMEOUT_MS: '5000',
      MAX_INSTANCE_BYTES: '1000000',
    },
  });
}, 180_000);

afterAll(async () => {
  await parts.stop();
  await identity.stop();
});

/** The process that was started is the one that still answers. */
async function livesOn(): Promise<void> {
  expect((await echoscu(ingest.dicom)).code).toBe(0);
  expect(ingest.child.isRunning).toBe(true);
}

function associate(contexts: [string, string][] = [[dx, explicitVrLittleEndian]]): Promise<Scu> {
  return Scu.associate(ingest.dicom, contexts);
}

async function statusOf(dataSet: Uint8Array, sopInstanceUid: string): Promise<{ status: string; comment: string }> {
  const scu = await associate();
  const answer = await scu.store({
    sopClassUid: dx,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
    dataSet,
  });
  // The association lives on: the next instance is taken on it.
  const good = radiograph();
  const next = { sopClassUid: dx, sopInstanceUid: good.SOPInstanceUID, transferSyntaxUid: explicitVrLittleEndian };
  expect((await scu.store({ ...next, dataSet: encodeDataSet(good) }))?.status).toBe(0);
  await scu.release();
  return { status: answer?.status.toString(16) ?? 'none', comment: answer?.comment ?? '' };
}

describe('a bad data set over C-STORE', () => {
  it('is refused with 0xC001 and the place where it is cut', async () => {
    const dataset = radiograph();
    const bytes = encodeDataSet(dataset);
    expect(await statusOf(bytes.subarray(0, bytes.length - 5), dataset.SOPInstanceUID)).toEqual({
      status: 'c001',
      comment: 'the data set ends inside (7fe0,0010)',
    });
    const { rows } = await parts.db.query('select 1 from instance where sop_instance_uid = $1', [
      dataset.SOPInstanceUID,
    ]);
    expect(rows).toEqual([]);
    await livesOn();
  });

  it('is refused with 0xC000 where it is no data set', async () => {
    const answer = await statusOf(Buffer.from('This is not a data set, it is a letter.'), freshUid());
    expect(answer).toMatchObject({ status: 'c000', comment: expect.stringContaining('no value representation') });
  });

  it('is refused with 0xC002 without the UIDs that place it', async () => {
    const { StudyInstanceUID: _, ...dataset } = radiograph();
    expect(await statusOf(encodeDataSet(dataset), dataset.SOPInstanceUID)).toEqual({
      status: 'c002',
      comment: 'StudyInstanceUID is missing',
    });
  });

  it('is refused with 0xA900 where its SOP class is not the one it was sent as', async () => {
    const dataset = radiograph({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' });
    expect((await statusOf(encodeDataSet(dataset), dataset.SOPInstanceUID)).status).toBe('a900');
  });

  it('is refused with 0xC000 under another SOP Instance UID than its own', async () => {
    expect((await statusOf(encodeDataSet(radiograph()), freshUid())).status).toBe('c000');
  });

  it('is refused with 0xA700 where it is larger than what is taken, and leaves no object behind', async () => {
    const dataset = radiograph({ PixelData: new Uint8Array(1_500_000) });
    expect((await statusOf(encodeDataSet(dataset), dataset.SOPInstanceUID)).status).toBe('a700');
  });

  it('is audited as a refused transfer', async () => {
    const events = await parts.outbox('audit.recorded.v1');
    expect(events.filter(({ id }) => id.startsWith('audit/transfer-refused/')).length).toBeGreaterThanOrEqual(6);
  });
});

describe('an unsupported presentation context', () => {
  it('is rejected for its SOP class or its transfer syntax, and the others are accepted', async () => {
    const contexts: [string, string][] = [
      ['1.2.840.10008.5.1.4.31', explicitVrLittleEndian],
      ['1.3.46.670589.5.0.1', explicitVrLittleEndian],
      [dx, '1.2.3.4.5'],
      [dx, '1.2.840.10008.1.2.4.70'],
      verification,
    ];
    const scu = await associate(contexts);
    expect(contexts.map(([sop, syntax]) => scu.accepts(sop, syntax))).toEqual([false, false, false, true, true]);
    expect(await scu.echo()).toBe(0);
    await scu.release();
  });

  it('answers 0x0122 to a C-STORE of another SOP class than the context has', async () => {
    const scu = await associate();
    scu.writeCommand(1, storeCommand(1, '1.2.840.10008.5.1.4.1.1.2', freshUid()));
    scu.writeData(1, encodeDataSet(radiograph()), true);
    expect((await scu.nextStatus())?.status).toBe(0x0122);
    await scu.release();
  });
});

describe('a broken peer', () => {
  it.each<[string, Buffer]>([
    ['a PDU of unknown type', Buffer.from([0x55, 0, 0, 0, 0, 4, 1, 2, 3, 4])],
    ['a PDU longer than anyone may send', Buffer.from([0x04, 0, 0xff, 0xff, 0xff, 0xff])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['an A-ASSOCIATE-RQ full of nonsense', Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 100]), Buffer.alloc(100, 0x7f)])],
  ])('is aborted for %s', async (_name, bytes) => {
    const scu = await Scu.connect(ingest.dicom);
    scu.socket.write(bytes);
    expect((await scu.nextPdu())?.type).toBe(7);
    expect(await scu.nextPdu()).toBeUndefined();
    await livesOn();
  });

  it('is aborted for a malformed PDV or a command where none belongs, and harms no other association', async () => {
    const other = await associate([[dx, explicitVrLittleEndian], verification]);
    const scu = await associate();
    scu.socket.write(Buffer.from([4, 0, 0, 0, 0, 6, 0xff, 0xff, 0xff, 0xff, 1, 3]));
    expect((await scu.nextPdu())?.type).toBe(7);
    const second = await associate();
    second.writeData(1, Buffer.alloc(10), true);
    expect((await second.nextPdu())?.type).toBe(7);
    expect(await other.echo()).toBe(0);
    await other.release();
  });

  it('may abort or vanish in mid data set: nothing of it is kept', async () => {
    for (const end of [(scu: Scu) => scu.abort(), (scu: Scu) => scu.socket.destroy()]) {
      const dataset = radiograph({ PixelData: new Uint8Array(500_000) });
      const scu = await associate();
      scu.writeCommand(1, storeCommand(1, dx, dataset.SOPInstanceUID));
      scu.writeData(1, encodeDataSet(dataset).subarray(0, 100_000), false);
      await sleep(200);
      end(scu);
      await livesOn();
      const { rows } = await parts.db.query('select 1 from instance where sop_instance_uid = $1', [
        dataset.SOPInstanceUID,
      ]);
      expect(rows).toEqual([]);
    }
  });

  it('is aborted when it hangs in mid data set', async () => {
    const scu = await associate();
    scu.writeCommand(1, storeCommand(1, dx, freshUid()));
    scu.writeData(1, encodeDataSet(radiograph()).subarray(0, 50), false);
    expect((await scu.nextPdu(10_000))?.type).toBe(7);
    await livesOn();
  });

  it('does not keep C-ECHO from being answered with four half-open connections, which are closed in time', async () => {
    const halfOpen = await Promise.all([1, 2, 3, 4].map(() => Scu.connect(ingest.dicom)));
    halfOpen[1]?.socket.write(Buffer.from([1, 0]));
    halfOpen[2]?.socket.write(associateRequest('SIGHTLINE', [verification]).subarray(0, 30));
    await livesOn();
    await livesOn();
    const closed = await Promise.all(halfOpen.map((scu) => scu.nextPdu(10_000)));
    expect(closed).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('is rejected for now where the most associations are open', async () => {
    const open = await Promise.all(Array.from({ length: 6 }, () => associate()));
    const seventh = await Scu.connect(ingest.dicom);
    seventh.socket.write(associateRequest('SIGHTLINE', [verification]));
    const answer = await seventh.nextPdu();
    expect([answer?.type, ...(answer?.body ?? [])]).toEqual([3, 0, 2, 3, 2]);
    await Promise.all(open.map((scu) => scu.release()));
    await waitFor(async () => (await echoscu(ingest.dicom)).code === 0, { what: 'room again' });
  });
});

describe('a bad upload over STOW-RS', () => {
  const boundary = 'a-boundary';

  function multipart(...bodies: Uint8Array[]): Buffer {
    const parted = bodies.flatMap((body) => [
      Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      body,
      Buffer.from('\r\n'),
    ]);
    return Buffer.concat([...parted, Buffer.from(`--${boundary}--\r\n`)]);
  }

  async function post(
    body: Uint8Array,
    {
      path = '/studies',
      type = `multipart/related; type="application/dicom"; boundary=${boundary}`,
      role = 'operator',
    }: { path?: string; type?: string; role?: Role | 'nobody' } = {},
  ): Promise<{ status: number; body: Record<string, { Value?: Record<string, { Value: unknown[] }>[] }> }> {
    const headers: Record<string, string> = { 'content-type': type };
    if (role !== 'nobody') headers['authorization'] = `Bearer ${await identity.token(role)}`;
    const response = await fetch(`${ingest.httpUrl}${path}`, { method: 'POST', headers, body: Uint8Array.from(body) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  }

  it('answers 200 and the references to what is good', async () => {
    const dataset = radiograph();
    const { status, body } = await post(multipart(encodePart10(dataset)));
    expect(status).toBe(200);
    expect(body['00081199']?.Value?.[0]?.['00081155']?.Value).toEqual([dataset.SOPInstanceUID]);
    expect(body['00081198']).toBeUndefined();
    await waitFor(async () => (await parts.outbox('study.received.v1', dataset.StudyInstanceUID)).length === 1);
  });

  it('answers 202 and names what failed beside what was stored', async () => {
    const other: WritableDataset & { SOPInstanceUID: string } = radiograph();
    const mine = radiograph();
    const files = multipart(encodePart10(mine), encodePart10(other));
    const { status, body } = await post(files, { path: `/studies/${mine.StudyInstanceUID}` });
    expect(status).toBe(202);
    expect(body['00081199']?.Value?.[0]?.['00081155']?.Value).toEqual([mine.SOPInstanceUID]);
    expect(body['00081198']?.Value?.[0]?.['00081155']?.Value).toEqual([other.SOPInstanceUID]);
    expect(body['00081198']?.Value?.[0]?.['00081197']?.Value).toEqual([0xa900]);
  });

  it('answers 400 to what is no DICOM, to a truncated file, to no part and to a body without its end', async () => {
    expect((await post(multipart(Buffer.from('hello')))).status).toBe(400);
    const file = encodePart10(radiograph());
    expect((await post(multipart(file.subarray(0, file.length - 3)))).status).toBe(400);
    expect((await post(Buffer.from(`--${boundary}--\r\n`))).status).toBe(400);
    expect((await post(multipart(file).subarray(0, 200))).status).toBe(400);
    expect((await post(multipart(file), { path: '/studies/not-a-uid' })).status).toBe(400);
  });

  it('answers 409 to an unsupported SOP class', async () => {
    const { status, body } = await post(multipart(encodePart10(radiograph({ SOPClassUID: '1.2.3.4' }))));
    expect(status).toBe(409);
    expect(body['00081198']?.Value?.[0]?.['00081197']?.Value).toEqual([0x0122]);
  });

  it('answers 413 to an instance larger than what is taken', async () => {
    expect((await post(multipart(encodePart10(radiograph({ PixelData: new Uint8Array(1_500_000) }))))).status).toBe(
      413,
    );
  });

  it('answers 415 to another media type', async () => {
    expect((await post(Buffer.from('{}'), { type: 'application/json' })).status).toBe(415);
    const xml = `multipart/related; type="application/dicom+xml"; boundary=${boundary}`;
    expect((await post(multipart(), { type: xml })).status).toBe(415);
  });

  it('answers 401 without a token and 403 to a role that may not store', async () => {
    expect((await post(multipart(), { role: 'nobody' })).status).toBe(401);
    expect((await post(multipart(encodePart10(radiograph())), { role: 'compliance' })).status).toBe(403);
  });
});

describe('a message that fails its schema', () => {
  it('becomes a dead row, and the next message is handled', async () => {
    const kafka = new Kafka({ brokers: [...parts.options.brokers], logLevel: 0 });
    const producer = kafka.producer();
    await producer.connect();
    const headers = { ce_specversion: '1.0', ce_id: 'nonsense', ce_type: 'x', ce_source: 'test' };
    await producer.send({
      topic: 'inference.completed.v1',
      messages: [{ key: '1.2', value: '{"study": 7}', headers }],
    });
    await producer.disconnect();
    await waitFor(async () => {
      const { rows } = await parts.db.query<{ failure: { kind: string } }>(
        `select failure from dead where topic = 'inference.completed.v1'`,
      );
      return rows[0]?.failure.kind === 'invalid-input';
    });
    await livesOn();
  });
});

describe('after all of it', () => {
  it('no log line names a patient, and no defect was met', async () => {
    const log = await parts.log();
    expect(log).not.toMatch(/zzyzx|quillfeather/i);
    expect(log).not.toMatch(/association-failed|uncaught|unhandled|app-failed/);
  });

  it('no bytes lie in the object store without a row', async () => {
    const { readdir } = await import('node:fs/promises');
    const files = (await readdir(`${parts.directory}/objects`, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile(),
    );
    const { rows } = await parts.db.query('select 1 from instance');
    expect(files).toHaveLength(rows.length);
  });
});
