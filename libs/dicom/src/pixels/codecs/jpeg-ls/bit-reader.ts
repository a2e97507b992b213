import { Undecodable } from '../../unsupported.ts';

/** Bits of a JPEG-LS scan (ITU-T T.87 A.1, C.1): after a byte of ones, the first bit of the next one is stuffed. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;
  #afterOnes = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  bit(): number {
    if (this.#count === 0) this.#next();
    this.#count--;
    return (this.#bits >>> this.#count) & 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let left = count; left > 0;) {
      if (this.#count === 0) this.#next();
      const taken = Math.min(left, this.#count);
      this.#count -= taken;
      value = (value << taken) | ((this.#bits >>> this.#count) & ((1 << taken) - 1));
      left -= taken;
    }
    return value;
  }

  /** A code of at most `limit` bits (A.5.3): zeros up to a one, then `k` bits; or the value itself where there are too many. */
  code(k: number, limit: number, rangeBits: number): number {
    const most = limit - rangeBits - 1;
    let zeros = 0;
    while (this.bit() === 0) if (++zeros > most) throw new Undecodable('a JPEG-LS code is too long');
    return zeros < most ? (zeros << k) | this.bits(k) : this.bits(rangeBits) + 1;
  }

  /** Offset of the marker that follows. */
  end(): number {
    const { length } = this.#bytes;
    let at = this.#at;
    while (at < length && !(this.#bytes[at] === 0xff && (this.#bytes[at + 1] ?? 0) >= 0x80)) at++;
    if (at >= length) throw new Undecodable('the frame ends inside a scan');
    return at;
  }

  #next(): void {
    const byte = this.#bytes[this.#at];
    const ends = byte === 0xff && (this.#bytes[this.#at + 1] ?? 0x80) >= 0x80;
    if (byte === undefined || ends) throw new Undecodable('the frame ends inside a scan');
    this.#bits = byte;
    this.#count = this.#afterOnes ? 7 : 8;
    this.#afterOnes = byte === 0xff;
    this.#at++;
  }
}
