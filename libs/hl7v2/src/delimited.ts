declare const encoded: unique symbol;

/** Text whose delimiters are escaped, or that was put together of such: nothing else gets into a segment. */
export type Encoded = string & { readonly [encoded]: true };

const letters: Readonly<Record<string, string>> = { '|': 'F', '^': 'S', '&': 'T', '~': 'R', '\\': 'E' };
const characters = new Map(Object.entries(letters).map(([character, letter]) => [letter, character]));

/**
 * A text as a value (v2.5.1 2.7): delimiters by their letters, line breaks as the break of formatted text, which more
 * receivers show than any other, and other control characters in hexadecimal. None ends a segment or an MLLP block. Two
 * quotes alone would mean "delete what you hold" (2.5.3).
 */
export function text(value: string): Encoded {
  const escaped = value.toWellFormed().replaceAll(/\r\n|[|^&~\\\p{Cc}]/gu, escapeOne);
  return (escaped === '""' ? '\\X22\\"' : escaped) as Encoded;
}

function escapeOne(found: string): string {
  const letter = letters[found] ?? (/[\r\n]/.test(found) ? '.br' : hexOf(found.charCodeAt(0)));
  return letter === undefined ? found : `\\${letter}\\`;
}

/** Bytes of UTF-8 beyond ASCII are more than one, and end nothing. */
function hexOf(point: number): string | undefined {
  return point < 0x80 ? `X${point.toString(16).toUpperCase().padStart(2, '0')}` : undefined;
}

/**
 * The text of a value. Line breaks and spaces of formatted text are kept, highlighting is not; what is no escape stays as
 * it is.
 */
export function plain(value: string): string {
  return value.replaceAll(/\\([^\\]*)\\/g, (whole, sequence: string) => unescapeOne(sequence) ?? whole);
}

function unescapeOne(sequence: string): string | undefined {
  const hex = /^X((?:[0-9A-F]{2})+)$/i.exec(sequence)?.[1];
  if (hex !== undefined) return new TextDecoder().decode(bytesOf(hex));
  if (/^\.(br|sp)/.test(sequence)) return '\n';
  return sequence === 'H' || sequence === 'N' ? '' : characters.get(sequence);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Components of a field, each of one text; what is undefined is left empty. */
export function composite(...texts: readonly (string | undefined)[]): Encoded {
  return components(...texts.map((one) => (one === undefined ? undefined : text(one))));
}

/** Components that may have parts of their own. */
export function components(...parts: readonly (Encoded | undefined)[]): Encoded {
  return join('^', parts);
}

/** Parts of a component. */
export function subcomponents(...texts: readonly (string | undefined)[]): Encoded {
  return join(
    '&',
    texts.map((one) => (one === undefined ? undefined : text(one))),
  );
}

export function repetitions(...fields: readonly Encoded[]): Encoded {
  return join('~', fields);
}

/** A segment by the numbers of its fields; what is undefined is left empty. */
export function segment(name: string, fields: Readonly<Record<number, Encoded | undefined>>): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  const values = Array.from({ length: last }, (_, index) => fields[index + 1]);
  return `${name}|${join('|', values)}`;
}

/** Message header: its first field is the separator itself, its second the other delimiters. */
export function header(fields: Readonly<Record<number, Encoded | undefined>>): string {
  const shifted = Object.entries(fields).map(([number, value]) => [Number(number) - 1, value] as const);
  return segment('MSH', { 1: String.raw`^~\&` as Encoded, ...Object.fromEntries(shifted) });
}

/** Every segment ends in a carriage return, the last one too (v2.5.1 2.6). */
export function messageOf(segments: readonly string[]): string {
  return segments.map((one) => `${one}\r`).join('');
}

function join(separator: string, values: readonly (Encoded | undefined)[]): Encoded {
  const last = values.findLastIndex((value) => value !== undefined && value !== '');
  return values
    .slice(0, last + 1)
    .map((value) => value ?? '')
    .join(separator) as Encoded;
}
