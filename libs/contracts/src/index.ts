export { parseManifest } from './parse-manifest.ts';
export { auditRecordedSchema, type AuditRecorded } from './audit-recorded.ts';
export { evidenceNeeded } from './evidence-needed.ts';
export { failureSchema, type Failure } from './failure.ts';
export {
  artefactSchema,
  inferenceCompletedSchema,
  mostOpaqueEvidence,
  type Artefact,
  type InferenceCompleted,
  type InferenceOutcome,
  type SkipReason,
} from './inference-completed.ts';
export {
  inferenceRequestedSchema,
  type InferenceRequested,
  type Priority,
  type RequestRole,
} from './inference-requested.ts';
export { type InstancesRejected } from './instances-rejected.ts';
export {
  modelManifestSchema,
  modelNameSchema,
  modelVersionSchema,
  releaseSchema,
  type ModelManifest,
  type ModelOutput,
  type ModelReference,
  type ModelRole,
  type Release,
} from './model-manifest.ts';
export { type ModelRoleChanged } from './model-role-changed.ts';
export { reportFiledSchema, type ReportFiled } from './report-filed.ts';
export { reviewRecordedSchema, type ReviewRecorded } from './review-recorded.ts';
export {
  instanceSchema,
  patientSchema,
  studyContextSchema,
  type Instance,
  type Patient,
  type StudyContext,
} from './study.ts';
export { studyReceivedSchema, type StudyReceived } from './study-received.ts';
export {
  isTopicName,
  topicDefinition,
  topics,
  type App,
  type MessageOf,
  type RetryPolicy,
  type Topic,
  type TopicName,
} from './topics.ts';
export {
  requestTopicOf,
  requestTopics,
  workerAppOf,
  workerApps,
  workerSchema,
  type RequestTopic,
  type Worker,
  type WorkerApp,
} from './worker.ts';
