import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@sightline/platform';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { AdtListener, type AdtListenerOptions, type RecordEvents } from './adt-listener.ts';
import { blockOf, BlockReader } from './mllp-block.ts';

const update = (controlId: string): string =>
  `MSH|^~\\&|ADT|H|SIGHTLINE|H|20260203||ADT^A08^ADT_A01|${controlId}|P|2.5.1\rEVN|A08|2026\rPID|1||7^^^HOSP||DOE^JOHN\r`;
const admission = update('1').replaceAll('A08', 'A01');
const order = 'MSH|^~\\&|ADT|H|SIGHTLINE|H|2026||ORM^O01|1|P|2.5.1\rPID|1||7^^^HOSP\rORC|NW|1\r';

let listener: AdtListener;
let port: number;
let told: Parameters<RecordEvents>[0][];
let record: RecordEvents;
let lines: string;
let sockets: Socket[];

async function listen(more: Partial<AdtListenerOptions> = {}): Promise<void> {
  const log = createLogger('test', 'debug', { write: (line) => void (lines += line) });
  listener = new AdtListener(
    {
      host: '127.0.0.1',
      port: 0,
      peers: { kind: 'addresses', addresses: ['127.0.0.1'] },
      maxConnections: 4,
      maxMessageBytes: 2000,
      messageTimeoutMs: 300,
      idleTimeoutMs: 2000,
      recordTimeoutMs: 300,
      ...more,
    },
    async (message, signal) => {
      told.push(message);
      return record(message, signal);
    },
    log,
  );
  port = await listener.listen();
}

beforeEach(() => {
  told = [];
  lines = '';
  sockets = [];
  record = async () => ({ kind: 'recorded' });
});

afterEach(async () => {
  sockets.forEach((socket) => socket.destroy());
  await listener.close(0);
  expect(lines).not.toMatch(/DOE|JOHN|HOSP/);
});

/** A peer; `answers` grows as they come, `ended` settles when the listener ends the connection. */
async function peer(): Promise<{ socket: Socket; answers: string[]; ended: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  socket.on('error', () => undefined);
  const answers: string[] = [];
  const reader = new BlockReader(9999);
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk).forEach((block) => answers.push('bytes' in block ? block.bytes.toString() : block.reason)),
  );
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  return { socket, answers, ended };
}

async function answerTo(...messages: string[]): Promise<string[]> {
  const { socket, answers } = await peer();
  socket.write(Buffer.concat(messages.map(blockOf)));
  for (let waited = 0; answers.length < messages.length && waited < 200; waited++) await pause(10);
  socket.destroy();
  return answers.map((answer) => answer.split('\r').slice(1).join(' ').trim());
}

describe('a message of an ADT system', () => {
  it('is accepted only once what it says is recorded', async () => {
    await listen();
    let done: () => void = () => undefined;
    record = async () => {
      await new Promise<void>((resolve) => (done = resolve));
      return { kind: 'recorded' };
    };
    const { socket, answers } = await peer();
    socket.write(blockOf(update('M7')));
    await waitFor(() => told.length > 0);
    await pause(100);
    expect(told).toEqual([
      { controlId: 'M7', events: [{ kind: 'updated', patient: [{ value: '7', authority: { namespace: 'HOSP' } }] }] },
    ]);
    expect(answers).toEqual([]);
    done();
    await waitFor(() => answers.length > 0);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toContain('\rMSA|AA|M7\r');
  });

  it.each<[string, RecordEvents]>([
    ['failed', async () => ({ kind: 'failed', failure: { kind: 'unavailable', message: 'no database, DOE' } })],
    ['threw', async () => Promise.reject(new Error('JOHN DOE of HOSP'))],
    ['took too long', async () => new Promise(() => undefined)],
  ])('is to come again where recording %s', async (_, how) => {
    await listen();
    record = how;
    expect(await answerTo(update('1'))).toEqual(['MSA|AE|1 ERR|||207^application internal error^HL70357|E']);
    record = async () => ({ kind: 'recorded' });
    expect(await answerTo(update('1'))).toEqual(['MSA|AA|1']);
  });

  it('that is not understood is refused and recorded nowhere', async () => {
    await listen();
    expect(await answerTo(admission, 'no HL7 of DOE')).toEqual([
      'MSA|AR|1 ERR|||201^unsupported event code^HL70357|E',
      'MSA|AR ERR|||102^data type error^HL70357|E',
    ]);
    expect(told).toEqual([]);
  });

  it('that has nothing to do is accepted and recorded nowhere', async () => {
    await listen();
    expect(await answerTo(order)).toEqual(['MSA|AA|1']);
    expect(told).toEqual([]);
  });

  it('waits for the one before it on its connection', async () => {
    await listen();
    let busy = 0;
    let most = 0;
    record = async () => {
      most = Math.max(most, ++busy);
      await pause(30);
      busy--;
      return { kind: 'recorded' };
    };
    expect(await answerTo(update('1'), update('2'), update('3'))).toEqual(['MSA|AA|1', 'MSA|AA|2', 'MSA|AA|3']);
    expect(most).toBe(1);
  });

  it('in Latin-1 is read as that', async () => {
    await listen();
    const { socket, answers } = await peer();
    const text = update('1').replace('7^^^HOSP', 'Ä7^^^HOSP').replace('2.5.1', '2.5.1||||||8859/1');
    socket.write(Buffer.concat([Buffer.of(0x0b), Buffer.from(text, 'latin1'), Buffer.of(0x1c, 0x0d)]));
    for (let waited = 0; answers.length === 0 && waited < 200; waited++) await pause(10);
    expect(told[0]?.events).toMatchObject([{ patient: [{ value: 'Ä7' }] }]);
  });
});

describe('a connection', () => {
  it.each([
    ['sends more than a message may hold', '\v' + 'MSH|DOE'.repeat(500)],
    ['speaks another protocol', 'GET /DOE HTTP/1.1\r\n\r\n'],
    ['begins a message and does not end it', '\vMSH|DOE'],
  ])('that %s is closed, unanswered', async (_, bytes) => {
    await listen();
    const { socket, answers, ended } = await peer();
    const started = Date.now();
    socket.write(bytes);
    await ended;
    expect(Date.now() - started).toBeLessThan(1500);
    expect([answers, told]).toEqual([[], []]);
    expect(await answerTo(update('1'))).toEqual(['MSA|AA|1']);
  });

  it('that says nothing is closed after a while', async () => {
    await listen({ idleTimeoutMs: 100 });
    await (
      await peer()
    ).ended;
  });

  it('from an address that is not allowed is closed before anything is read', async () => {
    await listen({ peers: { kind: 'addresses', addresses: ['127.0.0.2', '::1'] } });
    const { socket, answers, ended } = await peer();
    socket.write(blockOf(update('1')));
    await ended;
    expect([answers, told]).toEqual([[], []]);
    expect(lines).toContain('hl7-peer-refused');
  });

  it('beyond those that may be open is closed', async () => {
    await listen({ maxConnections: 1 });
    const first = await peer();
    await (
      await peer()
    ).ended;
    first.socket.write(blockOf(update('1')));
    for (let waited = 0; first.answers.length === 0 && waited < 200; waited++) await pause(10);
    expect(first.answers).toHaveLength(1);
  });

  it('that breaks while its message is recorded harms no other', async () => {
    await listen();
    record = async () => {
      await pause(100);
      return { kind: 'recorded' };
    };
    const { socket } = await peer();
    socket.write(blockOf(update('1')));
    await pause(30);
    socket.resetAndDestroy();
    expect(await answerTo(update('2'))).toEqual(['MSA|AA|2']);
  });

  it('whose message is being recorded is answered before the port closes; idle ones are not waited for', async () => {
    await listen();
    record = async () => {
      await pause(100);
      return { kind: 'recorded' };
    };
    const idle = await peer();
    const { socket, answers } = await peer();
    socket.write(Buffer.concat([blockOf(update('1')), blockOf(update('2'))]));
    await waitFor(() => told.length > 0, { interval: 5 });
    const started = Date.now();
    await listener.close(5000);
    await idle.ended;
    expect(Date.now() - started).toBeLessThan(1000);
    await waitFor(() => answers.length > 0);
    await pause(20);
    expect(answers).toHaveLength(1);
    expect(told).toHaveLength(1);
  });
});
