import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Pdu {
  readonly type: number;
  readonly body: Buffer;
}

/** One connection to a {@link ScriptedPeer}, to read PDUs from and to write any bytes to. */
export class PeerLine {
  #received = Buffer.alloc(0);
  #closed = false;
  #contextId = 1;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.#closed = true));
  }

  /** The presentation context of the last message that was read. */
  get contextId(): number {
    return this.#contextId;
  }

  write(...bytes: readonly Uint8Array[]): void {
    for (const each of bytes) this.socket.write(each);
  }

  /** The next PDU, or undefined once the connection is closed. */
  async pdu(): Promise<Pdu | undefined> {
    for (;;) {
      const length = this.#received.length < 6 ? Infinity : 6 + this.#received.readUInt32BE(2);
      if (this.#received.length >= length) {
        const pdu = { type: this.#received.readUInt8(0), body: this.#received.subarray(6, length) };
        this.#received = this.#received.subarray(length);
        return pdu;
      }
      if (this.#closed) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** The whole message of a command or data set: its bytes, without what stands around them. */
  async message(): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (;;) {
      const pdu = await this.pdu();
      if (pdu?.type !== 4) return undefined;
      this.#contextId = pdu.body.readUInt8(4);
      parts.push(pdu.body.subarray(6));
      if ((pdu.body.readUInt8(5) & 2) === 2) return Buffer.concat(parts);
    }
  }
}

export interface ScriptedPeer {
  readonly port: number;
  readonly aeTitle: string;
  readonly connections: number;
  stop(): Promise<void>;
}

/** A DICOM peer that does what a test says and nothing else, byte by byte. */
export async function scriptedPeer(serve: (line: PeerLine) => Promise<unknown> | void): Promise<ScriptedPeer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    connections++;
    void serve(new PeerLine(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    aeTitle: 'SCRIPTED',
    get connections() {
      return connections;
    },
    stop: async () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
