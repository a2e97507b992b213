import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import type { Failure } from '@sightline/contracts';
import { acknowledge, readPatientEvents, type Answer, type PatientEvent } from '@sightline/hl7v2';
import type { Logger } from '@sightline/platform';
import { decodeMessage } from './decode-message.ts';
import { blockOf, BlockReader } from './mllp-block.ts';

/**
 * Who may send. `certificates`: TLS with client certificates of `ca`, and of those only `names` (common names) where they
 * are given. `addresses`: exactly these, for a protected network.
 */
export type AllowedPeers =
  | { kind: 'certificates'; tls: Pick<TlsOptions, 'ca' | 'cert' | 'key'>; names?: readonly string[] }
  | { kind: 'addresses'; addresses: readonly string[] };

export interface AdtListenerOptions {
  host: string;
  port: number;
  peers: AllowedPeers;
  maxConnections: number;
  maxMessageBytes: number;
  /** From the first byte of a message to its last, and for the TLS handshake. */
  messageTimeoutMs: number;
  /** How long a connection may say nothing. */
  idleTimeoutMs: number;
  /** How long recording may take before the sender is told to come again. */
  recordTimeoutMs: number;
}

/**
 * Resolves once what the message says is durably recorded, or why it is not. A message that comes again names the same
 * control id.
 */
export type RecordEvents = (
  told: { controlId: string; events: readonly PatientEvent[] },
  signal: AbortSignal,
) => Promise<{ kind: 'recorded' } | { kind: 'failed'; failure: Failure }>;

const mutual = { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/**
 * The port on which ADT and order systems say what becomes of patients. Answers AA only after what was said is recorded, AE
 * where that failed for now, AR where it is not understood. Each connection is served one message at a time, and none can
 * harm another.
 */
export class AdtListener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those whose message is being recorded. */
  readonly #busy = new Set<Socket>();
  #closing = false;

  constructor(
    private readonly options: AdtListenerOptions,
    private readonly record: RecordEvents,
    private readonly log: Logger,
  ) {
    const { peers, messageTimeoutMs } = options;
    const keep = { noDelay: true, keepAlive: true };
    this.#server =
      peers.kind === 'certificates'
        ? createTlsServer({ ...keep, ...peers.tls, ...mutual, handshakeTimeout: messageTimeoutMs })
        : createServer(keep);
    this.#server.maxConnections = options.maxConnections;
    this.#server.on(peers.kind === 'certificates' ? 'secureConnection' : 'connection', (socket: Socket) => {
      void this.#serve(socket);
    });
    this.#server.on('tlsClientError', (error) => this.log.warn('hl7-peer-refused', { reason: codeOf(error) }));
  }

  /** Resolves to the port that is listened on. */
  async listen(): Promise<number> {
    this.#server.listen(this.options.port, this.options.host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.options.port;
    this.log.info('hl7-port-open', { port });
    return port;
  }

  /** Takes no new message, gives those being recorded `graceMs` to be answered, then closes their connections too. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#sockets.forEach((socket) => this.#busy.has(socket) || socket.destroy());
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), graceMs);
    await closed;
    clearTimeout(timer);
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    socket.setTimeout(this.options.idleTimeoutMs, () => socket.destroy());
    try {
      if (isAllowed(socket, this.options.peers)) await this.#answerAll(socket);
      else this.log.warn('hl7-peer-refused', { reason: 'not allowed', address: socket.remoteAddress });
    } finally {
      socket.destroy();
      this.#sockets.delete(socket);
      this.#busy.delete(socket);
    }
  }

  /** Nothing is read while a message is being recorded: the next one waits at its sender. */
  async #answerAll(socket: Socket): Promise<void> {
    const { maxMessageBytes, messageTimeoutMs } = this.options;
    const reader = new BlockReader(maxMessageBytes);
    let late: NodeJS.Timeout | undefined;
    try {
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        for (const block of reader.push(chunk)) {
          clearTimeout(late);
          late = undefined;
          if (block.kind === 'broken') return this.log.warn('hl7-connection-broken', { reason: block.reason });
          await this.#answer(socket, decodeMessage(block.bytes));
          if (this.#closing) return;
        }
        if (reader.midway) late ??= setTimeout(() => socket.destroy(), messageTimeoutMs);
      }
    } catch (error) {
      // What its sender was not answered, it sends again.
      this.log.warn('hl7-connection-broken', { reason: codeOf(error) });
    } finally {
      clearTimeout(late);
    }
  }

  async #answer(socket: Socket, text: string): Promise<void> {
    this.#busy.add(socket);
    const block = blockOf(acknowledge(text, await this.#take(text), new Date().toISOString()));
    await new Promise<void>((resolve) => socket.write(block, () => resolve()));
    this.#busy.delete(socket);
  }

  async #take(text: string): Promise<Answer> {
    const read = readPatientEvents(text);
    if (read.kind === 'not-understood') {
      this.log.warn('hl7-message-refused', { error: read.error, reason: read.reason });
      return { code: 'AR', error: read.error };
    }
    const { controlId, events } = read;
    if (events.length === 0) return { code: 'AA' };
    const failure = await this.#recorded({ controlId, events });
    if (failure === undefined) return { code: 'AA' };
    this.log.warn('hl7-message-not-recorded', { kind: failure });
    return { code: 'AE', error: '207' };
  }

  /** Undefined once it is recorded, else what kept it from being; never an error's own text, which may quote the message. */
  async #recorded(told: Parameters<RecordEvents>[0]): Promise<string | undefined> {
    const signal = AbortSignal.timeout(this.options.recordTimeoutMs);
    const tooLate = new Promise<string>((resolve) =>
      signal.addEventListener('abort', () => resolve('recording took too long'), { once: true }),
    );
    const recorded = Promise.resolve()
      .then(() => this.record(told, signal))
      .then(
        (outcome) => (outcome.kind === 'recorded' ? undefined : outcome.failure.kind),
        () => 'defect',
      );
    return Promise.race([recorded, tooLate]);
  }
}

function isAllowed(socket: Socket, peers: AllowedPeers): boolean {
  if (peers.kind === 'addresses') {
    // IPv4 over an IPv6 socket (RFC 4291 2.5.5.2).
    return peers.addresses.includes(socket.remoteAddress?.replace(/^::ffff:/, '') ?? '');
  }
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  return peers.names === undefined || peers.names.some((name) => name === socket.getPeerCertificate().subject.CN);
}

/** What went wrong, without an error's own text, which may quote what was sent. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'defect';
  return 'code' in error ? String(error.code) : error.name;
}
