import { setTimeout as pause } from 'node:timers/promises';
import type { Failure } from '@sightline/contracts';
import { describeError } from '@sightline/platform';
import type { Bundle, Identifier, Resource } from '@medplum/fhirtypes';
import type { Errand } from '../deliveries/destination.ts';
import { type BackendToken, NoToken } from './backend-token.ts';
import { describeOutcome } from './describe-outcome.ts';
import { RateLimit } from './rate-limit.ts';
import { retryAfterMs } from './retry-after.ts';
import { carries, isSearchset, nextPage, resourcesIn, token } from './search-result.ts';

/** A resource as a server knows it. */
export interface ResourceVersion {
  resourceType: string;
  id: string;
  versionId?: string;
}

/** `conflict`: somebody was faster (409, 412); look at the chart again. */
export type FhirAnswer<R> =
  /** `location`: what was created or updated, where the server says so. `date`: the time by the server's clock (RFC 9110 6.6.1). */
  | { kind: 'ok'; status: number; body: R; location?: ResourceVersion; date?: string }
  | { kind: 'missing' }
  | { kind: 'conflict'; status: number }
  /**
   * `status`: of a refusal. `retryAfterMs`: when the server would rather be asked again. `tooMany`: there are more hits than are read
   * at once.
   */
  | { kind: 'failed'; failure: Failure; status?: number; retryAfterMs?: number; tooMany?: true };

interface FhirRequest {
  method: 'GET' | 'POST' | 'PUT';
  /** Below the base URL. */
  path: string;
  headers?: Record<string, string>;
  body?: { type: 'application/fhir+json' | 'application/x-www-form-urlencoded'; text: string };
}

/** Tries in one errand; what lasts longer is the retry rows' business. */
const tries = 3;
const firstWaitMs = 150;
const longestWaitMs = 2_000;

/** Pages of one search: what is looked up has an identifier, and no server has thousands of that. */
const mostPages = 20;

export interface FhirClientBounds {
  requestsPerSecond?: number;
  /** For one answer, its token and its turn included. */
  requestTimeoutMs?: number;
}

/** The EHR's R4 endpoint. Never throws for what a server or a network does. */
export class FhirClient {
  private readonly rate: RateLimit;
  private readonly requestTimeoutMs: number;
  /** Until then the server wishes to be left alone, by everybody. */
  private notBefore = 0;
  private underWay = 0;

  constructor(
    readonly baseUrl: string,
    private readonly token: BackendToken,
    { requestsPerSecond = Infinity, requestTimeoutMs = 15_000 }: FhirClientBounds = {},
  ) {
    this.rate = new RateLimit(requestsPerSecond);
    this.requestTimeoutMs = requestTimeoutMs;
  }

  /** Nothing is asked of the server right now. */
  get isIdle(): boolean {
    return this.underWay === 0;
  }

  /**
   * Searches by POST: what identifies a patient stays out of URLs, and so out of servers' logs. All pages of the answer, or none:
   * what is not found on the first may be on the next.
   */
  async search<R extends Resource>(
    type: R['resourceType'],
    parameters: Record<string, string> | [string, string][],
    errand: Errand,
  ): Promise<FhirAnswer<Bundle<R>>> {
    const body = {
      type: 'application/x-www-form-urlencoded' as const,
      text: new URLSearchParams(parameters).toString(),
    };
    // What is read must be what is there now; and a server that keeps searches need not keep this one.
    const headers = { 'cache-control': 'no-store' };
    let answer = await this.page<R>({ method: 'POST', path: `/${type}/_search`, headers, body }, errand);
    // When it was looked up is when the first page was: what comes later is on none.
    const date = answer.kind === 'ok' ? answer.date : undefined;
    const entry: NonNullable<Bundle<R>['entry']> = [];
    for (let page = 1; answer.kind === 'ok' && page <= mostPages; page++) {
      entry.push(...(answer.body.entry ?? []));
      const next = nextPage(answer.body, this.baseUrl);
      if (next.kind === 'none') {
        return { ...answer, body: { ...answer.body, entry }, ...(date === undefined ? {} : { date }) };
      }
      if (next.kind === 'elsewhere')
        return failure('unavailable', 'FHIR server has more of a search at another address');
      answer = await this.page<R>({ method: 'GET', path: next.path, headers }, errand);
    }
    return answer.kind === 'ok'
      ? { ...failure('unavailable', 'FHIR server found more than an identifier has'), tooMany: true }
      : answer;
  }

  /** All resources of a type that carry an identifier: what else a server answers with is left out. */
  async find<R extends Resource & { identifier?: Identifier[] }>(
    type: R['resourceType'],
    identifier: Identifier,
    errand: Errand,
  ): Promise<FhirAnswer<R[]>> {
    const search = await this.search<R>(type, { identifier: token(identifier) }, errand);
    if (search.kind !== 'ok') return search;
    return { ...search, body: resourcesIn<R>(search.body, type).filter((one) => carries(one, identifier)) };
  }

  async read<R extends Resource>(reference: string, errand: Errand): Promise<FhirAnswer<R>> {
    const answer = withBody(await this.send<R>({ method: 'GET', path: `/${reference}` }, errand));
    const wanted = reference === 'metadata' ? 'CapabilityStatement' : reference.split('/')[0];
    return answer.kind === 'ok' && answer.body.resourceType !== wanted ? notFhir(answer.status) : answer;
  }

  async createUnlessThere<R extends Resource>(resource: R, query: string, errand: Errand): Promise<FhirAnswer<R>> {
    return this.send<R>(
      {
        method: 'POST',
        path: `/${resource.resourceType}`,
        headers: { 'if-none-exist': query },
        body: json(resource),
      },
      errand,
    );
  }

  /** Tried once: whether a create whose answer is lost was done, only a look can tell. */
  async create<R extends Resource>(resource: R, errand: Errand): Promise<FhirAnswer<R | undefined>> {
    return this.once<R | undefined>(
      { method: 'POST', path: `/${resource.resourceType}`, body: json(resource) },
      errand,
    );
  }

  /** Replaces a resource under its id; with `versionId` only while it is that version. */
  async update<R extends Resource>(
    resource: R,
    versionId: string | undefined,
    errand: Errand,
  ): Promise<FhirAnswer<R | undefined>> {
    const headers: Record<string, string> = versionId === undefined ? {} : { 'if-match': `W/"${versionId}"` };
    const path = `/${resource.resourceType}/${resource.id ?? ''}`;
    return this.send<R | undefined>({ method: 'PUT', path, headers, body: json(resource) }, errand);
  }

  async transact(bundle: Bundle, errand: Errand): Promise<FhirAnswer<Bundle>> {
    return withBody(await this.send<Bundle>({ method: 'POST', path: '', body: json(bundle) }, errand));
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

  private async page<R extends Resource>(request: FhirRequest, errand: Errand): Promise<FhirAnswer<Bundle<R>>> {
    const answer = withBody(await this.send<Bundle<R>>(request, errand));
    return answer.kind === 'ok' && !isSearchset(answer.body) ? notFhir(answer.status) : answer;
  }

  private async send<R>(request: FhirRequest, errand: Errand): Promise<FhirAnswer<R>> {
    let answer = await this.once<R>(request, errand);
    for (let done = 1; done < tries && isUnavailable(answer) && !errand.signal.aborted; done++) {
      const wish = answer.kind === 'failed' ? (answer.retryAfterMs ?? 0) : 0;
      // A long wait is the delivery's, which holds nothing meanwhile.
      if (wish > longestWaitMs) return answer;
      const wait = Math.max(wish, firstWaitMs * 2 ** done * (0.5 + Math.random()));
      await pause(wait, undefined, { signal: errand.signal }).catch(() => undefined);
      answer = await this.once<R>(request, errand);
    }
    return answer;
  }

  private async once<R>(request: FhirRequest, errand: Errand, mayRenew = true): Promise<FhirAnswer<R>> {
    const rest = this.notBefore - Date.now();
    if (rest > 0) return { ...failure('unavailable', 'FHIR server asked to be left alone'), retryAfterMs: rest };
    const signal = AbortSignal.any([errand.signal, AbortSignal.timeout(this.requestTimeoutMs)]);
    this.underWay += 1;
    try {
      await this.rate.wait(signal);
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
        // Wherever it leads: no report is sent to an address that nobody configured.
        redirect: 'manual',
        signal,
      });
      const body = await bodyOf(response);
      if (response.status === 401 && mayRenew) {
        this.token.refused(token);
        return await this.once(request, errand, false);
      }
      const answer = classify<R>(response, body, errand.secrets);
      if (answer.kind === 'failed' && answer.retryAfterMs !== undefined) {
        this.notBefore = Math.max(this.notBefore, Date.now() + answer.retryAfterMs);
      }
      return answer;
    } catch (error) {
      return failure(
        'unavailable',
        `FHIR server not reached: ${error instanceof NoToken ? error.message : describeNetwork(error)}`,
      );
    } finally {
      this.underWay -= 1;
    }
  }
}

type Body = { kind: 'json'; value: unknown } | { kind: 'empty' } | { kind: 'other' };

/** Throws where the connection breaks before the end. */
async function bodyOf(response: Response): Promise<Body> {
  const text = await response.text();
  if (text.trim() === '') return { kind: 'empty' };
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return { kind: 'other' };
  }
}

function classify<R>(response: Response, body: Body, secrets: readonly string[]): FhirAnswer<R> {
  const { status } = response;
  const why = `${status}: ${describeOutcome(body.kind === 'json' ? body.value : undefined, secrets)}`;
  switch (true) {
    case response.ok && body.kind === 'other':
      return failure('unavailable', `FHIR server answered ${status} with something else than JSON`);
    case response.ok: {
      const at = locationOf(response);
      const date = response.headers.get('date') ?? undefined;
      return {
        kind: 'ok',
        status,
        body: (body.kind === 'json' ? body.value : undefined) as R,
        ...(at === undefined ? {} : { location: at }),
        ...(date === undefined ? {} : { date }),
      };
    }
    case status === 404 || status === 410:
      return { kind: 'missing' };
    case status === 409 || status === 412:
      return { kind: 'conflict', status };
    // 401 and 403 are the site's configuration, not this study: they mend when somebody grants what is missing.
    case [401, 403, 408, 425, 429].includes(status) || status >= 500: {
      const wish = retryAfterMs(response.headers.get('retry-after'));
      const failed = failure('unavailable', `FHIR server answered ${why}`);
      return wish === undefined ? failed : { ...failed, retryAfterMs: wish };
    }
    case status >= 300 && status < 400:
      return failure('unavailable', `FHIR server answered ${status}: a redirect, which is not followed`);
    default:
      return { ...failure('invalid-input', `FHIR server refused with ${why}`), status };
  }
}

/** `DiagnosticReport/5/_history/1`, relative or absolute, of a create or update; the ETag where the location has no version. */
function locationOf({ headers }: Response): ResourceVersion | undefined {
  const location = readLocation(headers.get('location') ?? headers.get('content-location') ?? '');
  const tag = /^(?:W\/)?"([\w.-]+)"$/.exec(headers.get('etag') ?? '')?.[1];
  if (location === undefined || location.versionId !== undefined || tag === undefined) return location;
  return { ...location, versionId: tag };
}

export function readLocation(text: string): ResourceVersion | undefined {
  const parts = /([A-Z][A-Za-z]+)\/([\w.-]+)(?:\/_history\/([\w.-]+))?$/.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined;
  return { resourceType: parts[1], id: parts[2], ...(parts[3] === undefined ? {} : { versionId: parts[3] }) };
}

function json(resource: Resource): NonNullable<FhirRequest['body']> {
  return { type: 'application/fhir+json', text: JSON.stringify(resource) };
}

function withBody<R>(answer: FhirAnswer<R>): FhirAnswer<R> {
  if (answer.kind !== 'ok') return answer;
  if (answer.body === undefined) return failure('unavailable', `FHIR server answered ${answer.status} with nothing`);
  return typeof answer.body === 'object' && answer.body !== null ? answer : notFhir(answer.status);
}

function notFhir(status: number): { kind: 'failed'; failure: Failure } {
  return failure('unavailable', `FHIR server answered ${status} with something else than was asked for`);
}

function failure(kind: Failure['kind'], message: string): { kind: 'failed'; failure: Failure } {
  return { kind: 'failed', failure: { kind, message } };
}

export function isUnavailable({ kind, failure }: { kind: string; failure?: Failure }): boolean {
  return kind === 'failed' && failure?.kind === 'unavailable';
}

/** fetch hides the reason (ECONNREFUSED and the like) in the cause. */
function describeNetwork(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : describeError(error);
}
