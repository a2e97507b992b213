/** Table 0211 of v2.5.1 → what the Encoding Standard calls it. Of others identifiers, which are all that is read, are ASCII. */
const charsets: Readonly<Record<string, string>> = {
  'UNICODE UTF-8': 'utf-8',
  '8859/1': 'windows-1252',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'windows-1254',
  '8859/15': 'iso-8859-15',
};

/** The text of a message by the character set that its MSH-18 states; without one UTF-8 where it is that, else Latin-1. */
export function decodeMessage(bytes: Uint8Array): string {
  const header = new TextDecoder('windows-1252').decode(bytes.subarray(0, 2048)).split('\r')[0] ?? '';
  const stated = header.split(header[3] ?? '|')[17]?.split(header[5] ?? '~')[0] ?? '';
  try {
    return new TextDecoder(charsets[stated] ?? 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
