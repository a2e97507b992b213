import { outcome, type Answer } from '../support/serve-fhir.ts';

/** Where an answer is met: at the report's create, a search for it, the request for a token, or anywhere. */
export type Place = 'create' | 'search' | 'token' | 'any';

/** `refused`: never asked again. `later`: the delivery waits and is tried again. `told`: the same try went on. */
export type Ends = 'refused' | 'later' | 'told';

export interface ServerAnswer {
  /** As the paper says it. */
  readonly answer: string;
  readonly at: Place;
  /** `lost`: the server does what it was asked before it answers so. `away`: nobody listens. */
  readonly fault: Answer | (() => Answer) | 'away';
  readonly lost?: boolean;
  /** Met so often, then no more; always, where it is not given, until the server is mended. */
  readonly times?: number;
  readonly ends: Ends;
  /** Requests of this kind until the delivery says `reason`, or is told. */
  readonly asked: number;
  /** What the delivery row says of it; of a delivery that was told, nothing. */
  readonly reason?: string;
  /** Not asked again for so long, in seconds. */
  readonly rests?: number;
  /** Of the destination, where it is not as by default. */
  readonly settings?: { readonly requestTimeoutMs?: number; readonly attempts?: number };
}

const html = (status: number): Answer => ({
  kind: 'reply',
  status,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Zephyrine Quill is not known here</body></html>',
});
const json = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  kind: 'reply',
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body,
});
const said = (status: number): Answer =>
  outcome(status, 'processing', '"Zephyrine Quill", born 2022-05-06, is no good');
const empty = json(200, '');
const noFhir = json(200, '{"hello":"Zephyrine"}');
const brokenFhir = json(
  200,
  '{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"DiagnosticReport","identifier":7}}]}',
);
const redirect = json(302, '', { location: '/fhir/elsewhere' });
const hang: Answer = { kind: 'hang' };
const reset: Answer = { kind: 'reset' };
const half: Answer = { kind: 'cut', status: 201, body: '{"resourceType":"Diagnos' };
const restSeconds = 4;
const resting = (status: number, header: () => string) => (): Answer => json(status, '{}', { 'retry-after': header() });
const seconds = () => String(restSeconds);
/** A date has no parts of a second: with one more it is no earlier than the seconds would be. */
const date = () => new Date(Date.now() + (restSeconds + 1) * 1_000).toUTCString();

const why = 'processing …, born …, is no good';
const refused = (status: number): Pick<ServerAnswer, 'ends' | 'reason'> => ({
  ends: 'refused',
  reason: `FHIR server refused with ${status}: ${why}`,
});
const waits = (reason: string): Pick<ServerAnswer, 'ends' | 'reason'> => ({ ends: 'later', reason });
const answered = (what: string) => waits(`FHIR server answered ${what}`);
const unlikeFhir = answered('200 with something else than was asked for');
const notReached = (cause: string) => waits(`FHIR server not reached: ${cause}`);
const timedOut = notReached('TimeoutError: The operation was aborted due to timeout');

/** What each answer of a server does, one row an answer: a search is asked again within a try, a create is not. */
export const serverAnswers: readonly ServerAnswer[] = [
  { answer: '400', at: 'create', fault: said(400), asked: 1, ...refused(400) },
  { answer: '400', at: 'search', fault: said(400), asked: 1, ...refused(400) },
  { answer: '401, once', at: 'create', fault: said(401), times: 1, asked: 2, ends: 'told' },
  { answer: '401, with a new token too', at: 'create', fault: said(401), asked: 2, ...answered(`401: ${why}`) },
  { answer: '401, with a new token too', at: 'search', fault: said(401), asked: 6, ...answered(`401: ${why}`) },
  { answer: '403', at: 'create', fault: said(403), asked: 1, ...answered(`403: ${why}`) },
  { answer: '404', at: 'create', fault: said(404), asked: 1, ...waits('FHIR server has no such address') },
  {
    answer: '404',
    at: 'search',
    fault: said(404),
    asked: 1,
    ...waits('FHIR server could not search DiagnosticReport'),
  },
  { answer: '405', at: 'create', fault: said(405), asked: 1, ...refused(405) },
  { answer: '408', at: 'create', fault: said(408), asked: 1, ...answered(`408: ${why}`) },
  { answer: '409, twice', at: 'create', fault: said(409), times: 2, asked: 3, ends: 'told' },
  {
    answer: '409, always',
    at: 'create',
    fault: said(409),
    asked: 5,
    ...waits('the chart kept changing while it was written to'),
  },
  { answer: '412, twice', at: 'create', fault: said(412), times: 2, asked: 3, ends: 'told' },
  { answer: '413', at: 'create', fault: said(413), asked: 1, ...refused(413) },
  { answer: '422', at: 'create', fault: said(422), asked: 1, ...refused(422) },
  {
    answer: '429 with Retry-After in seconds',
    at: 'create',
    fault: resting(429, seconds),
    asked: 1,
    rests: restSeconds,
    ...answered('429: no OperationOutcome'),
  },
  {
    answer: '429 with Retry-After as a date',
    at: 'search',
    fault: resting(429, date),
    asked: 1,
    rests: restSeconds,
    ...answered('429: no OperationOutcome'),
  },
  { answer: '500', at: 'create', fault: said(500), asked: 1, ...answered(`500: ${why}`) },
  { answer: '500', at: 'search', fault: said(500), asked: 3, ...answered(`500: ${why}`) },
  { answer: '500 after it was done', at: 'create', fault: said(500), lost: true, asked: 1, ...answered(`500: ${why}`) },
  {
    answer: '500, as often as the site allows',
    at: 'create',
    fault: said(500),
    asked: 2,
    settings: { attempts: 2 },
    ends: 'refused',
    reason: `FHIR server answered 500: ${why}`,
  },
  { answer: '502', at: 'create', fault: said(502), asked: 1, ...answered(`502: ${why}`) },
  {
    answer: '503 with Retry-After',
    at: 'create',
    fault: resting(503, seconds),
    asked: 1,
    rests: restSeconds,
    ...answered('503: no OperationOutcome'),
  },
  { answer: 'nobody listens', at: 'any', fault: 'away', asked: 0, ...notReached('ECONNREFUSED') },
  { answer: 'the connection is reset', at: 'create', fault: reset, asked: 1, ...notReached('ECONNRESET') },
  { answer: 'the connection is reset', at: 'search', fault: reset, asked: 3, ...notReached('ECONNRESET') },
  { answer: 'no answer', at: 'create', fault: hang, settings: { requestTimeoutMs: 10_000 }, asked: 1, ...timedOut },
  {
    answer: 'no answer after it was done',
    at: 'create',
    fault: hang,
    lost: true,
    settings: { requestTimeoutMs: 10_000 },
    asked: 1,
    ...timedOut,
  },
  { answer: 'half of an answer', at: 'create', fault: half, lost: true, asked: 1, ...notReached('UND_ERR_SOCKET') },
  { answer: 'half of an answer', at: 'search', fault: half, asked: 3, ...notReached('UND_ERR_SOCKET') },
  {
    answer: 'a page of HTML with 200',
    at: 'create',
    fault: html(200),
    asked: 1,
    ...answered('200 with something else than JSON'),
  },
  {
    answer: 'a page of HTML with 200',
    at: 'search',
    fault: html(200),
    asked: 3,
    ...answered('200 with something else than JSON'),
  },
  {
    answer: 'a page of HTML with 500',
    at: 'create',
    fault: html(500),
    asked: 1,
    ...answered('500: no OperationOutcome'),
  },
  {
    answer: 'an empty 200',
    at: 'create',
    fault: empty,
    asked: 1,
    ...waits('FHIR server does not say where it keeps DiagnosticReport'),
  },
  { answer: 'an empty 200 after it was done', at: 'create', fault: empty, lost: true, asked: 1, ends: 'told' },
  { answer: 'an empty 200', at: 'search', fault: empty, asked: 1, ...answered('200 with nothing') },
  {
    answer: 'JSON that is no FHIR',
    at: 'create',
    fault: noFhir,
    asked: 1,
    ...waits('FHIR server does not say where it keeps DiagnosticReport'),
  },
  {
    answer: 'FHIR that breaks its own rules',
    at: 'search',
    fault: brokenFhir,
    asked: 1,
    ends: 'refused',
    reason: 'not told: TypeError',
  },
  { answer: 'JSON that is no FHIR', at: 'search', fault: noFhir, asked: 1, ...unlikeFhir },
  {
    answer: 'a redirect',
    at: 'create',
    fault: redirect,
    asked: 1,
    ...answered('302: a redirect, which is not followed'),
  },
  {
    answer: 'a redirect',
    at: 'search',
    fault: redirect,
    asked: 3,
    ...answered('302: a redirect, which is not followed'),
  },
  {
    answer: '400 invalid_client',
    at: 'token',
    fault: json(400, '{"error":"invalid_client"}'),
    asked: 3,
    ...notReached('token endpoint answered 400 invalid_client'),
  },
  {
    answer: '500',
    at: 'token',
    fault: said(500),
    asked: 3,
    ...notReached('token endpoint answered 500 without an error code'),
  },
  {
    answer: 'a page of HTML with 200',
    at: 'token',
    fault: html(200),
    asked: 3,
    ...notReached('token endpoint answered 200 without an error code'),
  },
  {
    answer: 'a redirect',
    at: 'token',
    fault: redirect,
    asked: 3,
    ...notReached('token endpoint answered 302 without an error code'),
  },
  { answer: 'no answer', at: 'token', fault: hang, settings: { requestTimeoutMs: 10_000 }, asked: 3, ...timedOut },
];

const places: Readonly<Record<Place, string>> = {
  create: 'create of the report',
  search: 'search for the report',
  token: 'request for a token',
  any: 'anything',
};

/** The table of `docs/conformance/fhir.md`. */
export function answersTable(): string {
  const rows = serverAnswers.map((one) =>
    [one.answer, places[one.at], `${one.asked}`, one.reason ?? 'nothing', endOf(one)].join(' | '),
  );
  return [
    '| the server answers | to | asked so often | before the delivery says | and then |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function endOf({ ends, rests }: ServerAnswer): string {
  switch (ends) {
    case 'told':
      return 'told in the same try';
    case 'refused':
      return 'refused, with an audit event; not asked again';
    case 'later':
      return rests === undefined
        ? 'due; told once it is well again'
        : 'due, and left alone till then; told once it is well';
  }
}
