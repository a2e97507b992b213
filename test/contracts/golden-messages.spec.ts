import { describe, expect, it } from '@jest/globals';
import { topicDefinition, topics, type TopicName } from '@sightline/contracts';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A record as some release once wrote it. Never edited: a recording that no longer parses is a broken promise. */
interface Recorded {
  key: string;
  id: string;
  value: string;
}

const folder = join(import.meta.dirname, 'golden');
const topicNames = Object.keys(topics) as TopicName[];

function recordings(topic: TopicName): Recorded[] {
  return JSON.parse(readFileSync(join(folder, `${topic}.json`), 'utf8')) as Recorded[];
}

const recorded = topicNames.flatMap((topic) =>
  recordings(topic).map((message, index) => ({ topic, index, ...message })),
);

describe('golden messages', () => {
  it('has a recording for every topic of the catalog and for nothing else', () => {
    expect(readdirSync(folder).toSorted()).toEqual(topicNames.map((name) => `${name}.json`).toSorted());
    for (const topic of topicNames) expect(recordings(topic).length).toBeGreaterThan(0);
  });

  it.each(recorded)('$topic recording $index still parses and loses nothing', ({ topic, value }) => {
    const body: unknown = JSON.parse(value);
    expect(topicDefinition(topic).schema.parse(body)).toEqual(body);
  });

  it.each(recorded)('$topic recording $index would be written with the same bytes', ({ topic, value }) => {
    expect(JSON.stringify(topicDefinition(topic).schema.parse(JSON.parse(value)))).toBe(value);
  });

  it.each(recorded)('$topic recording $index keeps its key and its id', ({ topic, value, key, id }) => {
    const body = topicDefinition(topic).schema.parse(JSON.parse(value));
    expect({ key: topicDefinition(topic).key(body), id: topicDefinition(topic).id(body) }).toEqual({ key, id });
  });
});
