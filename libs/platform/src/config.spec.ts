import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { baseConfigSchema, parseConfig } from './config.ts';

const whole = {
  HTTP_PORT: '8080',
  DATABASE_URL: 'postgres://app:secret@db:5432/app',
  KAFKA_BROKERS: 'a:9092, b:9092',
  OBJECT_STORE_URL: 'file:///objects',
  OIDC_ISSUER: 'http://127.0.0.1:8085',
};

describe('configuration', () => {
  it('names settings in UPPER_SNAKE outside and camelCase inside, with sane defaults', () => {
    const parsed = parseConfig(baseConfigSchema.extend({ quietPeriodMs: z.coerce.number().default(5_000) }), whole);
    expect(parsed).toEqual({
      kind: 'config',
      config: {
        logLevel: 'info',
        httpHost: '127.0.0.1',
        httpPort: 8080,
        databaseUrl: 'postgres://app:secret@db:5432/app',
        kafkaBrokers: ['a:9092', 'b:9092'],
        objectStoreUrl: 'file:///objects',
        oidcIssuer: 'http://127.0.0.1:8085',
        oidcAudience: 'sightline',
        quietPeriodMs: 5_000,
      },
    });
  });

  it('that is malformed is one line naming every setting that is wrong, and no value', () => {
    const { DATABASE_URL: _, ...rest } = whole;
    const parsed = parseConfig(baseConfigSchema, { ...rest, HTTP_PORT: '99999', KAFKA_BROKERS: 'hunter2' });
    expect(parsed.kind).toBe('malformed');
    const line = parsed.kind === 'malformed' ? parsed.line : '';
    expect(line).toMatch(/HTTP_PORT is wrong/);
    expect(line).toMatch(/DATABASE_URL is missing/);
    expect(line).toMatch(/KAFKA_BROKERS is wrong \(must be host:port/);
    expect(line).not.toMatch(/hunter2|99999|\n/);
  });

  it('takes an empty value for a missing one', () => {
    const parsed = parseConfig(baseConfigSchema, { ...whole, OIDC_ISSUER: '' });
    expect(parsed).toEqual({ kind: 'malformed', line: 'malformed configuration: OIDC_ISSUER is missing' });
  });
});
