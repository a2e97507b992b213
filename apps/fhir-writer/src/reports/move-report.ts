import { codes, mayBecome } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { audit } from '../audit.ts';
import { addEdition, lockReports, newestReport, readReport, type ReportKey } from './report-store.ts';

/** A report stands under a record that it is not of: it is withdrawn wherever it was told, and told anew to whom it belongs. */
export class MoveReport {
  constructor(
    private readonly outbox: Outbox<Tx>,
    private readonly destinations: readonly string[],
  ) {}

  /** `why` names no patient. False where there was nothing to move any more. */
  async move(tx: Tx, key: ReportKey, why: string): Promise<boolean> {
    await lockReports(tx, key.studyInstanceUid, key.model);
    const current = await readReport(tx, key);
    const newest = await newestReport(tx, key.studyInstanceUid, key.model);
    if (current === undefined || newest === undefined || !mayBecome(current.state, 'withdrawn')) return false;
    const edition = current.edition + 1;
    await addEdition(
      tx,
      { ...current, edition, state: 'withdrawn', reason: why, withdrawnBecause: 'wrong-worklist-entry' },
      this.destinations,
    );
    if (newest.generation === current.generation) {
      const state = current.state === 'refused' ? 'refused' : 'unreviewed';
      const generation = current.generation + 1;
      // Whoever answered for it answered for another's findings: it is for a person to answer again.
      await addEdition(
        tx,
        { ...current, generation, edition: 1, state, review: { verdicts: [] }, reason: why },
        this.destinations,
      );
    }
    await audit(this.outbox, tx, {
      type: codes.local.reportMoved,
      what: [key.studyInstanceUid, key.model, key.generation, edition],
      subject: key.studyInstanceUid,
      action: 'U',
      text: why,
      entities: [
        { kind: 'study', id: key.studyInstanceUid },
        {
          kind: 'report',
          id: `${key.studyInstanceUid}/${key.model}/${key.generation}`,
          detail: `withdrawn, was ${current.state}`,
        },
      ],
    });
    return true;
  }
}
