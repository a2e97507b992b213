import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fetchToken, readTokenSource } from '../sandbox/parts/identity-provider.ts';
import { REPOSITORY } from '../sandbox/parts/repository.ts';
import type { Door } from './ask-app.ts';

const sandbox = process.env['SANDBOX_DIRECTORY'] ?? join(REPOSITORY, '.sandbox');
const endpointsSchema = z.object({ auditUrl: z.url(), writerUrl: z.url() });

/** The address and token given (SIGHTLINE_URL, SIGHTLINE_TOKEN), or those of the sandbox that runs here; undefined where none does. */
export async function findDoor(app: 'audit-monitor' | 'fhir-writer', given?: string): Promise<Door | undefined> {
  const url = given ?? process.env['SIGHTLINE_URL'] ?? (await sandboxUrl(app));
  const token = process.env['SIGHTLINE_TOKEN'] ?? (await sandboxToken());
  return url === undefined || token === undefined ? undefined : { app, url, token };
}

async function sandboxUrl(app: 'audit-monitor' | 'fhir-writer'): Promise<string | undefined> {
  const text = await readFile(join(sandbox, 'endpoints.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const endpoints = endpointsSchema.parse(JSON.parse(text));
  return new URL(app === 'audit-monitor' ? endpoints.auditUrl : endpoints.writerUrl).origin;
}

async function sandboxToken(): Promise<string | undefined> {
  const source = await readTokenSource(join(sandbox, 'identity'));
  return source === undefined ? undefined : fetchToken(source, 'operator').catch(() => undefined);
}
