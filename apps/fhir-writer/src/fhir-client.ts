import { setTimeout as pause } from 'node:timers/promises';
import type { Failure } from '@sightline/contracts';
import { describeError } from '@sightline/platform';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { type BackendToken, NoToken } from './backend-token.ts';
import { describeOutcome } from './describe-outcome.ts';

/** `conflict`: somebody was faster (409, 412); look at the chart again. */
export type FhirAnswer<R> =
  | { kind: 'ok'; status: number; body: R }
  | { kind: 'missing' }
  | { kind: 'conflict'; status: number }
  | { kind: 'failed'; failure: Failure };

export interface FhirRequest {
  method: 'GET' | 'POST' | 'PUT';
  /** Below the base URL. */
  path: string;
  headers?: Record<string, string>;
  body?: { type: 'application/fhir+json' | 'application/x-www-form-urlencoded'; text: string };
}

/** Bounds of one piece of work at the server: `signal` ends it, `secrets` never appear in what is said of a failure. */
export interface Errand {
  signal: AbortSignal;
  secrets: readonly string[];
}

/** Tries in one errand; what lasts longer is the retry rows' business. */
const tries = 3;
const firstWaitMs = 150;
const requestTimeoutMs = 15_000;

/** The EHR's R4 endpoint. Never throws for what a server or a network does. */
export class FhirClient {
  constructor(
    readonly baseUrl: string,
    private readonly token: BackendToken,
  ) {}

  /** Searches by POST: what identifies a patient stays out of URLs, and so out of servers' logs. */
  async search<R extends Resource>(
    type: R['resourceType'],
    parameters: Record<string, string>,
    errand: Errand,
  ): Promise<FhirAnswer<Bundle<R>>> {
    const body = {
      type: 'application/x-www-form-urlencoded' as const,
      text: new URLSearchParams(parameters).toString(),
    };
    return this.send<Bundle<R>>({ method: 'POST', path: `/${type}/_search`, body }, errand);
  }

  async read<R extends Resource>(reference: string, errand: Errand): Promise<FhirAnswer<R>> {
    return this.send<R>({ method: 'GET', path: `/${reference}` }, errand);
  }

  async createUnlessThere<R extends Resource>(resource: R, query: string, errand: Errand): Promise<FhirAnswer<R>> {
    return this.send<R>(
      {
        method: 'POST',
        path: `/${resource.resourceType}`,
        headers: { 'if-none-exist': query },
        body: { type: 'application/fhir+json', text: JSON.stringify(resource) },
      },
      errand,
    );
  }

  /** Posted as the very bytes that were made. */
  async transact(bundle: string, errand: Errand): Promise<FhirAnswer<Bundle>> {
    return this.send<Bundle>(
      { method: 'POST', path: '', body: { type: 'application/fhir+json', text: bundle } },
      errand,
    );
  }

  /**
   * Resolves where the server answers at all. Asked without a token, which a guarded server refuses cheaply; its statement of
   * capabilities takes seconds to make.
   */
  async reach(): Promise<void> {
    const response = await fetch(`${this.baseUrl}/Device?_summary=count`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    if (response.status >= 500) throw new Error(`FHIR server answered ${response.status}`);
  }

  private async send<R>(request: FhirRequest, errand: Errand): Promise<FhirAnswer<R>> {
    let answer = await this.once<R>(request, errand);
    for (let done = 1; done < tries && isUnavailable(answer) && !errand.signal.aborted; done++) {
      await pause(firstWaitMs * 2 ** done * (0.5 + Math.random()), undefined, { signal: errand.signal }).catch(
        () => undefined,
      );
      answer = await this.once<R>(request, errand);
    }
    return answer;
  }

  private async once<R>(request: FhirRequest, errand: Errand, mayRenew = true): Promise<FhirAnswer<R>> {
    const signal = AbortSignal.any([errand.signal, AbortSignal.timeout(requestTimeoutMs)]);
    try {
      const token = await this.token.get(signal);
      const response = await fetch(`${this.baseUrl}${request.path}`, {
        method: request.method,
        headers: {
          accept: 'application/fhir+json',
          authorization: `Bearer ${token}`,
          ...(request.body === undefined ? {} : { 'content-type': request.body.type }),
          ...request.headers,
        },
        ...(request.body === undefined ? {} : { body: request.body.text }),
        signal,
      });
      const body: unknown = await response.json().catch(() => undefined);
      if (response.status === 401 && mayRenew) {
        this.token.refused(token);
        return await this.once(request, errand, false);
      }
      return classify<R>(response.status, body, errand.secrets);
    } catch (error) {
      return failure(
        'unavailable',
        `FHIR server not reached: ${error instanceof NoToken ? error.message : describeNetwork(error)}`,
      );
    }
  }
}

function classify<R>(status: number, body: unknown, secrets: readonly string[]): FhirAnswer<R> {
  if (status >= 200 && status < 300) {
    return body === undefined
      ? failure('unavailable', `FHIR server answered ${status} without JSON`)
      : { kind: 'ok', status, body: body as R };
  }
  switch (true) {
    case status === 404 || status === 410:
      return { kind: 'missing' };
    case status === 409 || status === 412:
      return { kind: 'conflict', status };
    // 401 and 403 are the site's configuration, not this study: they mend when somebody grants what is missing.
    case status === 401 || status === 403 || status === 408 || status === 429 || status >= 500:
      return failure('unavailable', `FHIR server answered ${status}: ${describeOutcome(body, secrets)}`);
    default:
      return failure('invalid-input', `FHIR server refused with ${status}: ${describeOutcome(body, secrets)}`);
  }
}

function failure(kind: Failure['kind'], message: string): { kind: 'failed'; failure: Failure } {
  return { kind: 'failed', failure: { kind, message } };
}

function isUnavailable(answer: FhirAnswer<unknown>): boolean {
  return answer.kind === 'failed' && answer.failure.kind === 'unavailable';
}

/** fetch hides the reason (ECONNREFUSED and the like) in the cause. */
function describeNetwork(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : describeError(error);
}
