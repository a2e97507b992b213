import { item, itemDelimitation, longVrs, sequenceDelimitation, undefinedLength } from './encoding.ts';
import { attributes, tagText, vrOf, type Keyword } from './tag.ts';
import type { ElementEncoding } from './transfer-syntax.ts';

/** One element: its value as bytes of the input (never copied), or the items of a sequence. */
export interface Element {
  tag: number;
  vr: string;
  value: Uint8Array;
  items?: DataSet[];
}

export interface DataSet {
  elements: ReadonlyMap<number, Element>;
  littleEndian: boolean;
}

/** `end` is the offset of the first byte not read: that of the element at or after which reading stopped. */
export type ParsedDataSet = { kind: 'data-set'; dataSet: DataSet; end: number } | { kind: 'invalid'; reason: string };

/** What no honest header needs more of; reading stops with a reason instead of taking the process down. */
const mostElements = 200_000;
const deepestNesting = 16;

class Malformed extends Error {}

interface ElementHeader {
  tag: number;
  vr: string;
  length: number;
}

class Reader {
  #offset: number;
  #elementsLeft: number;
  readonly #mostElements: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset: number, elements: number) {
    this.#mostElements = elements;
    this.#elementsLeft = elements;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Elements up to `end` or the first one with a tag of `untilTag` or above at this level. */
  dataSet(
    encoding: ElementEncoding,
    end: number,
    options: { untilTag: number; depth: number; delimited: boolean },
  ): DataSet {
    const elements = new Map<number, Element>();
    while (this.#offset < end) {
      if (end - this.#offset < 8) {
        if (this.#zeros(end)) break;
        throw new Malformed('the data set ends inside the header of an element');
      }
      const next = this.#peekTag(encoding.littleEndian);
      if (next === itemDelimitation && options.delimited) {
        this.#offset += 8;
        break;
      }
      if (next >= options.untilTag || (next === 0 && this.#zeros(end))) break;
      const header = this.#header(encoding);
      elements.set(header.tag, this.#element(header, encoding, end, options.depth));
    }
    return { elements, littleEndian: encoding.littleEndian };
  }

  #zeros(end: number): boolean {
    return this.#bytes.subarray(this.#offset, Math.min(end, this.#offset + 4096)).every((byte) => byte === 0);
  }

  #peekTag(littleEndian: boolean): number {
    const group = this.#view.getUint16(this.#offset, littleEndian);
    return group * 0x10000 + this.#view.getUint16(this.#offset + 2, littleEndian);
  }

  #header({ explicitVr, littleEndian }: ElementEncoding): ElementHeader {
    if (this.#elementsLeft-- <= 0) throw new Malformed(`more than ${this.#mostElements} elements before the pixels`);
    const tag = this.#uint16(littleEndian) * 0x10000 + this.#uint16(littleEndian);
    if (!explicitVr || tag >>> 16 === 0xfffe) return { tag, vr: vrOf(tag), length: this.#uint32(littleEndian) };
    const vr = String.fromCharCode(this.#uint8(), this.#uint8());
    if (!/^[A-Z]{2}$/.test(vr)) throw new Malformed(`no value representation at ${tagText(tag)}`);
    if (!longVrs.has(vr)) return { tag, vr, length: this.#uint16(littleEndian) };
    this.#take(2, 'the header of an element');
    return { tag, vr, length: this.#uint32(littleEndian) };
  }

  #element({ tag, vr, length }: ElementHeader, encoding: ElementEncoding, end: number, depth: number): Element {
    if (tag >>> 16 === 0xfffe) throw new Malformed(`a delimiter ${tagText(tag)} outside a sequence`);
    if (length === undefinedLength) {
      // PS3.5 6.2.2 note 2: UN of undefined length holds a sequence in implicit VR little endian.
      const inner = vr === 'UN' && encoding.explicitVr ? { explicitVr: false, littleEndian: true } : encoding;
      if (tag === attributes.PixelData.tag || (encoding.explicitVr && (vr === 'OB' || vr === 'OW'))) {
        return { tag, vr, value: this.#fragments(encoding.littleEndian) };
      }
      if (encoding.explicitVr && vr !== 'SQ' && vr !== 'UN') throw new Malformed(`${tagText(tag)} ${vr} has no length`);
      return { tag, vr: 'SQ', value: new Uint8Array(), items: this.#items(inner, end, depth + 1, true) };
    }
    if (length > end - this.#offset) throw new Malformed(`the data set ends inside ${tagText(tag)}`);
    if (vr !== 'SQ') return { tag, vr, value: this.#take(length, tagText(tag)) };
    return { tag, vr, value: new Uint8Array(), items: this.#items(encoding, this.#offset + length, depth + 1, false) };
  }

  #items(encoding: ElementEncoding, end: number, depth: number, delimited: boolean): DataSet[] {
    if (depth > deepestNesting) throw new Malformed(`sequences nest deeper than ${deepestNesting}`);
    const items: DataSet[] = [];
    while (this.#offset < end) {
      const { tag, length } = this.#header({ explicitVr: false, littleEndian: encoding.littleEndian });
      if (tag === sequenceDelimitation && delimited) return items;
      if (tag !== item) throw new Malformed(`${tagText(tag)} where an item of a sequence should begin`);
      const open = length === undefinedLength;
      if (!open && length > end - this.#offset) throw new Malformed('the data set ends inside an item');
      const itemEnd = open ? end : this.#offset + length;
      items.push(this.dataSet(encoding, itemEnd, { untilTag: Infinity, depth, delimited: open }));
    }
    if (delimited) throw new Malformed('the data set ends inside a sequence');
    return items;
  }

  /** Encapsulated pixels (PS3.5 A.4): all the fragments' bytes as one span, headers included. */
  #fragments(littleEndian: boolean): Uint8Array {
    const start = this.#offset;
    for (;;) {
      const { tag, length } = this.#header({ explicitVr: false, littleEndian });
      if (tag === sequenceDelimitation) return this.#bytes.subarray(start, this.#offset - 8);
      if (tag !== item) throw new Malformed(`${tagText(tag)} where a fragment should begin`);
      this.#take(length, 'a fragment of the pixels');
    }
  }

  #uint8(): number {
    this.#room(1, 'the header of an element');
    return this.#view.getUint8(this.#offset++);
  }

  #uint16(littleEndian: boolean): number {
    this.#room(2, 'the header of an element');
    this.#offset += 2;
    return this.#view.getUint16(this.#offset - 2, littleEndian);
  }

  #uint32(littleEndian: boolean): number {
    this.#room(4, 'the header of an element');
    this.#offset += 4;
    return this.#view.getUint32(this.#offset - 4, littleEndian);
  }

  #take(length: number, what: string): Uint8Array {
    this.#room(length, what);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  #room(length: number, what: string): void {
    if (length > this.#bytes.length - this.#offset) throw new Malformed(`the data set ends inside ${what}`);
  }
}

/**
 * Reads at most `elements` elements from `offset` up to the first top-level tag at or above `untilTag`, without copying or decoding
 * values. Work is bounded by the length of the input; malformed input gives a reason and never throws. Source: PS3.5 chapter 7.
 */
export function parseDataSet(
  bytes: Uint8Array,
  encoding: ElementEncoding,
  { offset = 0, untilTag = Infinity, elements = mostElements } = {},
): ParsedDataSet {
  const reader = new Reader(bytes, offset, elements);
  try {
    const dataSet = reader.dataSet(encoding, bytes.length, { untilTag, depth: 0, delimited: false });
    return { kind: 'data-set', dataSet, end: reader.offset };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'invalid', reason: error.message };
    throw error;
  }
}

/** The bytes of an attribute, or undefined where it is absent or empty. */
export function valueOf(dataSet: DataSet, keyword: Keyword): Uint8Array | undefined {
  const value = dataSet.elements.get(attributes[keyword].tag)?.value;
  return value === undefined || value.length === 0 ? undefined : value;
}

/** The first item of a sequence, or undefined. */
export function firstItemOf(dataSet: DataSet, keyword: Keyword): DataSet | undefined {
  return dataSet.elements.get(attributes[keyword].tag)?.items?.[0];
}

/** The first value of a binary attribute: US, SS or US-or-SS by `signed`. */
export function integerOf(dataSet: DataSet, keyword: Keyword, signed = false): number | undefined {
  const value = valueOf(dataSet, keyword);
  if (value === undefined || value.length < 2) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return signed ? view.getInt16(0, dataSet.littleEndian) : view.getUint16(0, dataSet.littleEndian);
}
