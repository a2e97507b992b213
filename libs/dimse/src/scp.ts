import { describeError, type Logger } from '@sightline/platform';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Association, type AssociationOptions } from './association.ts';
import type { Ending } from './message-channel.ts';

export interface ScpOptions extends AssociationOptions {
  host: string;
  port: number;
  /** Associations served at once; further ones are rejected for now (transient, local limit exceeded). */
  maxAssociations: number;
  /** Told whenever an association begins or ends: metrics are the app's. */
  watch: AssociationWatch;
}

export interface AssociationWatch {
  /** So many associations are served now. */
  open(count: number): void;
  ended(ending: Ending | 'defect'): void;
}

/** Beyond the associations, so many connections may be open without having associated; more are closed at once. */
const spareConnections = 256;

/** The DICOM port: one association per connection, none of which can harm another. */
export class Scp {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #associated = 0;

  constructor(
    private readonly options: ScpOptions,
    private readonly log: Logger,
  ) {
    // Without noDelay a small response waits for the peer's delayed acknowledgement: 40 ms and more per instance.
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
      void this.#serve(socket);
    });
    this.#server.maxConnections = options.maxAssociations + spareConnections;
  }

  /** Resolves to the port that is listened on. */
  async listen(): Promise<number> {
    this.#server.listen(this.options.port, this.options.host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.options.port;
    this.log.info('dicom-port-open', { port, aeTitle: this.options.aeTitle });
    return port;
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  /** Takes no new connection, gives running ones `graceMs` to end, then closes them. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), graceMs);
    await closed;
    clearTimeout(timer);
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    let counted = false;
    try {
      const association = new Association(socket, this.options);
      const { ending, reason } = await association.serve(() => {
        counted = this.#associated < this.options.maxAssociations;
        if (counted) this.options.watch.open(++this.#associated);
        return counted;
      });
      this.options.watch.ended(ending);
      if (ending !== 'released') this.log.warn('association-ended', { ending, reason });
    } catch (error) {
      this.options.watch.ended('defect');
      this.log.error('association-failed', { error: describeError(error) });
    } finally {
      if (counted) this.options.watch.open(--this.#associated);
      socket.destroy();
      this.#sockets.delete(socket);
    }
  }
}
