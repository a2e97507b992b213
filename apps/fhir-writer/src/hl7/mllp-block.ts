/** MLLP (HL7 v2.5.1 appendix C, "minimal lower layer protocol"): a block is <VT> bytes <FS><CR>. */
const startBlock = 0x0b;
const endBlock = 0x1c;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

export type ReadBlock = { kind: 'block'; bytes: Buffer } | { kind: 'broken'; reason: string };

/** A message as a block, in UTF-8. */
export function blockOf(message: string): Buffer {
  return Buffer.concat([Buffer.of(startBlock), Buffer.from(message, 'utf8'), Buffer.of(endBlock, carriageReturn)]);
}

/** Cuts the bytes of one connection into blocks, holding at most `maxBytes`. After `broken` nothing more can be read. */
export class BlockReader {
  #parts: Buffer[] = [];
  #length = 0;
  #inside = false;
  /** The last byte was the first of the two that end a block. */
  #ending = false;
  #broken = false;

  constructor(private readonly maxBytes: number) {}

  /** Whether a block has begun and not ended. */
  get midway(): boolean {
    return this.#inside;
  }

  push(chunk: Buffer): ReadBlock[] {
    const found: ReadBlock[] = [];
    let at = 0;
    while (at < chunk.length && !this.#broken)
      at = this.#inside ? this.#read(chunk, at, found) : this.#begin(chunk, at, found);
    return found;
  }

  /** Line ends between blocks are what some senders add; anything else there is another protocol. */
  #begin(chunk: Buffer, at: number, found: ReadBlock[]): number {
    const byte = chunk[at];
    if (byte === startBlock) this.#inside = true;
    else if (byte !== carriageReturn && byte !== lineFeed) this.#break('bytes outside of a block', found);
    return at + 1;
  }

  #read(chunk: Buffer, at: number, found: ReadBlock[]): number {
    if (this.#ending) {
      this.#ending = false;
      if (chunk[at] !== carriageReturn) this.#break('a block that ends halfway', found);
      else this.#end(found);
      return at + 1;
    }
    const end = chunk.indexOf(endBlock, at);
    const part = chunk.subarray(at, end === -1 ? chunk.length : end);
    this.#parts.push(part);
    this.#length += part.length;
    this.#ending = end !== -1;
    if (this.#length > this.maxBytes) this.#break(`a message of more than ${this.maxBytes} bytes`, found);
    if (part.includes(startBlock)) this.#break('a block within a block', found);
    return at + part.length + (this.#ending ? 1 : 0);
  }

  #end(found: ReadBlock[]): void {
    found.push({ kind: 'block', bytes: Buffer.concat(this.#parts) });
    this.#parts = [];
    this.#length = 0;
    this.#inside = false;
  }

  #break(reason: string, found: ReadBlock[]): void {
    if (!this.#broken) found.push({ kind: 'broken', reason });
    this.#broken = true;
    this.#parts = [];
  }
}
