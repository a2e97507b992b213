import { describe, expect, it } from '@jest/globals';
import { decodeText } from './character-set.ts';

/** The examples of PS3.5 annexes H, I and J. */
describe('decodeText', () => {
  it('reads Japanese with JIS X 0208 escapes', () => {
    const bytes = Buffer.from(
      'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
      'latin1',
    );
    expect(decodeText(bytes, '\\ISO 2022 IR 87')).toBe('Yamada^Tarou=山田^太郎=やまだ^たろう');
  });

  it('reads half-width katakana beside JIS X 0208', () => {
    const bytes = Buffer.from('\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J', 'latin1');
    expect(decodeText(bytes, 'ISO 2022 IR 13\\ISO 2022 IR 87')).toBe('ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎');
  });

  it('reads Korean', () => {
    const bytes = Buffer.from('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'latin1');
    expect(decodeText(bytes, '\\ISO 2022 IR 149')).toBe('Hong^Gildong=洪^吉洞');
  });

  it('reads Chinese in UTF-8 and GB18030', () => {
    expect(decodeText(Buffer.from('Wang^XiaoDong=王^小东'), 'ISO_IR 192')).toBe('Wang^XiaoDong=王^小东');
    expect(decodeText(Buffer.from('\xcd\xf5^\xd0\xa1\xb6\xab', 'latin1'), 'GB18030')).toBe('王^小东');
  });

  it('reads Cyrillic, Greek, Arabic and Hebrew', () => {
    expect(decodeText(Buffer.from('\xbb\xee\xda', 'latin1'), 'ISO_IR 144')).toBe('Люк');
    expect(decodeText(Buffer.from('\xc4\xe9\xef', 'latin1'), 'ISO_IR 126')).toBe('Διο');
    expect(decodeText(Buffer.from('\xe2\xc8', 'latin1'), 'ISO_IR 127')).toBe('قب');
    expect(decodeText(Buffer.from('\xf9\xf8', 'latin1'), 'ISO_IR 138')).toBe('שר');
  });

  it('reads unknown terms as Latin-1 and drops padding', () => {
    expect(decodeText(Buffer.from('Buc^J\xe9r\xf4me ', 'latin1'), 'NONSENSE')).toBe('Buc^Jérôme');
    expect(decodeText(Buffer.from('1.2.3\0', 'latin1'), '')).toBe('1.2.3');
  });
});
