import { storageSopClasses } from './sop-class-table.ts';

export const verificationSopClass = '1.2.840.10008.1.1';

/** True for the SOP classes of the Storage Service Class (PS3.4 B.5), retired ones included. */
export function isStorageSopClass(uid: string): boolean {
  return storageSopClasses.has(uid);
}

/** True where instances of the class are pictures: not segmentations, maps, documents, presentation states, waveforms or plans. */
export function isImageSopClass(uid: string): boolean {
  return storageSopClasses.get(uid)?.image ?? false;
}

export function sopClassName(uid: string): string {
  return storageSopClasses.get(uid)?.name ?? uid;
}

/** Every storage SOP class UID (PS3.6 Table A-1). */
export function storageSopClassUids(): string[] {
  return [...storageSopClasses.keys()];
}
