import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { implicitVrLittleEndian } from '@sightline/dicom';
import { createLogger } from '@sightline/platform';
import { PeerLine } from '../../../test/support/scripted-peer.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { decodeAssociateAccept, decodeAssociateRequest, encodeAssociateRequest } from './associate-pdu.ts';
import { decodeCommand, encodeCommand } from './command-set.ts';
import { encodeCommitmentRequest, storageCommitmentInstance, storageCommitmentPushModel } from './commitment.ts';
import { encodeDataPdus, encodeReleaseRequest } from './pdu.ts';
import { Scp, type ScpOptions } from './scp.ts';

const verification = '1.2.840.10008.1.1';
const sr = '1.2.840.10008.5.1.4.1.1.88.34';
const result = { transactionUid: '2.25.7', committed: ['2.25.1'], failed: [] };
const dataSet = encodeCommitmentRequest(
  { transactionUid: '2.25.7', instances: [{ sopClassUid: sr, sopInstanceUid: '2.25.1' }] },
  implicitVrLittleEndian,
);

let scp: Scp | undefined;
let port = 0;
let endings: string[] = [];
let open: number[] = [];
let reported: unknown[] = [];
const log: string[] = [];

afterEach(async () => {
  await scp?.close(0);
  scp = undefined;
});

/** A port that takes results of storage commitment and nothing else. */
async function start(changes: Partial<ScpOptions> = {}): Promise<void> {
  [endings, open, reported] = [[], [], []];
  // What the associations of an earlier test still do is not counted here.
  const [ended, opened] = [endings, open];
  const options: ScpOptions = {
    host: '127.0.0.1',
    port: 0,
    aeTitle: 'SIGHTLINE',
    requireCalledAeTitle: true,
    callingAeTitles: ['PACS'],
    maxAssociations: 2,
    associateTimeoutMs: 1_000,
    idleTimeoutMs: 1_000,
    commitmentResult: async (result, from) => {
      reported.push({ result, from });
      return 'success';
    },
    watch: { open: (count) => opened.push(count), ended: (ending) => ended.push(ending) },
    ...changes,
  };
  scp = new Scp(options, createLogger('test', 'error', { write: (line) => log.push(line) }));
  port = await scp.listen();
}

interface Call {
  roles?: { sopClassUid: string; scu: boolean; scp: boolean }[];
  abstractSyntax?: string;
  callingAeTitle?: string;
}

const asScp = [{ sopClassUid: storageCommitmentPushModel, scu: false, scp: true }];

/** Associates as a PACS does that reports; answers what became of its one context, and with which roles. */
async function call({
  roles = asScp,
  abstractSyntax = storageCommitmentPushModel,
  callingAeTitle = 'PACS',
}: Call = {}) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const line = new PeerLine(socket);
  const contexts = [{ id: 1, abstractSyntax, transferSyntaxes: [implicitVrLittleEndian] }];
  const own = { maxPduLength: 16_384, implementationClassUid: '2.25.9', implementationVersionName: 'PACS' };
  line.write(encodeAssociateRequest({ calledAeTitle: 'SIGHTLINE', callingAeTitle, contexts, roles }, own));
  const answer = await line.pdu();
  const accepted = answer?.type === 2 ? decodeAssociateAccept(answer.body) : undefined;
  // Items of both PDUs are alike, and only that of a request is read for roles.
  const answeredRoles = answer?.type === 2 ? decodeAssociateRequest(answer.body)?.roles : undefined;
  return { line, type: answer?.type, result: accepted?.contexts[0]?.result, roles: answeredRoles };
}

const report = {
  commandField: 0x0100,
  messageId: 5,
  affectedSopClassUid: storageCommitmentPushModel,
  affectedSopInstanceUid: storageCommitmentInstance,
  eventTypeId: 1,
  hasDataSet: true,
};

async function tell(line: PeerLine, command: Partial<typeof report> = {}, bytes: Uint8Array = dataSet) {
  const message = { ...report, ...command };
  line.write(...encodeDataPdus(1, 'command', encodeCommand(message), 16_384));
  if (message.hasDataSet) line.write(...encodeDataPdus(1, 'data-set', bytes, 131_072));
  const answer = await line.message();
  return answer && decodeCommand(answer);
}

async function hangUp(line: PeerLine): Promise<void> {
  line.write(encodeReleaseRequest());
  expect((await line.pdu())?.type).toBe(6);
  line.socket.destroy();
}

describe('a port that takes results of storage commitment', () => {
  it('lets a PACS be SCP of it, takes what it reports, and answers once that is kept', async () => {
    await start();
    const { line, result: context, roles } = await call();
    expect({ context, roles }).toEqual({ context: 0, roles: asScp });
    expect(await tell(line)).toEqual({
      commandField: 0x8100,
      messageIdBeingRespondedTo: 5,
      affectedSopClassUid: storageCommitmentPushModel,
      affectedSopInstanceUid: storageCommitmentInstance,
      eventTypeId: 1,
      status: 0,
      hasDataSet: false,
    });
    expect(reported).toEqual([{ result, from: { callingAeTitle: 'PACS', address: '127.0.0.1' } }]);
    await hangUp(line);
    await waitFor(() => open.length === 2);
    expect({ endings, open }).toEqual({ endings: ['released'], open: [1, 0] });
  });

  it('answers as it was told to where a result is not kept', async () => {
    await start({ commitmentResult: async () => 'resourceLimitation' });
    expect(await tell((await call()).line)).toMatchObject({ status: 0x0213 });
  });

  it.each<[what: string, call: Call]>([
    ['storage commitment of a caller that would be SCU', { roles: [{ ...asScp[0], scu: true, scp: false } as never] }],
    ['storage commitment without role selection', { roles: [] }],
    ['storage', { abstractSyntax: sr, roles: [] }],
  ])('does not take %s', async (_, asked) => {
    await start();
    expect(await call(asked)).toMatchObject({ type: 2, result: 3, roles: [] });
  });

  it('answers C-ECHO on a context of Verification', async () => {
    await start();
    const { line, result: context } = await call({ abstractSyntax: verification, roles: [] });
    expect(context).toBe(0);
    const echo = { commandField: 0x0030, affectedSopClassUid: verification, hasDataSet: false };
    expect(await tell(line, echo)).toMatchObject({ commandField: 0x8030, status: 0 });
  });

  it('rejects callers that are not on its list', async () => {
    await start();
    expect((await call({ callingAeTitle: 'STRANGER' })).type).toBe(3);
    expect(reported).toEqual([]);
  });

  it.each<[what: string, status: number, command: Partial<typeof report>, bytes: Uint8Array]>([
    ['of another instance', 0x0112, { affectedSopInstanceUid: '2.25.1' }, dataSet],
    ['of an unknown event', 0x0113, { eventTypeId: 3 }, dataSet],
    ['without a data set', 0x0115, { hasDataSet: false }, dataSet],
    ['with a data set that says nothing of commitment', 0x0115, {}, Buffer.from('nonsense')],
    ['with an empty data set', 0x0115, {}, Buffer.alloc(0)],
    ['longer than any can be', 0x0213, {}, Buffer.alloc((1 << 24) + 2)],
    ['that is an object', 0x0122, { commandField: 0x0001 }, dataSet],
    ['that is a request to commit', 0x0211, { commandField: 0x0130 }, dataSet],
    ['that is a query', 0x0211, { commandField: 0x0020 }, dataSet],
  ])('refuses a report %s and goes on', async (_, status, command, bytes) => {
    await start();
    const { line } = await call();
    expect(await tell(line, command, bytes)).toMatchObject({ status });
    expect(reported).toEqual([]);
    expect(await tell(line)).toMatchObject({ status: 0 });
    expect(reported).toHaveLength(1);
    await hangUp(line);
  });

  it('ends the association of a PACS that stops in the middle of a report, and serves the next', async () => {
    await start({ idleTimeoutMs: 500 });
    const { line } = await call();
    line.write(...encodeDataPdus(1, 'command', encodeCommand(report), 16_384));
    line.write(...[...encodeDataPdus(1, 'data-set', dataSet, 40)].slice(0, 1));
    expect((await line.pdu())?.type).toBe(7);
    expect(await tell((await call()).line)).toMatchObject({ status: 0 });
    expect(reported).toHaveLength(1);
    expect(endings).toEqual(['timed-out']);
  });

  it('aborts the association where a result could not even be judged, and serves the next', async () => {
    let broken = true;
    await start({
      commitmentResult: async () => {
        if (broken) throw new Error('a defect');
        return 'success';
      },
    });
    expect(await tell((await call()).line)).toBeUndefined();
    broken = false;
    expect(await tell((await call()).line)).toMatchObject({ status: 0 });
    expect(endings).toEqual(['defect']);
    expect(log.join()).toContain('a defect');
  });
});

describe('a port that stores', () => {
  it('takes no results of storage commitment', async () => {
    await start({ store: async () => ({ status: 'success' }), commitmentResult: undefined as never });
    expect(await call()).toMatchObject({ result: 3, roles: [] });
    expect(await call({ abstractSyntax: sr, roles: [] })).toMatchObject({ result: 0, roles: [] });
  });

  it('takes storage and results on one association where it offers both', async () => {
    const stored: string[] = [];
    await start({
      store: async ({ sopInstanceUid }, dataSet) => {
        for await (const _ of dataSet) stored.push(sopInstanceUid);
        return { status: 'success' };
      },
    });
    const { line } = await call({ abstractSyntax: sr });
    const store = { commandField: 0x0001, affectedSopClassUid: sr, affectedSopInstanceUid: '2.25.3' };
    expect(await tell(line, store, Buffer.alloc(10))).toMatchObject({ status: 0 });
    expect(stored).toEqual(['2.25.3']);
    // A report on a context of storage is none.
    expect(await tell(line)).toMatchObject({ status: 0x0211 });
    expect(reported).toEqual([]);
  });
});
