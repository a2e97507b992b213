import type { Socket } from 'node:net';
import { pduType } from './pdu.ts';

export type ReadPdu =
  | { kind: 'pdu'; type: number; body: Buffer }
  | { kind: 'closed' }
  | { kind: 'timeout' }
  | { kind: 'broken'; reason: string };

const knownTypes: ReadonlySet<number> = new Set(Object.values(pduType));

/** No PDU we could answer is longer: 128 contexts with every transfer syntax fit, and data PDUs were agreed to be shorter. */
const longestPdu = 1 << 20;

/** Cuts the bytes of one connection into PDUs, holding at most one and what arrived with it. */
export class PduReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #parts: Buffer[] = [];
  #length = 0;
  #reading: Promise<ReadPdu> | undefined;

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** The next whole PDU, if it arrives within `timeoutMs`, however slowly its bytes drip. After a timeout it is still the next. */
  async next(timeoutMs: number): Promise<ReadPdu> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ReadPdu>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'timeout' }), timeoutMs);
    });
    this.#reading ??= this.#read();
    const read = await Promise.race([this.#reading, late]);
    clearTimeout(timer);
    if (read.kind !== 'timeout') this.#reading = undefined;
    return read;
  }

  async #read(): Promise<ReadPdu> {
    if (!(await this.#have(6))) return { kind: 'closed' };
    const header = this.#take(6);
    const type = header.readUInt8(0);
    const length = header.readUInt32BE(2);
    if (!knownTypes.has(type)) return { kind: 'broken', reason: `PDU of unknown type ${type}` };
    if (length > longestPdu) return { kind: 'broken', reason: `PDU of ${length} bytes` };
    if (!(await this.#have(length))) return { kind: 'closed' };
    return { kind: 'pdu', type, body: this.#take(length) };
  }

  async #have(length: number): Promise<boolean> {
    while (this.#length < length) {
      const next = await this.#chunks.next().catch(() => undefined);
      if (next === undefined || next.done === true) return false;
      this.#parts.push(next.value);
      this.#length += next.value.length;
    }
    return true;
  }

  #take(length: number): Buffer {
    const all = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    const rest = all.subarray(length);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return all.subarray(0, length);
  }
}
