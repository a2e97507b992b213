import { z } from 'zod';
import type { Command } from './parse-command.ts';
import { type Decided, decidedSchema, type Status, statusSchema } from './describe-models.ts';

/** Where audit-monitor is, and who asks. */
export interface Door {
  url: string;
  token: string;
}

/** `refused`: understood and not done. `unasked`: not reached, or not let in. */
export type Answer<T> = { kind: 'answer'; body: T } | { kind: 'refused' | 'unasked'; line: string };

const timeoutMs = 60_000;
const problemSchema = z.object({ detail: z.string() });

export function readStatus(door: Door): Promise<Answer<Status>> {
  return ask(door, 'models', statusSchema);
}

export async function decide(door: Door, command: Command & { kind: 'decide' }): Promise<Answer<Decided>> {
  const { name, decision, reason, dryRun, expectedRevision } = command;
  const version = command.version ?? (await findPrimary(door, name));
  if (typeof version !== 'string') return version;
  return ask(door, `models/${name}/versions/${version}/${decision}`, decidedSchema, {
    reason,
    dryRun,
    expectedRevision,
  });
}

async function findPrimary(door: Door, name: string): Promise<string | Exclude<Answer<never>, { kind: 'answer' }>> {
  const status = await readStatus(door);
  if (status.kind !== 'answer') return status;
  const model = status.body.models.find((one) => one.name === name);
  const primary = model?.versions.find(({ role }) => role === 'primary')?.version;
  return primary ?? { kind: 'refused', line: model === undefined ? `no model ${name}` : `${name} has no primary` };
}

async function ask<T>(door: Door, path: string, schema: z.ZodType<T>, body?: object): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(`${door.url.replace(/\/$/, '')}/${path}`, {
      headers: { authorization: `Bearer ${door.token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  } catch {
    return { kind: 'unasked', line: `audit-monitor does not answer at ${door.url}` };
  }
  const said: unknown = await response.json().catch(() => undefined);
  if (!response.ok) return refusal(response.status, said);
  const parsed = schema.safeParse(said);
  return parsed.success
    ? { kind: 'answer', body: parsed.data }
    : { kind: 'unasked', line: `${door.url} is not an audit-monitor that this tool understands` };
}

function refusal(status: number, said: unknown): Answer<never> {
  const problem = problemSchema.safeParse(said);
  if (status === 401) return { kind: 'unasked', line: 'the access token is not accepted' };
  if (status === 403) return { kind: 'unasked', line: 'the access token is not an operator’s' };
  return status < 500 && problem.success
    ? { kind: 'refused', line: problem.data.detail }
    : { kind: 'unasked', line: `audit-monitor answered ${status}` };
}
