import { transferSyntaxNames } from './transfer-syntax-table.ts';

export const implicitVrLittleEndian = '1.2.840.10008.1.2';
export const explicitVrLittleEndian = '1.2.840.10008.1.2.1';
export const deflatedExplicitVrLittleEndian = '1.2.840.10008.1.2.1.99';
export const explicitVrBigEndian = '1.2.840.10008.1.2.2';

/** How the elements of a data set are written down. Compression of the pixels does not change it (PS3.5 A.4). */
export interface ElementEncoding {
  explicitVr: boolean;
  littleEndian: boolean;
}

export function elementEncoding(transferSyntaxUid: string): ElementEncoding {
  return {
    explicitVr: transferSyntaxUid !== implicitVrLittleEndian,
    littleEndian: transferSyntaxUid !== explicitVrBigEndian,
  };
}

/** True for the standard's transfer syntaxes whose bytes carry the whole instance; false for private ones and JPIP references. */
export function isKnownTransferSyntax(uid: string): boolean {
  return transferSyntaxNames.has(uid);
}

export function transferSyntaxName(uid: string): string {
  return transferSyntaxNames.get(uid) ?? uid;
}
