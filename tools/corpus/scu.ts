import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A C-STORE and C-ECHO SCU that sends data sets exactly as their files hold them, however odd: what no well-behaved toolkit would
 * do. It speaks PS3.8 by hand, so that nothing of the SCP it tests is on both sides.
 */
export class Scu {
  #received = Buffer.alloc(0);
  #closed = false;
  readonly #accepted = new Set<number>();
  #messageId = 0;

  private constructor(
    readonly socket: Socket,
    private readonly contexts: readonly [string, string][],
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.#closed = true));
  }

  /** Connects without a word. */
  static async connect(peer: { host: string; port: number }, contexts: readonly [string, string][] = []): Promise<Scu> {
    const socket = connect(peer.port, peer.host);
    await once(socket, 'connect');
    return new Scu(socket, contexts);
  }

  /** Associates with one presentation context per pair of SOP class and transfer syntax, at most 128. */
  static async associate(
    peer: { host: string; port: number; aeTitle: string },
    contexts: readonly [string, string][],
  ): Promise<Scu> {
    const scu = await Scu.connect(peer, contexts);
    scu.socket.write(associateRequest(peer.aeTitle, contexts));
    const answer = await scu.nextPdu();
    if (answer === undefined || answer.type !== 2) throw new Error(`associating was answered with ${describe(answer)}`);
    for (const id of acceptedContexts(answer.body)) scu.#accepted.add(id);
    return scu;
  }

  accepts(sopClassUid: string, transferSyntaxUid: string): boolean {
    return this.#contextOf(sopClassUid, transferSyntaxUid) !== undefined;
  }

  /** Status of the response, or undefined where the association ended instead. */
  async store(instance: {
    sopClassUid: string;
    sopInstanceUid: string;
    transferSyntaxUid: string;
    dataSet: Uint8Array;
  }): Promise<{ status: number; comment: string } | undefined> {
    const context = this.#contextOf(instance.sopClassUid, instance.transferSyntaxUid);
    if (context === undefined) throw new Error('no such presentation context was accepted');
    this.writeCommand(context, storeCommand(++this.#messageId, instance.sopClassUid, instance.sopInstanceUid));
    const most = 65_000;
    for (let at = 0; at === 0 || at < instance.dataSet.length; at += most) {
      const part = instance.dataSet.subarray(at, at + most);
      const flushed = this.writeData(context, part, at + most >= instance.dataSet.length);
      if (!flushed && !this.#closed) await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]);
    }
    return this.nextStatus();
  }

  async echo(): Promise<number | undefined> {
    const context = this.#contextOf('1.2.840.10008.1.1', '1.2.840.10008.1.2');
    if (context === undefined) throw new Error('Verification was not accepted');
    this.writeCommand(context, echoCommand(++this.#messageId));
    return (await this.nextStatus())?.status;
  }

  writeCommand(context: number, command: Buffer): boolean {
    return this.socket.write(dataPdu(context, command, 3));
  }

  writeData(context: number, bytes: Uint8Array, last: boolean): boolean {
    return this.socket.write(dataPdu(context, bytes, last ? 2 : 0));
  }

  async nextStatus(): Promise<{ status: number; comment: string } | undefined> {
    const pdu = await this.nextPdu();
    if (pdu?.type !== 4) return undefined;
    const command = pdu.body.subarray(6);
    const elements = new Map<number, Buffer>();
    for (let at = 0; at + 8 <= command.length;) {
      const length = command.readUInt32LE(at + 4);
      elements.set(command.readUInt16LE(at + 2), command.subarray(at + 8, at + 8 + length));
      at += 8 + length;
    }
    const comment = elements.get(0x0902)?.toString('latin1').trim() ?? '';
    return { status: elements.get(0x0900)?.readUInt16LE(0) ?? -1, comment };
  }

  /** The next PDU, or undefined once the connection is closed. */
  async nextPdu(timeoutMs = 60_000): Promise<{ type: number; body: Buffer } | undefined> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      if (this.#received.length >= 6) {
        const length = 6 + this.#received.readUInt32BE(2);
        if (this.#received.length >= length) {
          const pdu = { type: this.#received.readUInt8(0), body: this.#received.subarray(6, length) };
          this.#received = this.#received.subarray(length);
          return pdu;
        }
      }
      if (this.#closed) return undefined;
      if (Date.now() > end) throw new Error('no answer in time');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async release(): Promise<void> {
    this.socket.write(Buffer.from([5, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
    await this.nextPdu();
    this.socket.destroy();
  }

  /** A-ABORT. */
  abort(): void {
    this.socket.end(Buffer.from([7, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
  }

  #contextOf(sopClassUid: string, transferSyntaxUid: string): number | undefined {
    const at = this.contexts.findIndex(([sop, syntax]) => sop === sopClassUid && syntax === transferSyntaxUid);
    const id = at * 2 + 1;
    return at >= 0 && this.#accepted.has(id) ? id : undefined;
  }
}

function describe(pdu: { type: number; body: Buffer } | undefined): string {
  return pdu === undefined ? 'a closed connection' : `PDU ${pdu.type} ${pdu.body.toString('hex')}`;
}

function item(type: number, value: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

export function associateRequest(calledAeTitle: string, contexts: readonly [string, string][]): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1, 0);
  fixed.write(calledAeTitle.padEnd(16), 4, 'latin1');
  fixed.write('CORPUS'.padEnd(16), 20, 'latin1');
  const proposals = contexts.map(([sopClass, syntax], at) =>
    item(
      0x20,
      Buffer.concat([
        Buffer.from([at * 2 + 1, 0, 0, 0]),
        item(0x30, Buffer.from(sopClass)),
        item(0x40, Buffer.from(syntax)),
      ]),
    ),
  );
  const user = Buffer.concat([item(0x51, Buffer.from([0, 1, 0, 0])), item(0x52, Buffer.from('2.25.1'))]);
  const body = Buffer.concat([fixed, item(0x10, Buffer.from('1.2.840.10008.3.1.1.1')), ...proposals, item(0x50, user)]);
  const header = Buffer.from([1, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

function acceptedContexts(body: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 68; at + 4 <= body.length; at += 4 + body.readUInt16BE(at + 2)) {
    if (body.readUInt8(at) === 0x21 && body.readUInt8(at + 6) === 0) ids.push(body.readUInt8(at + 4));
  }
  return ids;
}

function dataPdu(context: number, bytes: Uint8Array, control: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(4, 0);
  header.writeUInt32BE(bytes.length + 6, 2);
  header.writeUInt32BE(bytes.length + 2, 6);
  header.writeUInt8(context, 10);
  header.writeUInt8(control, 11);
  return Buffer.concat([header, bytes]);
}

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

function short(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return element(number, bytes);
}

function uid(number: number, text: string): Buffer {
  return element(number, Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1'));
}

function withLength(elements: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(elements.length);
  return Buffer.concat([element(0, length), elements]);
}

export function storeCommand(messageId: number, sopClassUid: string, sopInstanceUid: string): Buffer {
  return withLength(
    Buffer.concat([
      uid(0x0002, sopClassUid),
      short(0x0100, 0x0001),
      short(0x0110, messageId),
      short(0x0700, 0),
      short(0x0800, 0),
      uid(0x1000, sopInstanceUid),
    ]),
  );
}

export function echoCommand(messageId: number): Buffer {
  return withLength(
    Buffer.concat([
      uid(0x0002, '1.2.840.10008.1.1'),
      short(0x0100, 0x0030),
      short(0x0110, messageId),
      short(0x0800, 0x0101),
    ]),
  );
}
