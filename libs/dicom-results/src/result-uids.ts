import { uidFromUuid, type Uid } from '@sightline/dicom';
import { stableUuid, type Digest, type ResultSet } from '@sightline/findings';

/** Names a UID by what it is for: the same words of the same result give the same UID. */
export type UidOf = (...words: readonly (string | number)[]) => Uid;

/** UIDs of one report: of its study, model version and generation. */
export function uidsOfReport({ study, model, generation }: ResultSet, digest: Digest): UidOf {
  const report = [study.studyInstanceUid, model.name, model.version, generation];
  return (...words) => uidFromUuid(stableUuid(digest, JSON.stringify([...report, ...words])));
}

/** UID of the algorithm as a device (DCM 121012): one per model version, whatever it reads. */
export function deviceUid({ model }: ResultSet, digest: Digest): Uid {
  return uidFromUuid(stableUuid(digest, JSON.stringify(['device', model.name, model.version, model.sha256])));
}
