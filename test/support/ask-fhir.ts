import type { Resource } from '@medplum/fhirtypes';
import type { Door } from './client.ts';

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as the resource it is. */
  resource<R extends Resource>(): R;
}

export interface Question {
  readonly body?: Resource | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request as a client with a token makes it, and whatever was answered. */
export async function askFhir(door: Door, method: string, path: string, question: Question = {}): Promise<Told> {
  const { body, headers } = question;
  const response = await fetch(`${door.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${door.token}`, 'content-type': 'application/fhir+json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, resource: <R>() => JSON.parse(text) as R };
}
