import { randomInt } from 'node:crypto';
import { readHeader } from '@sightline/dicom';

/**
 * The same image as a study nobody has seen: new study, series and instance UIDs of the same length, put where the old ones
 * stand, so that not a byte moves. The old UIDs must be at least 15 characters long.
 */
export function withFreshUids(file: Buffer): Buffer {
  const read = readHeader(file);
  if (read.kind !== 'header') {
    throw new Error(read.reason);
  }
  const copy = Buffer.from(file);
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = read.header;
  for (const uid of new Set([studyInstanceUid, seriesInstanceUid, sopInstanceUid])) {
    replaceAll(copy, uid, uidOfLength(uid.length));
  }
  return copy;
}

/** 2.25 and a number (PS3.5 B.2) that stays below 2^128: at most 39 digits, the first of them 1. */
function uidOfLength(length: number): string {
  const digits = length - '2.25.'.length;
  if (digits < 10 || digits > 39) {
    throw new Error(`no UID of ${length} characters can be made`);
  }
  return `2.25.1${Array.from({ length: digits - 1 }, () => randomInt(10)).join('')}`;
}

function replaceAll(bytes: Buffer, from: string, to: string): void {
  for (let at = bytes.indexOf(from, 0, 'latin1'); at >= 0; at = bytes.indexOf(from, at + from.length, 'latin1')) {
    // "1.2.3" also begins "1.2.34": only a whole value is replaced.
    const next = bytes[at + from.length];
    const isWhole = next === undefined || !/[0-9.]/.test(String.fromCharCode(next));
    if (isWhole) {
      bytes.write(to, at, 'latin1');
    }
  }
}
