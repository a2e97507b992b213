import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { BlockReader } from './mllp-block.ts';
import { MllpDestination } from './mllp-destination.ts';

const message = (controlId: string): string =>
  `MSH|^~\\&|SIGHTLINE|H|EHR|H|20260203||ORU^R01^ORU_R01|${controlId}|P|2.5.1\rPID|1||7||DOE^JOHN\r`;
const ack = (code: string, controlId: string, more = ''): string =>
  `\vMSH|^~\\&|EHR|H|SIGHTLINE|H|2026||ACK^R01^ACK|9|P|2.5.1\rMSA|${code}|${controlId}\r${more}\x1c\r`;

/** How a peer behaves to each message it is sent, in turn; afterwards it accepts. */
type Behaviour = (socket: Socket, controlId: string) => unknown;
const accept: Behaviour = (socket, controlId) => socket.write(ack('AA', controlId));

let server: Server;
let port: number;
let behaviours: Behaviour[];
let received: { connection: number; text: string }[];
let connections: number;
let open: Set<Socket>;
let destination: MllpDestination;

function destinationTo(more: Partial<ConstructorParameters<typeof MllpDestination>[0]> = {}): MllpDestination {
  return new MllpDestination({
    host: '127.0.0.1',
    port,
    connectTimeoutMs: 400,
    answerTimeoutMs: 400,
    maxAnswerBytes: 4096,
    ...more,
  });
}

beforeEach(async () => {
  behaviours = [];
  received = [];
  connections = 0;
  open = new Set();
  server = createServer((socket) => {
    const connection = ++connections;
    const reader = new BlockReader(1 << 20);
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      for (const block of reader.push(chunk)) {
        const text = 'bytes' in block ? block.bytes.toString('utf8') : block.reason;
        received.push({ connection, text });
        (behaviours.shift() ?? accept)(socket, text.split('|')[9] ?? '');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  destination = destinationTo();
});

afterEach(async () => {
  destination.close();
  open.forEach((socket) => socket.destroy());
  await new Promise((resolve) => server.close(resolve));
});

const send = (controlId: string, signal = AbortSignal.timeout(10_000)) =>
  destination.send(message(controlId), controlId, signal);
const unavailable = (reason: RegExp) => ({
  kind: 'failed',
  failure: { kind: 'unavailable', message: expect.stringMatching(reason) },
});

describe('a destination', () => {
  it('is sent the text as it is, over one connection for one message after the other', async () => {
    expect(await send('1')).toEqual({ kind: 'accepted' });
    expect(await send('2')).toEqual({ kind: 'accepted' });
    expect(received).toEqual([
      { connection: 1, text: message('1') },
      { connection: 1, text: message('2') },
    ]);
  });

  it('is sent nothing while a message waits for its answer, and everything in order', async () => {
    let outstanding = 0;
    let most = 0;
    behaviours = Array.from({ length: 5 }, () => async (socket, controlId) => {
      most = Math.max(most, ++outstanding);
      await pause(20);
      outstanding--;
      accept(socket, controlId);
    });
    const all = await Promise.all(['1', '2', '3', '4', '5'].map((controlId) => send(controlId)));
    expect(all).toEqual(Array.from({ length: 5 }, () => ({ kind: 'accepted' })));
    expect(most).toBe(1);
    expect(received.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5'].map(message));
  });

  it.each([
    ['AE', 'ERR|||102|E\r', { kind: 'rejected', code: 'AE', text: 'AE: 102 data type error' }],
    ['AR', 'ERR|||200|E\r', { kind: 'rejected', code: 'AR', text: 'AR: 200 unsupported message type' }],
    ['AE', '', { kind: 'rejected', code: 'AE', text: 'AE without an error code' }],
    ['AR', '', unavailable(/AR without an error code/)],
    ['AE', 'ERR|||206|E\r', unavailable(/206 application record locked/)],
    ['CE', '', unavailable(/CE without an error code/)],
  ])('answers %s %j: sent once, and told apart by whether it may pass', async (code, err, outcome) => {
    behaviours = [(socket, controlId) => socket.write(ack(code, controlId, err))];
    expect(await send('1')).toEqual(outcome);
    expect(received).toHaveLength(1);
    expect(await send('2')).toEqual({ kind: 'accepted' });
    expect(connections).toBe(1);
  });

  it('is heard in whatever pieces its answer comes', async () => {
    behaviours = [
      async (socket, controlId) => {
        for (const byte of Buffer.from(ack('AA', controlId))) {
          socket.write(Buffer.of(byte));
          await pause(0);
        }
      },
    ];
    expect(await send('1')).toEqual({ kind: 'accepted' });
  });

  it('that acknowledges another message first has not answered ours', async () => {
    behaviours = [(socket, controlId) => socket.write(ack('AE', '77') + ack('AA', controlId))];
    expect(await send('1')).toEqual({ kind: 'accepted' });
  });

  it('that only acknowledges another message is unavailable', async () => {
    behaviours = [(socket) => socket.write(ack('AA', '77'))];
    expect(await send('1')).toEqual(unavailable(/no answer within 400 ms/));
  });

  it("that commits first and accepts later is not waited for, and its later answer is nobody else's", async () => {
    behaviours = [
      (socket, controlId) => {
        socket.write(ack('CA', controlId));
        setTimeout(() => socket.write(ack('AE', controlId)), 50);
      },
      (socket, controlId) => setTimeout(() => accept(socket, controlId), 150),
    ];
    expect(await send('1')).toEqual({ kind: 'accepted' });
    expect(await send('2')).toEqual({ kind: 'accepted' });
    expect(connections).toBe(1);
  });

  it('that answers too late is not believed of the next message: that one has a connection of its own', async () => {
    behaviours = [
      (socket, controlId) => {
        setTimeout(() => socket.write(ack('AA', controlId)), 450);
      },
      (socket, controlId) => socket.write(ack('AE', controlId)),
    ];
    expect(await send('1')).toEqual(unavailable(/no answer within/));
    expect(await send('2')).toMatchObject({ kind: 'rejected' });
    expect(received.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  it.each<[string, Behaviour, RegExp]>([
    ['another protocol', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /bytes outside of a block/],
    ['no acknowledgement', (socket) => socket.write('\vMSH|^~\\&|x\rDOE|JOHN\x1c\r'), /no acknowledgement/],
    ['more than it may', (socket) => socket.write(`\v${'x'.repeat(5000)}`), /more than 4096 bytes/],
    ['half an answer', (socket, id) => socket.write(ack('AA', id).slice(0, 60)), /no answer within 400 ms/],
    ['nothing', () => undefined, /no answer within 400 ms/],
  ])('that answers %s is unavailable, asked once, and left', async (_, behaviour, reason) => {
    behaviours = [behaviour];
    const outcome = await send('1');
    expect(outcome).toEqual(unavailable(reason));
    expect(JSON.stringify(outcome)).not.toMatch(/DOE|JOHN/);
    expect(received).toHaveLength(1);
    await waitFor(() => open.size === 0);
    expect(await send('2')).toEqual({ kind: 'accepted' });
  });

  it.each<[string, Behaviour]>([
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['closes it', (socket) => socket.end()],
    ['closes it after half an answer', (socket, id) => socket.end(ack('AA', id).slice(0, 60))],
  ])('that %s is sent the same bytes again over another', async (_, behaviour) => {
    behaviours = [behaviour, behaviour];
    expect(await send('1')).toEqual({ kind: 'accepted' });
    expect(received).toEqual([1, 2, 3].map((connection) => ({ connection, text: message('1') })));
  });

  it('is given up for now after three connections', async () => {
    behaviours = Array.from({ length: 9 }, () => (socket: Socket) => socket.resetAndDestroy());
    expect(await send('1')).toEqual(unavailable(/ECONNRESET|closed/));
    expect(received).toHaveLength(3);
  });

  it('whose connection ended while nobody used it gets another', async () => {
    await send('1');
    open.forEach((socket) => socket.destroy());
    await pause(50);
    expect(await send('2')).toEqual({ kind: 'accepted' });
    expect(connections).toBe(2);
  });

  it('that nobody listens at is unavailable', async () => {
    await new Promise((resolve) => server.close(resolve));
    expect(await send('1')).toEqual(unavailable(/ECONNREFUSED/));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await send('2')).toEqual({ kind: 'accepted' });
  });

  it('is reached without a message, over the connection that messages then use', async () => {
    await destination.reach(AbortSignal.timeout(5000));
    await destination.reach(AbortSignal.timeout(5000));
    expect(await send('1')).toEqual({ kind: 'accepted' });
    expect([connections, received.length]).toEqual([1, 1]);
  });

  it('is not reached while nobody listens, which delays no message afterwards', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(destination.reach(AbortSignal.timeout(5000))).rejects.toThrow(/ECONNREFUSED/);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await send('1')).toEqual({ kind: 'accepted' });
  });

  it('with a certificate that is none is a defect, each time it is used', async () => {
    destination = destinationTo({ tls: { cert: 'no certificate', key: 'no key' } });
    await expect(send('1')).rejects.toThrow();
    await expect(destination.reach(AbortSignal.timeout(5000))).rejects.toThrow(/PEM|start line/i);
    await expect(send('2')).rejects.toThrow(/PEM|start line/i);
    expect(connections).toBe(0);
  });

  it('that never finishes connecting is unavailable in time', async () => {
    // It takes the connection and says nothing to the handshake.
    behaviours = Array.from({ length: 9 }, () => () => undefined);
    destination = destinationTo({ tls: {}, connectTimeoutMs: 100 });
    expect(await send('1')).toEqual(unavailable(/no connection within 100 ms/));
    expect(connections).toBe(3);
  });

  it('is not waited for once the sender gives up, and the next message does not get the answer', async () => {
    behaviours = [(socket, controlId) => setTimeout(() => socket.write(ack('AE', controlId)), 200)];
    const giveUp = new AbortController();
    const first = send('1', giveUp.signal);
    const second = send('2');
    await waitFor(() => received.length === 1, { interval: 5 });
    giveUp.abort();
    expect(await first).toEqual(unavailable(/given up/));
    expect(await second).toEqual({ kind: 'accepted' });
    expect(received.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  it('is not sent what was given up before its turn', async () => {
    behaviours = [(socket, controlId) => setTimeout(() => accept(socket, controlId), 100)];
    const first = send('1');
    const second = send('2', AbortSignal.timeout(20));
    expect(await first).toEqual({ kind: 'accepted' });
    expect(await second).toEqual(unavailable(/given up/));
    expect(received).toHaveLength(1);
  });
});
