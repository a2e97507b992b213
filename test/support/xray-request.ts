import { randomUUID } from 'node:crypto';
import type { InferenceRequested, Instance, ModelReference } from '@sightline/contracts';
import { explicitVrLittleEndian, readHeader, uidFromUuid, uidSchema } from '@sightline/dicom';
import type { ObjectStore } from '@sightline/object-store';
import { wrapImage, type WrappedValues } from '../../tools/evaluate/wrap-image.ts';

/** Header values of an image that a paediatric chest model may read. */
export const childsChest: WrappedValues = {
  Modality: 'DX',
  BodyPartExamined: 'CHEST',
  ViewPosition: 'AP',
  PatientAge: '003Y',
};

/** A Part 10 file of one grey, 48 × 32 pixels. */
export function greyXray(grey: number, values: WrappedValues = childsChest, name: string = randomUUID()): Uint8Array {
  return wrapImage(name, { width: 48, height: 32, grey: new Uint8Array(48 * 32).fill(grey) }, values);
}

/** A request for these images, which are stored first. */
export async function requestFor(
  objects: ObjectStore,
  images: readonly Uint8Array[],
  model: ModelReference,
  priority: InferenceRequested['priority'] = 'routine',
): Promise<InferenceRequested> {
  const studyInstanceUid = uidFromUuid(randomUUID());
  const instances = await Promise.all(images.map((image) => stored(objects, studyInstanceUid, image)));
  return {
    study: { studyInstanceUid, revision: 1, patient: {}, modalities: ['DX'] },
    model,
    role: 'primary',
    priority,
    instances,
    requestedAt: new Date().toISOString(),
    deadline: new Date(Date.now() + 600_000).toISOString(),
  };
}

async function stored(objects: ObjectStore, study: string, image: Uint8Array): Promise<Instance> {
  const read = readHeader(image);
  if (read.kind === 'invalid') throw new Error(read.reason);
  const { seriesInstanceUid, sopInstanceUid, sopClassUid, modality } = read.header;
  const objectKey = `instances/${study}/${sopInstanceUid}/${randomUUID()}.dcm`;
  const { size, sha256 } = await objects.write(objectKey, [image] as unknown as AsyncIterable<Uint8Array>);
  return {
    seriesInstanceUid,
    sopInstanceUid,
    sopClassUid,
    transferSyntaxUid: uidSchema.parse(explicitVrLittleEndian),
    modality,
    objectKey,
    size,
    sha256,
  };
}
