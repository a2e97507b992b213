import { z } from 'zod';
import { auditRecordedSchema } from './audit-recorded.ts';
import { inferenceCompletedSchema } from './inference-completed.ts';
import { inferenceRequestedSchema } from './inference-requested.ts';
import { instancesRejectedSchema } from './instances-rejected.ts';
import { modelRoleChangedSchema } from './model-role-changed.ts';
import { reportFiledSchema } from './report-filed.ts';
import { reviewRecordedSchema } from './review-recorded.ts';
import { studyReceivedSchema } from './study-received.ts';
import { workerAppOf, workerApps, type Worker, type WorkerApp } from './worker.ts';

/** An app of the mesh, as producer or consumer of a topic; also its consumer group. */
export type App = 'dicom-ingest' | WorkerApp | 'fhir-writer' | 'audit-monitor' | 'reading-room';

/** How often a delivery that failed as `unavailable` is tried again, and how the waits grow (full jitter up to `capMs`). */
export interface RetryPolicy {
  attempts: number;
  baseMs: number;
  capMs: number;
}

export interface Topic<S extends z.ZodType> {
  schema: S;
  title: string;
  /** Partition key. */
  key: (body: z.infer<S>) => string;
  /** CloudEvents id, derived, so that saying it again is the same event. */
  id: (body: z.infer<S>) => string;
  partitions: number;
  retention: { kind: 'delete'; days: number } | { kind: 'compact' };
  retry: RetryPolicy;
  producers: readonly App[];
  consumers: readonly App[];
}

const everyApp: readonly App[] = ['dicom-ingest', ...workerApps, 'fhir-writer', 'audit-monitor', 'reading-room'];

/** About a day of trying: an outage of a night loses nothing and needs nobody. */
const patient: RetryPolicy = { attempts: 300, baseMs: 1_000, capMs: 300_000 };

const partitions = 12;

function topic<S extends z.ZodType>(definition: Topic<S>): Topic<S> {
  return definition;
}

function requestTopic(worker: Worker, reads: string): Topic<typeof inferenceRequestedSchema> {
  return topic({
    schema: inferenceRequestedSchema,
    title: `Run a model on these ${reads}`,
    key: ({ study }) => study.studyInstanceUid,
    id: ({ study, model }) =>
      `inference.requested/${study.studyInstanceUid}/${study.revision}/${model.name}@${model.version}`,
    partitions,
    retention: { kind: 'delete', days: 14 },
    retry: patient,
    producers: ['dicom-ingest'],
    consumers: [workerAppOf(worker), 'reading-room'],
  });
}

/** THE catalog: every message that crosses the broker. Topics are created from it; types, schemas and documents follow from it. */
export const topics = {
  'study.received.v1': topic({
    schema: studyReceivedSchema,
    title: 'A revision of a study is complete',
    key: ({ study }) => study.studyInstanceUid,
    id: ({ study }) => `study.received/${study.studyInstanceUid}/${study.revision}`,
    partitions,
    retention: { kind: 'delete', days: 14 },
    retry: patient,
    producers: ['dicom-ingest'],
    consumers: ['reading-room'],
  }),
  'instances.rejected.v1': topic({
    schema: instancesRejectedSchema,
    title: 'Instances of a study shall not be used any more',
    key: ({ studyInstanceUid }) => studyInstanceUid,
    id: ({ studyInstanceUid, noteSopInstanceUid }) => `instances.rejected/${studyInstanceUid}/${noteSopInstanceUid}`,
    partitions,
    retention: { kind: 'delete', days: 90 },
    retry: patient,
    producers: ['dicom-ingest'],
    consumers: ['fhir-writer'],
  }),
  'inference.requested.xray.v1': requestTopic('xray', 'chest X-ray instances'),
  'inference.requested.ct.v1': requestTopic('ct', 'CT instances'),
  'inference.requested.ophthalmic.v1': requestTopic('ophthalmic', 'ophthalmic instances'),
  'inference.completed.v1': topic({
    schema: inferenceCompletedSchema,
    title: 'What came of a request: findings, skipped, or failed',
    key: ({ study }) => study.studyInstanceUid,
    id: ({ study, model, outcome }) =>
      [
        'inference.completed',
        study.studyInstanceUid,
        study.revision,
        model === undefined ? 'none' : `${model.name}@${model.version}`,
        outcome.kind === 'failed' ? 'failed' : 'answered',
      ].join('/'),
    partitions,
    retention: { kind: 'delete', days: 14 },
    retry: patient,
    producers: [...workerApps, 'dicom-ingest'],
    consumers: ['fhir-writer', 'reading-room', 'dicom-ingest', 'audit-monitor'],
  }),
  'report.filed.v1': topic({
    schema: reportFiledSchema,
    title: 'Resources written to the EHR',
    key: ({ studyInstanceUid }) => studyInstanceUid,
    id: ({ studyInstanceUid, revision, model, state, destination, generation, edition, closed = false }) =>
      [
        `report.filed/${studyInstanceUid}/${revision}/${model.name}@${model.version}/${state}`,
        ...(destination === undefined ? [] : [destination, generation, edition]),
        ...(closed ? ['closed'] : []),
      ].join('/'),
    partitions,
    retention: { kind: 'delete', days: 14 },
    retry: patient,
    producers: ['fhir-writer'],
    consumers: ['reading-room'],
  }),
  'review.recorded.v1': topic({
    schema: reviewRecordedSchema,
    title: 'A clinician answered the findings of a report',
    key: ({ studyInstanceUid }) => studyInstanceUid,
    id: ({ studyInstanceUid, revision, model, reviewer, recordedAt, destination }) =>
      [
        `review.recorded/${studyInstanceUid}/${revision}/${model.name}@${model.version}/${reviewer.subject}/${recordedAt}`,
        ...(destination === undefined ? [] : [destination]),
      ].join('/'),
    partitions,
    retention: { kind: 'delete', days: 90 },
    retry: patient,
    producers: ['reading-room', 'fhir-writer'],
    consumers: ['fhir-writer', 'audit-monitor'],
  }),
  'model.role-changed.v1': topic({
    schema: modelRoleChangedSchema,
    title: 'Which version of a model plays which part',
    key: ({ model }) => `${model.name}@${model.version}`,
    id: ({ model, role, decidedAt }) => `model.role-changed/${model.name}@${model.version}/${role}/${decidedAt}`,
    partitions,
    retention: { kind: 'compact' },
    retry: patient,
    producers: ['audit-monitor'],
    consumers: ['dicom-ingest'],
  }),
  'audit.recorded.v1': topic({
    schema: auditRecordedSchema,
    title: 'An auditable event, from any app',
    key: ({ subject }) => subject,
    id: ({ id }) => id,
    partitions,
    retention: { kind: 'delete', days: 90 },
    retry: patient,
    producers: everyApp,
    consumers: ['audit-monitor'],
  }),
} as const;

export type TopicName = keyof typeof topics;
export type MessageOf<T extends TopicName> = z.infer<(typeof topics)[T]['schema']>;

/** True where a name read from outside is a topic of the catalog. */
export function isTopicName(name: string): name is TopicName {
  return Object.hasOwn(topics, name);
}

/** The catalog entry with its schema's type forgotten, for code that treats all topics alike. */
export function topicDefinition(name: TopicName): Topic<z.ZodType> {
  return topics[name];
}
