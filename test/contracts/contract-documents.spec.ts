import { describe, expect, it, jest } from '@jest/globals';
import { topics, type TopicName } from '@sightline/contracts';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { contractDocuments } from '../../tools/generators/contract-documents.ts';

const docs = join(import.meta.dirname, '../../docs/contracts');
const golden = join(import.meta.dirname, 'golden');
const topicNames = Object.keys(topics) as TopicName[];

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Each recorded body under the committed JSON Schema, as a reader in another language would see it. */
function verdicts(topic: TopicName, spoil: (body: Record<string, unknown>) => Record<string, unknown>): boolean[] {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  const validate = ajv.compile(json(join(docs, 'schemas', `${topic}.json`)) as object);
  const recorded = json(join(golden, `${topic}.json`)) as { value: string }[];
  return recorded.map(({ value }) => validate(spoil(JSON.parse(value) as Record<string, unknown>)));
}

// Other steps may be using the processors.
jest.setTimeout(60_000);

describe('contract documents', () => {
  it('are what the catalog says', () => {
    for (const [name, text] of contractDocuments()) expect(readFileSync(join(docs, name), 'utf8')).toBe(text);
  });

  it('the AsyncAPI document is valid AsyncAPI 3.0', () => {
    const specs = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile(json(specs) as object);
    validate(json(join(docs, 'asyncapi.json')));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('every reference of the AsyncAPI document leads somewhere', () => {
    const document = json(join(docs, 'asyncapi.json'));
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    for (const [, reference = ''] of references) {
      const [file = '', pointer = ''] = reference.split('#');
      const start = file === '' ? document : json(join(docs, file));
      const target = pointer
        .split('/')
        .slice(1)
        .reduce<unknown>(
          (node, step) => (node as Record<string, unknown> | undefined)?.[step.replaceAll('~1', '/')],
          start,
        );
      expect({ reference, found: target !== undefined }).toEqual({ reference, found: true });
    }
  });

  it.each(topicNames)('the JSON Schema of %s accepts what was recorded', (topic) => {
    expect(verdicts(topic, (body) => body)).not.toContain(false);
  });

  it.each(topicNames)('the JSON Schema of %s refuses an empty body and an unknown field', (topic) => {
    expect(verdicts(topic, () => ({}))).not.toContain(true);
    expect(verdicts(topic, (body) => ({ ...body, unknownField: 1 }))).not.toContain(true);
  });
});
