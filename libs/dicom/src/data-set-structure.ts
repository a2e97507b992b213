import { item, itemDelimitation, longVrs, sequenceDelimitation, undefinedLength } from './encoding.ts';
import { afterHeader, attributes, tagText } from './tag.ts';
import { elementEncoding, type ElementEncoding } from './transfer-syntax.ts';

/** What the walker stands in: a data set, the items of a sequence, or the fragments of encapsulated pixels. */
type Level = { kind: 'data-set' | 'sequence' | 'fragments'; encoding: ElementEncoding };

const deepestNesting = 32;

/**
 * Follows the structure of a data set while its bytes stream by, without keeping or decoding values: so that a truncated or
 * malformed one is refused before it is acknowledged, however large it is. Holds at most one element header. Source: PS3.5 7.1,
 * 7.5, A.4.
 */
export class DataSetStructure {
  #carried = Buffer.alloc(0);
  #toSkip = 0;
  #inside = '';
  #padding = false;
  #malformed: string | undefined;
  #offset = 0;
  #headerEnd: number | undefined;
  readonly #levels: Level[];

  constructor(transferSyntaxUid: string) {
    this.#levels = [{ kind: 'data-set', encoding: elementEncoding(transferSyntaxUid) }];
  }

  /** Offset of the first top-level element that a header reader has no use for, once it was met. */
  get headerEnd(): number | undefined {
    return this.#headerEnd;
  }

  /** Takes the next bytes; a reason is returned, once and for all, as soon as they cannot be a data set. */
  push(chunk: Uint8Array): string | undefined {
    if (this.#malformed !== undefined) return this.#malformed;
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#carried.length > 0 && this.#toSkip === 0) {
      bytes = Buffer.concat([this.#carried, bytes]);
      this.#carried = Buffer.alloc(0);
    }
    let at = 0;
    while (at < bytes.length && this.#malformed === undefined) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, bytes.length - at);
        this.#toSkip -= skipped;
        this.#offset += skipped;
        at += skipped;
        continue;
      }
      const taken = this.#header(bytes.subarray(at));
      if (taken === 0) {
        this.#carried = Buffer.from(bytes.subarray(at));
        break;
      }
      this.#offset += taken;
      at += taken;
    }
    return this.#malformed;
  }

  /** After the last byte: undefined where the data set is whole, else what it ends inside. */
  end(): string | undefined {
    if (this.#malformed !== undefined) return this.#malformed;
    if (this.#toSkip > 0) return `the data set ends inside ${this.#inside}`;
    if (this.#levels.length > 1) return 'the data set ends inside a sequence';
    if (this.#carried.some((byte) => byte !== 0)) return 'the data set ends inside the header of an element';
    return undefined;
  }

  /** Bytes of one header, 0 where there are too few to tell. */
  #header(bytes: Buffer): number {
    const level = this.#levels.at(-1);
    if (level === undefined || bytes.length < 8) return 0;
    const { explicitVr, littleEndian } = level.encoding;
    const tag = littleEndian
      ? bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2)
      : bytes.readUInt16BE(0) * 0x10000 + bytes.readUInt16BE(2);
    if (tag >= afterHeader && tag >>> 16 !== 0xfffe && this.#levels.length === 1) this.#headerEnd ??= this.#offset;
    if (this.#padding || (tag === 0 && this.#levels.length === 1)) return this.#zeroes(bytes);
    if (level.kind !== 'data-set' || tag >>> 16 === 0xfffe) {
      this.#delimiter(tag, uint32(bytes, 4, littleEndian), level);
      return 8;
    }
    if (!explicitVr) {
      this.#value(tag, '', uint32(bytes, 4, littleEndian), level);
      return 8;
    }
    const vr = bytes.toString('latin1', 4, 6);
    if (!/^[A-Z]{2}$/.test(vr)) {
      this.#malformed = `no value representation at ${tagText(tag)}`;
      return 8;
    }
    if (longVrs.has(vr)) {
      if (bytes.length < 12) return 0;
      this.#value(tag, vr, uint32(bytes, 8, littleEndian), level);
      return 12;
    }
    this.#value(tag, vr, littleEndian ? bytes.readUInt16LE(6) : bytes.readUInt16BE(6), level);
    return 8;
  }

  /** Some writers fill the file up with zeros after the last element. */
  #zeroes(bytes: Buffer): number {
    this.#padding = true;
    if (bytes.some((byte) => byte !== 0)) this.#malformed = 'bytes follow the end of the data set';
    return bytes.length;
  }

  #value(tag: number, vr: string, length: number, level: Level): void {
    if (length !== undefinedLength) {
      this.#toSkip = length;
      this.#inside = tagText(tag);
      return;
    }
    if (tag === attributes.PixelData.tag || vr === 'OB' || vr === 'OW')
      this.#enter({ kind: 'fragments', encoding: level.encoding });
    // PS3.5 6.2.2 note 2: UN of undefined length holds a sequence in implicit VR little endian.
    else if (vr === 'UN') this.#enter({ kind: 'sequence', encoding: { explicitVr: false, littleEndian: true } });
    else if (vr === 'SQ' || vr === '') this.#enter({ kind: 'sequence', encoding: level.encoding });
    else this.#malformed = `${tagText(tag)} ${vr} has no length`;
  }

  #delimiter(tag: number, length: number, level: Level): void {
    const opens = tag === item && level.kind !== 'data-set';
    if (opens && length !== undefinedLength) {
      this.#toSkip = length;
      this.#inside = level.kind === 'fragments' ? 'a fragment of the pixels' : 'an item';
    } else if (opens && level.kind === 'sequence') this.#enter({ kind: 'data-set', encoding: level.encoding });
    else if (tag === sequenceDelimitation && level.kind !== 'data-set') this.#levels.pop();
    else if (tag === itemDelimitation && level.kind === 'data-set' && this.#levels.length > 1) this.#levels.pop();
    else this.#malformed = `${tagText(tag)} where it cannot stand`;
  }

  #enter(level: Level): void {
    this.#levels.push(level);
    if (this.#levels.length > deepestNesting * 2) this.#malformed = `sequences nest deeper than ${deepestNesting}`;
  }
}

function uint32(bytes: Buffer, at: number, littleEndian: boolean): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}
