import {
  type App,
  type Failure,
  type MessageOf,
  type TopicName,
  isTopicName,
  topicDefinition,
} from '@sightline/contracts';
import { continueTrace } from '@sightline/platform';

/** A record as it lies on a topic; kept whole when it cannot be handled, so that nothing of it is lost. */
export interface RawRecord {
  topic: string;
  partition: number;
  offset: string;
  key: Buffer | undefined;
  value: Buffer | undefined;
  headers: Readonly<Record<string, string>>;
}

/** An event about to be published: CloudEvents 1.0 in Kafka's binary mode. */
export interface OutgoingEvent {
  topic: TopicName;
  id: string;
  key: string;
  headers: Readonly<Record<string, string>>;
  value: string;
}

/** A record understood: its body is valid for its topic. */
export interface IncomingEvent<T extends TopicName = TopicName> {
  topic: T;
  id: string;
  key: string;
  traceparent: string;
  body: MessageOf<T>;
}

/** The event that says `body`; throws where the body breaks its own schema, which is a defect of the sender. */
export function toEvent<T extends TopicName>(
  app: App,
  topic: T,
  body: MessageOf<T>,
  traceparent?: string,
): OutgoingEvent {
  const definition = topicDefinition(topic);
  const valid = definition.schema.parse(body);
  const id = definition.id(valid);
  const key = definition.key(valid);
  return {
    topic,
    id,
    key,
    value: JSON.stringify(valid),
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: `/sightline/${app}`,
      ce_type: `dev.sightline.${topic}`,
      ce_subject: key,
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      traceparent: continueTrace(traceparent),
    },
  };
}

/**
 * What a record says, or why it cannot be understood. The reason names fields, never values.
 * Its id is the CloudEvents id, which every sender of ours derives from the body.
 */
export function fromRecord(
  record: RawRecord,
): { kind: 'event'; event: IncomingEvent } | { kind: 'failed'; failure: Failure } {
  const { topic, headers } = record;
  if (!isTopicName(topic)) return invalid(`topic ${topic} is not in the catalog`);
  if (headers['ce_specversion'] !== '1.0') return invalid('ce_specversion must be 1.0');
  const id = headers['ce_id'];
  if (id === undefined || id === '') return invalid('ce_id is missing');
  const json = parseJson(record.value);
  if (json === undefined) return invalid('the body is not JSON');
  const definition = topicDefinition(topic);
  const parsed = definition.schema.safeParse(json);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.code}`);
    return invalid(`the body breaks the schema of ${topic}: ${fields.slice(0, 8).join(', ')}`);
  }
  return {
    kind: 'event',
    event: {
      topic,
      id,
      key: definition.key(parsed.data),
      traceparent: continueTrace(headers['traceparent']),
      body: parsed.data as MessageOf<TopicName>,
    },
  };
}

function parseJson(value: Buffer | undefined): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}

function invalid(message: string): { kind: 'failed'; failure: Failure } {
  return { kind: 'failed', failure: { kind: 'invalid-input', message } };
}
