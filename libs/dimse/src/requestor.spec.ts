import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { once } from 'node:events';
import { encodePart10, explicitVrLittleEndian, implicitVrLittleEndian } from '@sightline/dicom';
import { outgoing, peerAt } from '../../../test/support/outgoing.ts';
import { scriptedPeer, type PeerLine, type ScriptedPeer } from '../../../test/support/scripted-peer.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { decodeAssociateRequest, encodeAssociateAccept, encodeAssociateReject } from './associate-pdu.ts';
import { decodeCommand, encodeCommand, encodeResponse, type Command } from './command-set.ts';
import { encodeCommitmentRequest, storageCommitmentInstance, storageCommitmentPushModel } from './commitment.ts';
import { echo } from './echo.ts';
import { encodeAbort, encodeDataPdus, encodePdu, encodeReleaseRequest, encodeReleaseResponse } from './pdu.ts';
import { requestCommitment } from './request-commitment.ts';
import { storeInstances, type OutgoingInstance } from './store-instances.ts';
import { encodeDataSet } from '@sightline/dicom';

const sr = '1.2.840.10008.5.1.4.1.1.88.34';
const signal = new AbortController().signal;
const patience = { connectTimeoutMs: 400, answerTimeoutMs: 400 };

let peer: ScriptedPeer | undefined;

afterEach(async () => {
  await peer?.stop();
  peer = undefined;
});

async function start(serve: (line: PeerLine) => Promise<unknown> | void): Promise<ScriptedPeer> {
  peer = await scriptedPeer(serve);
  return peer;
}

function instance(number: number, sopClassUid = sr, dataSet = Buffer.alloc(0)): OutgoingInstance {
  const part10 = encodePart10({ SOPClassUID: sopClassUid, SOPInstanceUID: `2.25.${number}` });
  return outgoing(Buffer.concat([part10, dataSet]));
}

/** Accepts the association that is asked for, all contexts but those `refused`, in their first transfer syntax. */
async function accept(
  line: PeerLine,
  { refused = {}, transferSyntax, most = 16_384 }: AcceptOptions = {},
): Promise<void> {
  const asked = await line.pdu();
  const request = asked && decodeAssociateRequest(asked.body);
  if (request === undefined) return;
  const contexts = request.contexts.map(({ id, abstractSyntax, transferSyntaxes: [first = ''] }) => {
    const result = refused[abstractSyntax];
    return result === undefined
      ? { id, result: 'accepted' as const, abstractSyntax, transferSyntax: transferSyntax ?? first }
      : { id, result };
  });
  const own = { maxPduLength: most, implementationClassUid: '2.25.9', implementationVersionName: 'SCRIPTED' };
  line.write(encodeAssociateAccept(request, { contexts, roles: [] }, own));
}

interface AcceptOptions {
  refused?: Record<string, 'abstract-syntax-not-supported' | 'transfer-syntaxes-not-supported'>;
  transferSyntax?: string;
  most?: number;
}

async function command(line: PeerLine): Promise<Command> {
  const read = decodeCommand((await line.message()) ?? Buffer.alloc(0));
  return read ?? { commandField: 0, hasDataSet: false };
}

function say(line: PeerLine, bytes: Buffer, contextId = line.contextId): void {
  line.write(...encodeDataPdus(contextId, 'command', bytes, 16_384));
}

/** Answers every C-STORE with this status until it is released. */
async function store(line: PeerLine, status: number): Promise<void> {
  await accept(line);
  for (let bytes = await line.message(); bytes !== undefined; bytes = await line.message()) {
    const request = decodeCommand(bytes);
    await line.message();
    if (request !== undefined) say(line, encodeResponse(request, status));
  }
  line.write(encodeReleaseResponse());
}

async function release(line: PeerLine): Promise<void> {
  if ((await line.pdu())?.type === 5) line.write(encodeReleaseResponse());
}

/** Associates, takes the whole C-STORE, and does something else than to answer it. */
function instead(then: (line: PeerLine, request: Command) => void): (line: PeerLine) => Promise<void> {
  return async (line) => {
    await accept(line);
    const request = await command(line);
    await line.message();
    then(line, request);
  };
}

type Serve = (line: PeerLine) => Promise<unknown> | void;

/** From some point on nothing comes of these, or not enough. */
const silent: [what: string, serve: Serve][] = [
  ['says nothing', () => undefined],
  ['says half an answer', (line) => line.write(Buffer.from([2, 0, 0, 0, 1, 0, 0, 1]))],
  [
    'drips its answer',
    (line) => {
      line.write(Buffer.from([2, 0, 0, 0, 1, 0]));
      const drip = setInterval(() => line.write(Buffer.alloc(1)), 20);
      line.socket.on('close', () => clearInterval(drip));
    },
  ],
  ['does not answer an object', instead(() => undefined)],
  ['answers with half a PDU', instead((line) => line.write(Buffer.from([4, 0, 0, 0, 0, 9, 0])))],
];

const misbehaving: [what: string, reason: RegExp, serve: Serve][] = [
  ['closes the connection', /closed the connection/, (line) => void line.socket.end()],
  ['speaks another protocol', /PDU of unknown type/, (line) => line.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))],
  [
    'announces an endless answer',
    /PDU of 4294967295 bytes/,
    (line) => line.write(Buffer.from([2, 0, 255, 255, 255, 255])),
  ],
  ['aborts', /the peer aborted/, (line) => line.write(encodeAbort(0))],
  [
    'rejects for now',
    /rejected for now: localLimitExceeded/,
    (line) => line.write(encodeAssociateReject('localLimitExceeded')),
  ],
  [
    'answers with data',
    /unexpected PDU of type 4/,
    (line) => line.write(...encodeDataPdus(1, 'command', Buffer.alloc(8), 0)),
  ],
  ['accepts with nonsense', /malformed A-ASSOCIATE-AC/, (line) => line.write(encodePdu(2, Buffer.alloc(70, 0x21)))],
  ['accepts what was not proposed', /malformed A-ASSOCIATE-AC/, (line) => accept(line, { transferSyntax: '1.2.3' })],
  [
    'accepts without a word of what was proposed',
    /malformed A-ASSOCIATE-AC/,
    (line) => line.write(encodePdu(2, Buffer.alloc(68))),
  ],
  ['takes no PDU that holds anything', /malformed A-ASSOCIATE-AC/, (line) => accept(line, { most: 6 })],
  ['aborts an object', /the peer aborted/, instead((line) => line.write(encodeAbort(2)))],
  ['closes behind an object', /closed the connection/, instead((line) => line.socket.end())],
  ['releases behind an object', /released/, instead((line) => line.write(encodeReleaseRequest()))],
  [
    'answers with a malformed PDU',
    /malformed P-DATA-TF/,
    instead((line) => line.write(encodePdu(4, Buffer.alloc(9, 255)))),
  ],
  ['answers with a malformed command', /malformed command set/, instead((line) => say(line, Buffer.alloc(9)))],
  [
    'answers with a command without end',
    /no command where one should begin/,
    instead((line) => line.write(...[...encodeDataPdus(1, 'command', Buffer.alloc(100_000), 16_384)].slice(0, -1))),
  ],
  [
    'answers another request',
    /not asked for \(command 8001\)/,
    instead((line, request) => say(line, encodeResponse({ ...request, messageId: 99 }, 0))),
  ],
  [
    'answers on another context',
    /not asked for \(command 8001\)/,
    instead((line, request) => say(line, encodeResponse(request, 0), 3)),
  ],
  [
    'asks in place of answering',
    /not asked for \(command 0030\)/,
    instead((line) => say(line, encodeCommand({ commandField: 0x30, messageId: 1, hasDataSet: false }))),
  ],
  [
    'answers without a status',
    /not asked for \(command 8001\)/,
    instead((line) =>
      say(line, encodeCommand({ commandField: 0x8001, messageIdBeingRespondedTo: 1, hasDataSet: false })),
    ),
  ],
];

describe('storeInstances', () => {
  it.each(silent)('calls a peer that %s unavailable, once its time is up', async (_, serve) => {
    expect(await storeInstances(peerAt(await start(serve), patience), [instance(1)], signal)).toEqual({
      kind: 'unavailable',
      reason: 'the peer said nothing in time',
    });
  });

  it.each(misbehaving)('calls a peer that %s unavailable, and says why', async (_, reason, serve) => {
    const stored = await storeInstances(peerAt(await start(serve)), [instance(1)], signal);
    expect(stored).toEqual({ kind: 'unavailable', reason: expect.stringMatching(reason) });
    if (stored.kind === 'unavailable') expect(stored.reason).not.toContain('2.25');
  });

  it('calls a peer unavailable whatever bytes it says, before it associates and behind an object', async () => {
    let nonsense: Uint8Array = Buffer.alloc(0);
    const talk = (line: PeerLine): void => void line.socket.end(nonsense);
    const behind = instead(talk);
    let serve: Serve = talk;
    const babbling = await start((line) => serve(line));
    const body = fc.uint8Array({ maxLength: 200 });
    const bytes = fc.oneof(
      body.map((body) => Buffer.from(body)),
      fc.tuple(fc.integer({ min: 1, max: 7 }), body).map(([type, body]) => encodePdu(type, Buffer.from(body))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (bytes, associates) => {
        nonsense = bytes;
        serve = associates ? behind : talk;
        const stored = await storeInstances(peerAt(babbling), [instance(1)], signal);
        expect(stored).toEqual({ kind: 'unavailable', reason: expect.any(String) });
      }),
      { numRuns: 200 },
    );
  });

  it('calls a peer that does not read unavailable, however much is to be sent', async () => {
    const stuck = await start(async (line) => {
      await accept(line);
      line.socket.pause();
    });
    const large = instance(1, sr, Buffer.alloc(64_000_000));
    expect(await storeInstances(peerAt(stuck, { answerTimeoutMs: 2_000 }), [large], signal)).toEqual({
      kind: 'unavailable',
      reason: 'the peer does not read',
    });
  });

  it('waits no longer for TLS than for a connection', async () => {
    const silent = await start(() => undefined);
    expect(await echo(peerAt(silent, { ...patience, tls: {} }), signal)).toEqual({
      kind: 'unavailable',
      reason: 'no connection within 400 ms',
    });
  });

  it('gives up at once when it is told to, and leaves no connection behind', async () => {
    const closed: Promise<unknown>[] = [];
    const silent = await start(async (line) => {
      closed.push(once(line.socket, 'close'));
      await accept(line);
    });
    const control = new AbortController();
    const storing = storeInstances(peerAt(silent), [instance(1)], control.signal);
    await waitFor(() => closed.length === 1);
    control.abort();
    expect(await storing).toEqual({ kind: 'unavailable', reason: 'given up' });
    await Promise.all(closed);
    expect(await storeInstances(peerAt(silent), [instance(1)], control.signal)).toEqual({
      kind: 'unavailable',
      reason: 'given up',
    });
    expect(silent.connections).toBe(1);
  });

  it.each([
    [0x0000, { kind: 'stored' }],
    [0xb000, { kind: 'stored', warning: 0xb000 }],
    [0xb007, { kind: 'stored', warning: 0xb007 }],
    [0x0107, { kind: 'stored', warning: 0x0107 }],
    [0xa700, { kind: 'refused', status: 0xa700, mayPass: true, comment: 'out of resources (A700)' }],
    [0xa7ff, { kind: 'refused', status: 0xa7ff, mayPass: true, comment: 'out of resources (A7FF)' }],
    [0x0213, { kind: 'refused', status: 0x0213, mayPass: true, comment: 'resource limitation (0213)' }],
    [
      0xa900,
      {
        kind: 'refused',
        status: 0xa900,
        mayPass: false,
        comment: 'the data set does not match the SOP class (A900)',
      },
    ],
    [0xc123, { kind: 'refused', status: 0xc123, mayPass: false, comment: 'cannot understand (C123)' }],
    [0x0110, { kind: 'refused', status: 0x0110, mayPass: true, comment: 'processing failure (0110)' }],
    [0x0122, { kind: 'refused', status: 0x0122, mayPass: false, comment: 'SOP class not supported (0122)' }],
    [0x0124, { kind: 'refused', status: 0x0124, mayPass: false, comment: 'not authorized (0124)' }],
    [0xfe00, { kind: 'refused', status: 0xfe00, mayPass: false, comment: 'refused (FE00)' }],
  ])('takes status %i for what the standard says it means', async (status, answer) => {
    const stored = await storeInstances(peerAt(await start((line) => store(line, status))), [instance(1)], signal);
    expect(stored).toEqual({ kind: 'answered', instances: [{ sopInstanceUid: '2.25.1', ...answer }] });
  });

  it("repeats nothing of a peer's own words, which may be of a patient", async () => {
    const talkative = await start(async (line) => {
      await accept(line);
      const request = await command(line);
      await line.message();
      say(line, encodeResponse(request, 0xc000, 'Patient Zzyzx^Quillfeather is unknown'));
      await release(line);
    });
    expect(JSON.stringify(await storeInstances(peerAt(talkative), [instance(1)], signal))).not.toContain('Zzyzx');
  });

  it('answers for each instance, those that the peer takes no context of and those that are not sent included', async () => {
    const seg = '1.2.840.10008.5.1.4.1.1.66.4';
    const map = '1.2.840.10008.5.1.4.1.1.30';
    const choosy = await start(async (line) => {
      await accept(line, {
        refused: { [seg]: 'abstract-syntax-not-supported', [map]: 'transfer-syntaxes-not-supported' },
      });
      for (let sent = 0; sent < 2; sent++) {
        const request = await command(line);
        await line.message();
        say(line, encodeResponse(request, 0));
      }
      await release(line);
    });
    const broken = { sopClassUid: sr, sopInstanceUid: '2.25.4', part10: Buffer.from('no DICOM') };
    const misnamed = { ...instance(5), sopInstanceUid: '2.25.55' };
    const sent = [instance(1), instance(2, seg), instance(3, map), broken, misnamed, instance(6)];
    expect(await storeInstances(peerAt(choosy), sent, signal)).toEqual({
      kind: 'answered',
      instances: [
        { sopInstanceUid: '2.25.1', kind: 'stored' },
        {
          sopInstanceUid: '2.25.2',
          kind: 'refused',
          status: 0x0122,
          mayPass: false,
          comment: 'the peer does not take this SOP class',
        },
        {
          sopInstanceUid: '2.25.3',
          kind: 'refused',
          status: 0x0122,
          mayPass: false,
          comment: 'the peer does not take this SOP class in this transfer syntax',
        },
        {
          sopInstanceUid: '2.25.4',
          kind: 'refused',
          status: 0xc000,
          mayPass: false,
          comment: 'not sent: not a DICOM Part 10 file: no DICM prefix',
        },
        {
          sopInstanceUid: '2.25.55',
          kind: 'refused',
          status: 0xa900,
          mayPass: false,
          comment: 'not sent: its file meta information is of another instance',
        },
        { sopInstanceUid: '2.25.6', kind: 'stored' },
      ],
    });
  });

  it('asks for as many associations as 128 contexts each make', async () => {
    const patient = await start((line) => store(line, 0));
    const many = Array.from({ length: 130 }, (_, at) => instance(at + 1, `1.2.3.${at}`));
    const stored = await storeInstances(peerAt(patient), [...many, instance(131, '1.2.3.129')], signal);
    expect(stored).toEqual({
      kind: 'answered',
      instances: Array.from({ length: 131 }, (_, at) => ({ sopInstanceUid: `2.25.${at + 1}`, kind: 'stored' })),
    });
    expect(patient.connections).toBe(2);
  });

  it('calls nobody where nothing can be sent', async () => {
    const idle = await start(() => undefined);
    expect(await storeInstances(peerAt(idle), [], signal)).toEqual({ kind: 'answered', instances: [] });
    const broken = { sopClassUid: sr, sopInstanceUid: '2.25.4', part10: Buffer.alloc(0) };
    expect(await storeInstances(peerAt(idle), [broken], signal)).toMatchObject({ kind: 'answered' });
    expect(idle.connections).toBe(0);
  });

  it.each<[what: string, end: (line: PeerLine) => Promise<unknown> | void]>([
    ['releases at the same time', (line) => line.write(encodeReleaseRequest(), encodeReleaseResponse())],
    [
      'still has something to say',
      (line) => line.write(...encodeDataPdus(1, 'command', Buffer.alloc(8), 0), encodeReleaseResponse()),
    ],
    ['aborts in place of releasing', (line) => line.write(encodeAbort(0))],
    ['closes in place of releasing', (line) => void line.socket.end()],
    ['does not answer', () => undefined],
  ])('keeps what was answered where a peer %s', async (_, end) => {
    const odd = await start(async (line) => {
      await accept(line);
      const request = await command(line);
      await line.message();
      say(line, encodeResponse(request, 0));
      await line.pdu();
      await end(line);
    });
    expect(await storeInstances(peerAt(odd, { answerTimeoutMs: 2_000 }), [instance(1)], signal)).toEqual({
      kind: 'answered',
      instances: [{ sopInstanceUid: '2.25.1', kind: 'stored' }],
    });
  });
});

describe('echo', () => {
  it('is answered or unavailable, whatever the peer thinks of it', async () => {
    const verification = '1.2.840.10008.1.1';
    const refusing = await start((line) =>
      accept(line, { refused: { [verification]: 'abstract-syntax-not-supported' } }).then(() => release(line)),
    );
    expect(await echo(peerAt(refusing), signal)).toEqual({
      kind: 'unavailable',
      reason: 'the peer does not take C-ECHO',
    });
    await refusing.stop();
    const failing = await start(async (line) => {
      await accept(line);
      say(line, encodeResponse(await command(line), 0x0211));
      await release(line);
    });
    expect(await echo(peerAt(failing), signal)).toEqual({
      kind: 'unavailable',
      reason: 'C-ECHO was answered with unrecognized operation (0211)',
    });
  });
});

describe('requestCommitment', () => {
  const asked = { transactionUid: '2.25.7', instances: [{ sopClassUid: sr, sopInstanceUid: '2.25.1' }] };
  const result = { transactionUid: '2.25.7', committed: ['2.25.1'], failed: [] };

  /** N-EVENT-REPORT of a result; `dataSet` in place of one that is right. */
  function report(line: PeerLine, { transactionUid = '2.25.7', dataSet = reportOf(transactionUid) } = {}): void {
    const request = encodeCommand({
      commandField: 0x0100,
      messageId: 5,
      affectedSopClassUid: storageCommitmentPushModel,
      affectedSopInstanceUid: storageCommitmentInstance,
      eventTypeId: 1,
      hasDataSet: true,
    });
    say(line, request);
    line.write(...encodeDataPdus(1, 'data-set', dataSet, 16_384));
  }

  function reportOf(transactionUid: string): Buffer {
    return encodeCommitmentRequest({ ...asked, transactionUid }, implicitVrLittleEndian);
  }

  async function action(line: PeerLine, options?: AcceptOptions): Promise<Command> {
    await accept(line, options);
    const request = await command(line);
    await line.message();
    return request;
  }

  const answered = (request: Command, status = 0): Buffer => encodeResponse(request, status);

  async function commit(serve: (line: PeerLine) => Promise<unknown>, awaitMs = 30_000, limits = {}) {
    return requestCommitment(peerAt(await start(serve), limits), asked, { awaitMs, signal });
  }

  it('asks the well-known instance to commit, in the transfer syntax that the peer chose', async () => {
    for (const transferSyntax of [implicitVrLittleEndian, explicitVrLittleEndian]) {
      const seen: unknown[] = [];
      const outcome = await commit(async (line) => {
        await accept(line, { transferSyntax });
        const request = await command(line);
        seen.push(request, await line.message());
        say(line, answered(request));
        await release(line);
      }, 0);
      expect(outcome).toEqual({ kind: 'requested' });
      const explicitVr = transferSyntax === explicitVrLittleEndian;
      expect(seen).toEqual([
        {
          commandField: 0x0130,
          messageId: 1,
          requestedSopClassUid: '1.2.840.10008.1.20.1',
          requestedSopInstanceUid: '1.2.840.10008.1.20.1.1',
          actionTypeId: 1,
          hasDataSet: true,
        },
        encodeDataSet(
          {
            TransactionUID: '2.25.7',
            ReferencedSOPSequence: [{ ReferencedSOPClassUID: sr, ReferencedSOPInstanceUID: '2.25.1' }],
          },
          { explicitVr },
        ),
      ]);
      await peer?.stop();
    }
  });

  it('takes a result before the answer as well as behind it, and answers it', async () => {
    for (const order of ['before', 'behind']) {
      const heard: Command[] = [];
      const outcome = await commit(async (line) => {
        const request = await action(line);
        if (order === 'before') report(line);
        say(line, answered(request));
        if (order === 'behind') report(line);
        heard.push(await command(line));
        await release(line);
      });
      expect(outcome).toEqual({ kind: 'requested', result });
      expect(heard).toMatchObject([{ commandField: 0x8100, messageIdBeingRespondedTo: 5, status: 0, eventTypeId: 1 }]);
      await peer?.stop();
    }
  });

  it('waits for its own result where another comes first, and answers each for what it is', async () => {
    const statuses: unknown[] = [];
    const outcome = await commit(async (line) => {
      say(line, answered(await action(line)));
      for (const one of [{ transactionUid: '2.25.8' }, { dataSet: Buffer.from('nonsense') }, {}]) {
        report(line, one);
        statuses.push((await command(line)).status);
      }
      await release(line);
    });
    expect(outcome).toEqual({ kind: 'requested', result });
    expect(statuses).toEqual([0x0110, 0x0115, 0]);
  });

  it.each<[what: string, then: (line: PeerLine, request: Command) => unknown]>([
    ['reports nothing in time', () => undefined],
    ['aborts', (line) => line.write(encodeAbort(0))],
    ['closes the connection', (line) => line.socket.end()],
    ['releases', (line) => line.write(encodeReleaseRequest())],
    ['answers once more', (line, request) => say(line, answered(request))],
    ['talks nonsense', (line) => line.write(Buffer.from('nonsense'))],
  ])('has requested where a peer took the request and then %s', async (_, then) => {
    const outcome = await commit(async (line) => {
      const request = await action(line);
      say(line, answered(request));
      then(line, request);
      await release(line);
    }, 300);
    expect(outcome).toEqual({ kind: 'requested' });
  });

  it('aborts a peer whose report is longer than any can be', async () => {
    let abort: number | undefined;
    const outcome = await commit(async (line) => {
      say(line, answered(await action(line)));
      report(line, { dataSet: Buffer.alloc((1 << 24) + 2) });
      abort = (await line.pdu())?.type;
    });
    expect(outcome).toEqual({ kind: 'requested' });
    await waitFor(() => abort !== undefined);
    expect(abort).toBe(7);
  });

  it('hears out an answer that has a data set', async () => {
    const outcome = await commit(async (line) => {
      const { messageId = 0 } = await action(line);
      const answer = { commandField: 0x8130, messageIdBeingRespondedTo: messageId, status: 0, hasDataSet: true };
      say(line, encodeCommand(answer));
      line.write(...encodeDataPdus(1, 'data-set', Buffer.alloc(40), 0));
      report(line);
      await command(line);
      await release(line);
    });
    expect(outcome).toEqual({ kind: 'requested', result });
  });

  it.each([
    [0x0110, true],
    [0x0213, true],
    [0x0112, false],
    [0x0122, false],
    [0x0123, false],
  ])('is refused with status %i, which may pass: %s', async (status, mayPass) => {
    const outcome = await commit(async (line) => {
      say(line, answered(await action(line), status));
      await release(line);
    });
    expect(outcome).toEqual({ kind: 'refused', status, mayPass });
  });

  it.each<[what: string, then: (line: PeerLine) => unknown]>([
    ['says nothing', () => undefined],
    ['reports and never answers', (line) => report(line)],
  ])('is unavailable where a peer %s', async (_, then) => {
    const outcome = await commit(
      async (line) => {
        await action(line);
        then(line);
      },
      0,
      patience,
    );
    expect(outcome).toEqual({ kind: 'unavailable', reason: 'the peer said nothing in time' });
  });

  it.each<[what: string, reason: RegExp, then: (line: PeerLine, request: Command) => unknown]>([
    ['aborts', /the peer aborted/, (line) => line.write(encodeAbort(0))],
    ['reports on no accepted context', /no accepted context/, (line) => say(line, Buffer.from(echoRequest), 77)],
    ['answers another request', /not asked for/, (line, request) => say(line, answered({ ...request, messageId: 9 }))],
  ])('is unavailable where a peer %s', async (_, reason, then) => {
    const outcome = await commit(async (line) => then(line, await action(line)));
    expect(outcome).toEqual({ kind: 'unavailable', reason: expect.stringMatching(reason) });
  });
});

const echoRequest = encodeCommand({ commandField: 0x30, messageId: 1, hasDataSet: false });
