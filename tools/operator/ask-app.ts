import { z } from 'zod';

/** Where an app is, and who asks. `app` is what it is called in a complaint. */
export interface Door {
  app: string;
  url: string;
  token: string;
}

/** `refused`: understood and not done. `unasked`: not reached, or not let in. */
export type Answer<T> = { kind: 'answer'; body: T } | { kind: 'refused' | 'unasked'; line: string };

const timeoutMs = 60_000;
const problemSchema = z.object({ detail: z.string() });

/** Asks an app's HTTP door as an operator: GET, or POST with a body. */
export async function askApp<T>(door: Door, path: string, schema: z.ZodType<T>, body?: object): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(`${door.url.replace(/\/$/, '')}/${path}`, {
      headers: { authorization: `Bearer ${door.token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  } catch {
    return { kind: 'unasked', line: `${door.app} does not answer at ${door.url}` };
  }
  const said: unknown = await response.json().catch(() => undefined);
  if (!response.ok) return refusal(door, response.status, said);
  const parsed = schema.safeParse(said);
  return parsed.success
    ? { kind: 'answer', body: parsed.data }
    : { kind: 'unasked', line: `${door.url} is not a ${door.app} that this tool understands` };
}

function refusal({ app }: Door, status: number, said: unknown): Answer<never> {
  const problem = problemSchema.safeParse(said);
  if (status === 401) return { kind: 'unasked', line: 'the access token is not accepted' };
  if (status === 403) return { kind: 'unasked', line: 'the access token is not an operator’s' };
  return status < 500 && problem.success
    ? { kind: 'refused', line: problem.data.detail }
    : { kind: 'unasked', line: `${app} answered ${status}` };
}
