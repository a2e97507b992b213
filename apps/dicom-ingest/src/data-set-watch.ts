import {
  DataSetStructure,
  deflatedExplicitVrLittleEndian,
  explicitVrLittleEndian,
  readDataSetHeader,
  type ReadHeader,
  type Uid,
} from '@sightline/dicom';
import { createHash } from 'node:crypto';
import { createInflateRaw, type InflateRaw } from 'node:zlib';

/** Bytes before the pixels that are kept in memory to read the header from; more is nobody's header. */
const longestHeader = 1 << 25;

/** Deflated data sets may claim to be far larger than what was sent. */
const mostInflated = 2 ** 32;

/**
 * Looks on while the bytes of a data set stream by: follows its structure, keeps what the header is read from and hashes it all.
 * Pixels are never kept nor decoded.
 */
export class DataSetWatch {
  readonly #structure: DataSetStructure;
  readonly #hash = createHash('sha256');
  readonly #inflate: InflateRaw | undefined;
  readonly #kept: Uint8Array[] = [];
  #keptLength = 0;
  #inflated = 0;
  #malformed: string | undefined;
  #settle: (() => void) | undefined;

  constructor(private readonly transferSyntaxUid: Uid) {
    const deflated = transferSyntaxUid === deflatedExplicitVrLittleEndian;
    this.#structure = new DataSetStructure(deflated ? explicitVrLittleEndian : transferSyntaxUid);
    if (!deflated) return;
    this.#inflate = createInflateRaw();
    this.#inflate.on('data', (chunk: Buffer) => this.#look(chunk));
    // An error or the end leaves the callback of a write that is under way uncalled.
    this.#inflate.on('error', () => {
      this.#malformed ??= 'the deflated data set does not inflate';
      this.#settle?.();
    });
    this.#inflate.on('close', () => this.#settle?.());
  }

  /** Takes the next bytes as they came; returns why they cannot be a data set, as soon as that is known. */
  async push(chunk: Uint8Array): Promise<string | undefined> {
    this.#hash.update(chunk);
    if (this.#inflate === undefined) this.#look(chunk);
    else await this.#feed(this.#inflate, chunk);
    return this.#malformed;
  }

  /** True once the header can be read without waiting for more bytes. */
  get headerComplete(): boolean {
    return this.#structure.headerEnd !== undefined;
  }

  readHeader(): ReadHeader {
    const header = Buffer.concat(this.#kept);
    const read = readDataSetHeader(header.subarray(0, this.#structure.headerEnd), this.#plainSyntax);
    return read.kind === 'header'
      ? { ...read, header: { ...read.header, transferSyntaxUid: this.transferSyntaxUid } }
      : read;
  }

  /** After the last byte: undefined where the data set is whole, else what is wrong with it. */
  async end(): Promise<string | undefined> {
    if (this.#inflate !== undefined && this.#malformed === undefined) await this.#finish(this.#inflate);
    return this.#malformed ?? this.#structure.end();
  }

  /** Of the bytes as they came, in lower-case hex; asked once, after the last byte. */
  sha256(): string {
    return this.#hash.digest('hex');
  }

  get #plainSyntax(): Uid {
    return this.#inflate === undefined ? this.transferSyntaxUid : (explicitVrLittleEndian as Uid);
  }

  #look(chunk: Uint8Array): void {
    this.#inflated += chunk.byteLength;
    if (this.#inflate !== undefined && this.#inflated > mostInflated) this.#malformed ??= 'it inflates without end';
    this.#malformed ??= this.#structure.push(chunk);
    if (this.#keptLength > longestHeader) {
      if (this.#structure.headerEnd === undefined)
        this.#malformed ??= `more than ${longestHeader} bytes before the pixels`;
      return;
    }
    const end = this.#structure.headerEnd;
    if (end !== undefined && this.#keptLength >= end) return;
    this.#kept.push(Uint8Array.from(chunk.subarray(0, end === undefined ? undefined : end - this.#keptLength)));
    this.#keptLength += chunk.byteLength;
  }

  #feed(inflate: InflateRaw, chunk: Uint8Array): Promise<void> {
    if (inflate.destroyed || inflate.errored) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settle = resolve;
      inflate.write(chunk, () => resolve());
    });
  }

  #finish(inflate: InflateRaw): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      inflate.once('end', () => resolve());
      inflate.end();
    });
  }
}
