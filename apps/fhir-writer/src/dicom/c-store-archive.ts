import type { DicomObject } from '@sightline/dicom-results';
import {
  echo,
  requestCommitment,
  sayCode,
  storeInstances,
  type CommitmentRequest,
  type DicomPeer,
  type StoredInstance,
} from '@sightline/dimse';
import { failed } from '@sightline/messaging';
import type { Errand } from '../deliveries/destination.ts';
import type { Archive, Asked, RefusedInstance, Stored } from './archive.ts';

/** How long readiness waits for an answer. */
const reachMs = 2_000;

/** SOP Instance is there already (PS3.7 C.5.7): ours are never two of one UID. */
const duplicate = 0x0111;

export interface CommitmentTimes {
  /** An answer that has not come by then is asked for anew. */
  answerMs: number;
  /** How long the association is held open for it; it may come later on one of the archive's own. */
  awaitMs: number;
}

/** An archive that takes objects by C-STORE, and answers for them by the Storage Commitment Push Model. */
export class CStoreArchive implements Archive {
  readonly commitment?: NonNullable<Archive['commitment']>;

  constructor(
    private readonly peer: DicomPeer,
    commitment?: CommitmentTimes,
  ) {
    if (commitment === undefined) return;
    const { answerMs, awaitMs } = commitment;
    this.commitment = { answerMs, ask: (uid, objects, errand) => this.ask(request(uid, objects), awaitMs, errand) };
  }

  async reach(): Promise<void> {
    const answer = await echo(this.peer, AbortSignal.timeout(reachMs));
    if (answer !== 'ok') throw new Error(answer.reason);
  }

  async store(_study: string, objects: readonly DicomObject[], { signal }: Errand): Promise<Stored> {
    const instances = objects.map(({ sopClassUid, sopInstanceUid, bytes }) => ({
      sopClassUid,
      sopInstanceUid,
      part10: bytes,
    }));
    const answer = await storeInstances(this.peer, instances, signal);
    if (answer.kind === 'unavailable') return failed('unavailable', answer.reason);
    const refused = answer.instances.flatMap(refusalOf);
    const stored = answer.instances
      .map(({ sopInstanceUid }) => sopInstanceUid)
      .filter((uid) => !refused.some(({ sopInstanceUid }) => sopInstanceUid === uid));
    return { kind: 'answered', stored, refused };
  }

  private async ask(asked: CommitmentRequest, awaitMs: number, { signal }: Errand): Promise<Asked> {
    const answer = await requestCommitment(this.peer, asked, { awaitMs, signal });
    switch (answer.kind) {
      case 'requested':
        return { kind: 'asked', ...(answer.result === undefined ? {} : { result: answer.result }) };
      case 'refused': {
        const reason = `storage commitment is refused with status ${sayCode(answer.status)}`;
        return answer.mayPass ? failed('unavailable', reason) : { kind: 'refused', reason };
      }
      case 'unavailable':
        return failed('unavailable', answer.reason);
    }
  }
}

function request(transactionUid: string, objects: readonly DicomObject[]): CommitmentRequest {
  const instances = objects.map(({ sopClassUid, sopInstanceUid }) => ({ sopClassUid, sopInstanceUid }));
  return { transactionUid, instances };
}

function refusalOf(instance: StoredInstance): RefusedInstance[] {
  if (instance.kind === 'stored' || instance.status === duplicate) return [];
  const { sopInstanceUid, mayPass, comment } = instance;
  return [{ sopInstanceUid, reason: comment, mayPass }];
}
