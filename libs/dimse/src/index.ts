export type { CommitmentAnswer, Store, StoreAnswer, StoreRequest, TakeCommitmentResult } from './association.ts';
export type { CommitmentRequest, CommitmentResult } from './commitment.ts';
export { echo } from './echo.ts';
export { requestCommitment, type Requested } from './request-commitment.ts';
export type { DicomPeer, Unavailable } from './requestor.ts';
export { Scp, type AssociationWatch, type ScpOptions } from './scp.ts';
export { sayCode, type StatusName } from './status.ts';
export { storeInstances, type OutgoingInstance, type Stored, type StoredInstance } from './store-instances.ts';
