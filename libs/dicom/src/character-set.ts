/** Defined terms of Specific Character Set (PS3.3 C.12.1.1.2) and the WHATWG encodings that decode them. */
const encodings: Readonly<Record<string, string>> = {
  '': 'windows-1252',
  'ISO_IR 6': 'windows-1252',
  'ISO_IR 100': 'windows-1252',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequences of ISO 2022 (PS3.3 Tables C.12-3, C.12-4) and how the text after them is decoded. */
const escapes: readonly { bytes: readonly number[]; encoding: string; prefix?: readonly number[] }[] = [
  { bytes: [0x1b, 0x28, 0x42], encoding: 'windows-1252' },
  { bytes: [0x1b, 0x28, 0x4a], encoding: 'shift_jis' },
  { bytes: [0x1b, 0x29, 0x49], encoding: 'shift_jis' },
  { bytes: [0x1b, 0x2d, 0x41], encoding: 'windows-1252' },
  { bytes: [0x1b, 0x2d, 0x42], encoding: 'iso-8859-2' },
  { bytes: [0x1b, 0x2d, 0x43], encoding: 'iso-8859-3' },
  { bytes: [0x1b, 0x2d, 0x44], encoding: 'iso-8859-4' },
  { bytes: [0x1b, 0x2d, 0x4c], encoding: 'iso-8859-5' },
  { bytes: [0x1b, 0x2d, 0x47], encoding: 'iso-8859-6' },
  { bytes: [0x1b, 0x2d, 0x46], encoding: 'iso-8859-7' },
  { bytes: [0x1b, 0x2d, 0x48], encoding: 'iso-8859-8' },
  { bytes: [0x1b, 0x2d, 0x4d], encoding: 'windows-1254' },
  { bytes: [0x1b, 0x2d, 0x54], encoding: 'windows-874' },
  { bytes: [0x1b, 0x2d, 0x62], encoding: 'iso-8859-15' },
  { bytes: [0x1b, 0x24, 0x42], encoding: 'iso-2022-jp', prefix: [0x1b, 0x24, 0x42] },
  // JIS X 0212: no decoder of the platform knows it; its bytes come out as replacement characters.
  { bytes: [0x1b, 0x24, 0x28, 0x44], encoding: 'iso-2022-jp', prefix: [0x1b, 0x24, 0x28, 0x44] },
  { bytes: [0x1b, 0x24, 0x29, 0x43], encoding: 'euc-kr' },
  { bytes: [0x1b, 0x24, 0x29, 0x41], encoding: 'gbk' },
];

const escape = 0x1b;

/** PN, LO, SH and the like switch back to the first character set at these (PS3.5 6.1.2.5.3). */
const resetting: ReadonlySet<number> = new Set([0x5c, 0x5e, 0x3d, 0x0a, 0x0c, 0x0d, 0x09]);

function encodingOf(term: string): string {
  return encodings[term.trim().replace('ISO 2022 IR', 'ISO_IR')] ?? 'windows-1252';
}

function decode(bytes: readonly number[], encoding: string): string {
  return new TextDecoder(encoding).decode(Uint8Array.from(bytes));
}

function withEscapes(bytes: Uint8Array, initial: string): string {
  let text = '';
  let current: { encoding: string; prefix?: readonly number[] } = { encoding: initial };
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 0) text += decode([...(current.prefix ?? []), ...run], current.encoding);
    run = [];
  };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const designation = byte === escape ? escapes.find((e) => e.bytes.every((b, i) => bytes[at + i] === b)) : undefined;
    if (designation !== undefined) {
      flush();
      current = designation;
      at += designation.bytes.length - 1;
      continue;
    }
    // Two-byte JIS uses the delimiters' codes as trail bytes, so only its own escape ends it.
    if (resetting.has(byte) && current.prefix === undefined) {
      flush();
      current = { encoding: initial };
    }
    run.push(byte);
  }
  flush();
  return text;
}

/**
 * Text of an element in the data set's Specific Character Set (0008,0005), padding removed. Bytes that mean nothing there become
 * U+FFFD; unknown terms are read as Latin-1.
 */
export function decodeText(value: Uint8Array, specificCharacterSet: string): string {
  const terms = specificCharacterSet.split('\\');
  const initial = encodingOf(terms[0] ?? '');
  const escaped = value.includes(escape) && initial !== 'utf-8' && !initial.startsWith('gb');
  const text = escaped ? withEscapes(value, initial) : new TextDecoder(initial).decode(value);
  return text.replace(/^ +|[\0 ]+$/g, '');
}
