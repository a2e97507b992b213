import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from '@medplum/fhirtypes';
import type { AuditRecorded, ReviewRecorded } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import type { TrailRecord } from './append-to-trail.ts';

/**
 * One row of the trail as FHIR R4 AuditEvent; its id is the row's place in the chain. DICOM transfers, logins, inference, reviews
 * and failures are base AuditEvents (BALP's profiles fix type `rest` and outcome 0).
 */
export function auditEvent(sequence: string, record: TrailRecord): AuditEvent {
  switch (record.topic) {
    case 'audit.recorded.v1':
      return ofAudit(sequence, record.event);
    case 'review.recorded.v1':
      return ofReview(sequence, record.event);
  }
}

function ofAudit(id: string, event: AuditRecorded): AuditEvent {
  return {
    resourceType: 'AuditEvent',
    id,
    type: event.type,
    ...(event.subtype === undefined ? {} : { subtype: [event.subtype] }),
    action: event.action,
    recorded: event.recordedAt,
    outcome: event.outcome,
    ...(event.outcomeText === undefined ? {} : { outcomeDesc: event.outcomeText }),
    agent: [agent(event.agent)],
    source: source(event.app),
    ...(event.entities.length === 0 ? {} : { entity: event.entities.map(entity) }),
  };
}

function ofReview(id: string, event: ReviewRecorded): AuditEvent {
  const verdicts = event.verdicts.map(({ verdict, trackingUid }) => ({ type: verdict, valueString: trackingUid }));
  const { name, version } = event.model;
  return {
    resourceType: 'AuditEvent',
    id,
    type: concept(codes.local.reviewRecorded),
    action: 'U',
    recorded: event.recordedAt,
    outcome: '0',
    agent: [agent({ kind: 'person', name: event.reviewer.subject, role: event.reviewer.role })],
    source: source('reading-room'),
    entity: [
      entity({ kind: 'study', id: event.studyInstanceUid }),
      entity({ kind: 'model', id: `${name}@${version}` }),
      {
        ...entity({ kind: 'report', id: event.report.url, detail: `version ${event.report.versionId}` }),
        detail: verdicts,
      },
    ],
  };
}

function source(app: string): AuditEvent['source'] {
  return {
    observer: { display: app },
    type: [
      {
        system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
        code: '4',
        display: 'Application Server',
      },
    ],
  };
}

function agent({ kind, name, role, address }: AuditRecorded['agent']): AuditEventAgent {
  return {
    ...(kind === 'app' ? { type: { coding: [concept(codes.dicom.application)] } } : {}),
    ...(role === undefined ? {} : { role: [{ text: role }] }),
    who: { display: name },
    altId: name,
    requestor: true,
    ...(address === undefined ? {} : { network: { address } }),
  };
}

type Entity = AuditRecorded['entities'][number];

function entity({ kind, id, detail }: Entity): AuditEventEntity {
  const isDicom = kind === 'study' || kind === 'instance';
  return {
    what: { identifier: isDicom ? { system: 'urn:dicom:uid', value: `urn:oid:${id}` } : { value: id } },
    type: entityTypes[kind],
    name: kind,
    ...(detail === undefined ? {} : { description: detail }),
  };
}

const resourceType = (code: string): Coding => ({ system: 'http://hl7.org/fhir/resource-types', code, display: code });
const systemObject: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  code: '2',
  display: 'System Object',
};

const entityTypes: Record<Entity['kind'], Coding> = {
  study: resourceType('ImagingStudy'),
  instance: systemObject,
  request: systemObject,
  model: resourceType('Device'),
  report: resourceType('DiagnosticReport'),
  object: systemObject,
  message: systemObject,
};
