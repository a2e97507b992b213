import { Undecodable } from '../../unsupported.ts';
import type { HuffmanTable } from './huffman-table.ts';

/** Entropy coded data of a scan (ITU-T T.81 F.2.2): bits up to the next marker, stuffed zeros taken out, and not one more. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;
  /** Bits of `#count` that stand for bytes there are none of. */
  #padding = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next Huffman coded symbol. */
  symbol(table: HuffmanTable): number {
    this.#fill();
    const entry = table[(this.#bits >>> (this.#count - 16)) & 0xffff] ?? 0;
    if (entry === 0) throw new Undecodable('bits that are no Huffman code');
    this.#take(entry >>> 8);
    return entry & 0xff;
  }

  /** A difference or coefficient of `size` bits, at most 16 (RECEIVE and EXTEND). */
  signed(size: number): number {
    if (size === 0) return 0;
    this.#fill();
    const value = (this.#bits >>> (this.#count - size)) & ((1 << size) - 1);
    this.#take(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Goes over the restart marker that has to come now. */
  restart(): void {
    const next = this.end();
    const code = this.#bytes[next + 1] ?? 0;
    if (code < 0xd0 || code > 0xd7) throw new Undecodable('a restart marker is missing');
    this.#at = next + 2;
    this.#bits = 0;
    this.#count = 0;
    this.#padding = 0;
  }

  /** Offset of the marker that ends the scan or the restart interval; bytes before it that nobody asked for are passed over. */
  end(): number {
    let at = this.#at;
    while (at < this.#bytes.length && !this.#isMarker(at)) at++;
    if (at >= this.#bytes.length) throw new Undecodable('the frame ends inside a scan');
    return at;
  }

  #isMarker(at: number): boolean {
    const next = this.#bytes[at + 1];
    return this.#bytes[at] === 0xff && next !== undefined && next !== 0 && next !== 0xff;
  }

  #fill(): void {
    while (this.#count <= 24) {
      const byte = this.#bytes[this.#at];
      const stuffed = byte === 0xff && this.#bytes[this.#at + 1] === 0;
      if (byte === undefined || (byte === 0xff && !stuffed)) {
        this.#padding += 8;
        this.#bits <<= 8;
      } else {
        this.#at += stuffed ? 2 : 1;
        this.#bits = (this.#bits << 8) | byte;
      }
      this.#count += 8;
    }
  }

  #take(count: number): void {
    this.#count -= count;
    if (this.#count < this.#padding) throw new Undecodable('the frame ends inside a scan');
  }
}
