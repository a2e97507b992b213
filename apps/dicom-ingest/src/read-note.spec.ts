import { describe, expect, it } from '@jest/globals';
import { deflatedExplicitVrLittleEndian, encodeFileMeta } from '@sightline/dicom';
import { deflateRawSync } from 'node:zlib';
import { longestNote, readNote } from './read-note.ts';

describe('readNote', () => {
  it('does not read a note that inflates beyond what a note can be', () => {
    const meta = encodeFileMeta({
      sopClassUid: '1.2.840.10008.5.1.4.1.1.88.59',
      sopInstanceUid: '1.2.3.9',
      transferSyntaxUid: deflatedExplicitVrLittleEndian,
    });
    const bomb = deflateRawSync(new Uint8Array(longestNote + 1));
    expect(bomb.length).toBeLessThan(longestNote / 100);
    expect(readNote(Buffer.concat([meta, bomb]))).toEqual({
      kind: 'unread',
      reason: 'the deflated data set is not read',
    });
  });
});
