import {
  requestTopicOf,
  type InferenceRequested,
  type Instance,
  type ModelManifest,
  type StudyContext,
  type StudyReceived,
} from '@sightline/contracts';
import type { Uid } from '@sightline/dicom';
import type { Outbox } from '@sightline/messaging';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { counter, histogram, type Logger } from '@sightline/platform';
import type { Audit } from './audit.ts';
import { InstanceEntity } from './instance.entity.ts';
import { RequestEntity } from './request.entity.ts';
import { RevisionEntity } from './revision.entity.ts';
import { heardRoles } from './role-projection.ts';
import { routeStudy, type Route } from './route-study.ts';
import { standingRoles } from './standing-roles.ts';
import { StudyEntity } from './study.entity.ts';
import { statesBefore } from './study-state.ts';

const completed = counter('sightline_ingest_revisions_total', 'Completed revisions by where they went', ['route']);
const assembly = histogram('sightline_ingest_assembly_seconds', 'First instance of a revision to its completion');

export interface CompletionOptions {
  quietPeriodMs: number;
  requestDeadlineMs: number;
  models: () => readonly ModelManifest[];
}

/** A revision as it is closed: the rows seen under the study row's lock, and nothing else. */
interface Closing {
  revision: RevisionEntity;
  context: StudyContext;
  instances: Instance[];
  shown: Instance[];
  leftOut: StudyReceived['leftOut'];
  /** The database's clock. */
  now: Date;
}

/** Closes revisions whose quiet period is over, and says so. Any number of replicas may run it. */
export class CompleteStudy {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<Tx>,
    private readonly audit: Audit,
    private readonly log: Logger,
    private readonly options: CompletionOptions,
  ) {}

  /** Completes what is due now, oldest first; resolves to how many revisions that were. */
  async completeDue(limit = 50): Promise<number> {
    const due = await this.dataSource.query<{ study_instance_uid: Uid }[]>(
      `select study_instance_uid from revision where state = 'receiving' and completes_at <= now()
       order by completes_at limit $1`,
      [limit],
    );
    let count = 0;
    for (const { study_instance_uid: uid } of due) {
      if (await inTransaction(this.dataSource, (tx) => this.complete(tx, uid))) count++;
    }
    return count;
  }

  /** False where another replica is at it, or a late instance made the quiet period begin again. */
  private async complete(tx: Tx, studyInstanceUid: Uid): Promise<boolean> {
    const [study] = await tx.find(StudyEntity, {
      where: { studyInstanceUid },
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
    if (study === undefined) return false;
    const moved = await tx.query<[unknown[], number]>(
      `update revision set state = 'complete', completed_at = now()
       where study_instance_uid = $1 and state = any($2) and completes_at <= now()`,
      [studyInstanceUid, statesBefore('complete')],
    );
    if (moved[1] === 0) return false;
    const closing = await this.gather(tx, study);
    await tx.query(
      `update revision set state = 'superseded' where study_instance_uid = $1 and revision < $2 and state = any($3)`,
      [studyInstanceUid, closing.revision.revision, statesBefore('superseded')],
    );
    await this.announce(tx, closing);
    await this.askModels(tx, study, closing);
    return true;
  }

  private async gather(tx: Tx, study: StudyEntity): Promise<Closing> {
    const { studyInstanceUid } = study;
    const revision = await tx.findOneOrFail(RevisionEntity, {
      where: { studyInstanceUid },
      order: { revision: 'DESC' },
    });
    const rows = await tx.find(InstanceEntity, {
      where: { studyInstanceUid },
      order: { receivedAt: 'ASC', sopInstanceUid: 'ASC' },
    });
    const shown = rows.filter(({ leftOut }) => leftOut === null).map(toInstance);
    const instances = rows.map(toInstance);
    const modalities = [...new Set((shown.length > 0 ? shown : instances).map(({ modality }) => modality))].sort();
    const context = {
      ...study.facts,
      studyInstanceUid: studyInstanceUid as Uid,
      revision: revision.revision,
      modalities,
    };
    const leftOut = rows.flatMap(({ sopInstanceUid, leftOut: reason }) =>
      reason === null ? [] : [{ sopInstanceUid: sopInstanceUid as Uid, reason }],
    );
    return { revision, context, instances, shown, leftOut, now: revision.completedAt ?? new Date() };
  }

  private async announce(tx: Tx, { revision, context, instances, leftOut, now }: Closing): Promise<void> {
    assembly.observe((now.getTime() - revision.firstReceivedAt.getTime()) / 1_000);
    await this.outbox.add(tx, 'study.received.v1', {
      study: context,
      instances,
      leftOut,
      completeness: {
        rule: 'quiet-period',
        quietPeriodMs: this.options.quietPeriodMs,
        firstReceivedAt: revision.firstReceivedAt.toISOString(),
        lastReceivedAt: revision.lastReceivedAt.toISOString(),
        completedAt: now.toISOString(),
      },
    });
    const { studyInstanceUid } = context;
    await this.audit.studyCompleted(tx, studyInstanceUid, revision.revision, instances.length);
    this.log.info('study-complete', { studyInstanceUid, revision: revision.revision, instances: instances.length });
  }

  /** Shadows run beside a primary, or without one; but a study that no primary reads is said to be read by none. */
  private async askModels(tx: Tx, study: StudyEntity, closing: Closing): Promise<void> {
    const models = this.options.models();
    const routes = routeStudy(closing.shown, models, standingRoles(models, await heardRoles(tx)));
    if (!routes.some(({ role }) => role === 'primary')) await this.skip(tx, closing);
    for (const route of routes) {
      const asked = await this.wasAsked(tx, study.studyInstanceUid, route);
      completed.inc({ route: asked ? 'unchanged' : route.model.worker });
      if (!asked) await this.ask(tx, study, closing, route);
    }
  }

  /** A version is asked again only if the instances it selects changed, or if it was a shadow then and is primary now. */
  private async wasAsked(tx: Tx, studyInstanceUid: string, { model, role, selectionSha256 }: Route): Promise<boolean> {
    const [latest] = await tx.find(RequestEntity, {
      where: { studyInstanceUid, modelName: model.name, modelVersion: model.version },
      order: { revision: 'DESC' },
      take: 1,
    });
    if (latest?.selectionSha256 !== selectionSha256) return false;
    return latest.role === 'primary' || role === 'shadow';
  }

  private async ask(tx: Tx, study: StudyEntity, { context, now }: Closing, route: Route): Promise<void> {
    const { name, version, worker } = route.model;
    const deadline = new Date(now.getTime() + this.options.requestDeadlineMs);
    const body: InferenceRequested = {
      study: context,
      model: { name, version },
      role: route.role,
      priority: study.priority,
      instances: route.instances,
      requestedAt: now.toISOString(),
      deadline: deadline.toISOString(),
    };
    await tx.query(
      `insert into request (study_instance_uid, revision, model_name, model_version, role, worker, selection_sha256, due_at,
         emissions, body)
       values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)`,
      [
        context.studyInstanceUid,
        context.revision,
        name,
        version,
        route.role,
        worker,
        route.selectionSha256,
        deadline,
        JSON.stringify(body),
      ],
    );
    await this.outbox.add(tx, requestTopicOf(worker), body);
    await this.audit.inferenceRequested(tx, context.studyInstanceUid, context.revision, `${name}@${version}`);
  }

  /** A study no model may read is said to be so: shown, never filed. */
  private async skip(tx: Tx, { context, shown, now }: Closing): Promise<void> {
    const reason = shown.length === 0 ? 'no-image' : 'no-model';
    completed.inc({ route: reason });
    const detail =
      reason === 'no-image'
        ? 'the study holds no image that a model may be shown'
        : `no model reads ${context.modalities.join(', ')}`;
    await this.outbox.add(tx, 'inference.completed.v1', {
      study: context,
      role: 'primary',
      outcome: { kind: 'skipped', reason, detail },
      images: [],
      timings: { completedAt: now.toISOString() },
    });
    await this.audit.inferenceSkipped(tx, context.studyInstanceUid, context.revision, reason);
  }
}

function toInstance(row: InstanceEntity): Instance {
  return {
    seriesInstanceUid: row.seriesInstanceUid as Uid,
    sopInstanceUid: row.sopInstanceUid as Uid,
    sopClassUid: row.sopClassUid as Uid,
    transferSyntaxUid: row.transferSyntaxUid as Uid,
    modality: row.modality,
    ...(row.instanceNumber !== null && { instanceNumber: Number(row.instanceNumber) }),
    objectKey: row.objectKey,
    size: Number(row.size),
    sha256: row.sha256,
  };
}
