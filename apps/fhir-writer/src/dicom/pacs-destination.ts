import { randomUUID } from 'node:crypto';
import { uidFromUuid } from '@sightline/dicom';
import { sayCode } from '@sightline/dimse';
import type { DicomObject } from '@sightline/dicom-results';
import { failed } from '@sightline/messaging';
import type { ObjectStore } from '@sightline/object-store';
import { Destination, notNoted, type Errand, type Telling, type ToTell } from '../deliveries/destination.ts';
import { digest } from '../digest.ts';
import type { Archive } from './archive.ts';
import type { AskedCommitments } from './asked-commitments.ts';
import type { KeptObjects, ObjectState } from './kept-objects.ts';
import { NotNoted, type Kept } from './noted.ts';
import { objectsOfReport, type ObjectsOfReport } from './objects-of-report.ts';

export interface PacsDestinationParts {
  name: string;
  atOnce: number;
  attempts: number;
  archive: Archive;
  kept: KeptObjects;
  asked: AskedCommitments;
  objects: ObjectStore;
  onlyReport: boolean;
}

/** Between looks at whether an archive has answered, at the longest. */
const longestPauseMs = 30_000;

/**
 * An archive of images, which is brought the objects of a report. It knows the report once it has stored them all and, where it is
 * asked to, answers for them.
 */
export class PacsDestination extends Destination {
  readonly name: string;
  readonly atOnce: number;
  override readonly attempts: number;

  constructor(private readonly parts: PacsDestinationParts) {
    super();
    this.name = parts.name;
    this.atOnce = parts.atOnce;
    this.attempts = parts.attempts;
  }

  reach(): Promise<void> {
    return this.parts.archive.reach();
  }

  async tell(report: ToTell, errand: Errand): Promise<Telling> {
    try {
      return await this.bring(report, errand);
    } catch (error) {
      if (error instanceof NotNoted) return failed('unavailable', error.message);
      throw error;
    }
  }

  private async bring(report: ToTell, errand: Errand): Promise<Telling> {
    const { studyInstanceUid } = report.set.study;
    const { generation, edition, model } = report.set;
    const kept: Kept = {
      destination: this.name,
      report: { studyInstanceUid, model: model.name, generation },
      edition,
    };
    const made = await this.make(report, kept);
    if (made.kind === 'failed') return made;
    if (made.objects.length === 0) return { kind: 'not-needed', reason: 'there is nothing to store' };
    const standing = await this.parts.kept.about(kept, made.objects, made.reject);
    if (standing === undefined)
      return { kind: 'waiting', reason: 'the report has moved on', lookAgainMs: 0, counts: false };
    if (report.memory === undefined && !(await report.begin({}))) return failed('unavailable', notNoted);
    const toStore = made.objects.filter(({ sopInstanceUid }) => !has(standing.get(sopInstanceUid)));
    const failure = (await this.store(studyInstanceUid, toStore, errand)) ?? (await this.commit(kept, made, errand));
    if (failure !== undefined) return failure;
    const how = toStore.length === 0 ? 'already-there' : report.memory === undefined ? 'created' : 'updated';
    return { kind: 'told', told: { memory: { objects: made.objects.length }, how, patientCreated: false } };
  }

  private async make(
    { set, edition }: ToTell,
    kept: Kept,
  ): Promise<ObjectsOfReport | Extract<Telling, { kind: 'failed' }>> {
    const { onlyReport, objects } = this.parts;
    const { filed, newest } = await this.parts.kept.before(kept);
    // Of a report that says nothing any more the answer may name no image: those it spoke of before are of the same study.
    const before =
      newest === undefined || edition.answer.images.length > 0
        ? undefined
        : await this.parts.kept.answerOf(kept.report, newest);
    const answer = before ?? edition.answer;
    return objectsOfReport({ set, answer }, filed, objects, {
      digest,
      onlyReport,
      now: edition.madeAt ?? set.completedAt,
      ...(edition.withdrawnBecause && { withdrawnBecause: edition.withdrawnBecause }),
    });
  }

  /** Undefined once the archive has them all. */
  private async store(
    studyInstanceUid: string,
    objects: readonly DicomObject[],
    errand: Errand,
  ): Promise<Telling | undefined> {
    if (objects.length === 0) return undefined;
    const answer = await this.parts.archive.store(studyInstanceUid, objects, errand);
    if (answer.kind === 'failed') return answer;
    const { stored, refused } = answer;
    await this.parts.kept.answered(
      this.name,
      stored,
      refused.map(({ sopInstanceUid }) => sopInstanceUid),
    );
    const left = objects.filter(({ sopInstanceUid }) => !stored.includes(sopInstanceUid)).length;
    if (left === 0) return undefined;
    const reasons = [...new Set(refused.map(({ reason }) => reason))].join('; ');
    const forGood = refused.some(({ mayPass }) => !mayPass);
    return failed(
      forGood ? 'invalid-input' : 'unavailable',
      `the archive has not taken ${left} of ${objects.length} objects: ${reasons || 'it said nothing of them'}`,
    );
  }

  /** Undefined once the archive answers for them all. */
  private async commit(kept: Kept, { objects }: ObjectsOfReport, errand: Errand): Promise<Telling | undefined> {
    const { archive, asked: notes } = this.parts;
    const { commitment } = archive;
    if (commitment === undefined) return undefined;
    const open = await this.uncommitted(objects);
    if (open.length === 0) return undefined;
    const last = await notes.lastAsked(kept);
    const lookAgainMs = Math.min(longestPauseMs, commitment.answerMs);
    if (last !== undefined && last.answer === undefined && last.ago < commitment.answerMs)
      return { kind: 'waiting', reason: 'asked for storage commitment, not answered yet', lookAgainMs, counts: false };
    const transactionUid = uidFromUuid(randomUUID());
    await notes.asks(kept, transactionUid);
    const asked = await commitment.ask(transactionUid, open, errand);
    if (asked.kind === 'failed') return asked;
    if (asked.kind === 'refused') {
      const advice = 'where it has no storage commitment, set storageCommitment to false';
      return failed('invalid-input', `${asked.reason}; ${advice}`);
    }
    await notes.asked(transactionUid);
    if (asked.result !== undefined) await notes.committed([this.name], asked.result);
    const left = await this.uncommitted(objects);
    if (left.length === 0) return undefined;
    const reasons = asked.result?.failed.map(({ reason }) => reason) ?? last?.answer ?? [];
    return { kind: 'waiting', reason: notCommitted(left.length, reasons), lookAgainMs, counts: true };
  }

  private async uncommitted(objects: readonly DicomObject[]): Promise<DicomObject[]> {
    const standing = await this.parts.kept.standing(this.name, objects);
    return objects.filter(({ sopInstanceUid }) => standing.get(sopInstanceUid) !== 'committed');
  }
}

function has(state: ObjectState | undefined): boolean {
  return state === 'stored' || state === 'committed';
}

function notCommitted(count: number, reasons: readonly number[]): string {
  const said = [...new Set(reasons)].map(sayCode).join(', ');
  return `${count} objects are stored and not committed yet${said === '' ? '' : `: failure reason ${said}`}`;
}
