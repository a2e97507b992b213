import type { DicomHeader } from './header.ts';

/** Equipment that signs every DICOM object this product makes (PS3.3 C.7.5.1). */
export const ownDevice = { manufacturer: 'Sightline', modelName: 'Sightline Mesh' } as const;

/** UIDs we make are UUID-derived (PS3.5 B.2); others make such too, so the device decides with it. */
const ownUidRoot = '2.25.';

/** True for what this product made itself and a PACS echoes back: by UID root and device, whatever its SOP class. */
export function isOwnOutput(header: DicomHeader): boolean {
  return (
    header.sopInstanceUid.startsWith(ownUidRoot) &&
    header.dataset.Manufacturer === ownDevice.manufacturer &&
    header.dataset.ManufacturerModelName === ownDevice.modelName
  );
}
