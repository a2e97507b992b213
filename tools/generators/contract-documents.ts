import { topicDefinition, topics, type App, type TopicName } from '@sightline/contracts';
import { z } from 'zod';

type Json = Record<string, unknown>;

const topicNames = Object.keys(topics) as TopicName[];

/** The JSON Schema (draft 2020-12) of a topic's body. */
function bodySchema(name: TopicName): Json {
  const { schema, title } = topicDefinition(name);
  return { title, ...z.toJSONSchema(schema, { target: 'draft-2020-12', unrepresentable: 'any', io: 'input' }) };
}

/** CloudEvents 1.0 in Kafka binary mode (kafka-protocol-binding 3.2): attributes are headers. */
function headerSchema(name: TopicName): Json {
  const text = { type: 'string', minLength: 1 };
  return {
    type: 'object',
    properties: {
      ce_specversion: { const: '1.0' },
      ce_type: { const: `dev.sightline.${name}` },
      ce_id: { ...text, description: 'Derived from the body: saying it again is the same event' },
      ce_source: { ...text, description: 'The app that says it' },
      ce_subject: { ...text, description: 'The key of the record' },
      ce_time: { type: 'string', format: 'date-time' },
      'content-type': { const: 'application/json' },
      traceparent: { ...text, description: 'W3C Trace Context' },
    },
    required: ['ce_specversion', 'ce_type', 'ce_id', 'ce_source'],
  };
}

function channel(name: TopicName): Json {
  const { partitions, retention, title } = topicDefinition(name);
  const configuration =
    retention.kind === 'compact'
      ? { 'cleanup.policy': ['compact'] }
      : { 'cleanup.policy': ['delete'], 'retention.ms': retention.days * 86_400_000 };
  return {
    address: name,
    title,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    bindings: { kafka: { topic: name, partitions, topicConfiguration: configuration, bindingVersion: '0.5.0' } },
  };
}

function message(name: TopicName): Json {
  return {
    name,
    title: topicDefinition(name).title,
    contentType: 'application/json',
    headers: headerSchema(name),
    payload: {
      schemaFormat: 'application/schema+json;version=draft-2020-12',
      schema: { $ref: `./schemas/${name}.json` },
    },
    bindings: { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } },
  };
}

function operation(action: 'send' | 'receive', app: App, name: TopicName): [string, Json] {
  const reference = `#/channels/${name.replaceAll('/', '~1')}`;
  return [
    `${app} ${action}s ${name}`.replaceAll(' ', '-'),
    {
      action,
      channel: { $ref: reference },
      messages: [{ $ref: `${reference}/messages/${name}` }],
      tags: [{ name: app }],
    },
  ];
}

/** The AsyncAPI 3.0 document of the whole mesh: who says what to whom, on which topic. */
function asyncApi(): Json {
  const operations = topicNames.flatMap((name) => {
    const { producers, consumers } = topicDefinition(name);
    return [
      ...producers.map((app) => operation('send', app, name)),
      ...consumers.map((app) => operation('receive', app, name)),
    ];
  });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sightline',
      version: '1.0.0',
      description: 'Every message that crosses the broker. Generated from libs/contracts/src/topics.ts.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topicNames.map((name) => [name, channel(name)])),
    operations: Object.fromEntries(operations),
    components: { messages: Object.fromEntries(topicNames.map((name) => [name, message(name)])) },
  };
}

/** Path below docs/contracts → text of the document. */
export function contractDocuments(): Map<string, string> {
  const text = (document: Json): string => `${JSON.stringify(document, null, 2)}\n`;
  return new Map([
    ['asyncapi.json', text(asyncApi())],
    ...topicNames.map((name): [string, string] => [`schemas/${name}.json`, text(bodySchema(name))]),
  ]);
}
