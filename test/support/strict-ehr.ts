import type { Resource } from '@medplum/fhirtypes';
import { loadDefinitions } from '../../apps/fhir-writer/src/load-definitions.ts';
import { outcome, serveFhir, type Answer, type Asked, type Reply, type TokenRules } from './serve-fhir.ts';
import { answerStrictly } from './strict-ehr-answers.ts';
import { abilities } from './strict-ehr-capabilities.ts';
import { StrictEhrStore, type Held } from './strict-ehr-store.ts';

/** More than so many requests in a while are answered 429, with the rest of the while in `Retry-After`. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
  readonly retryAfter: 'seconds' | 'http-date';
}

/**
 * An EHR as many are, at /fhir: it does what its CapabilityStatement says and not a thing more. No bundles, no conditions, no ids
 * of a client, no Device, Provenance, ImagingStudy or Media; a create answers with an empty body.
 */
export interface StrictEhr {
  readonly baseUrl: string;
  /** Everything asked since the last reset, refusals for want of a token left out. */
  readonly asked: readonly Asked[];
  /** Answers in the EHR's place, before it has done anything. */
  before: (asked: Asked) => Answer | undefined;
  /** Answers in place of what the EHR answered, after it has done it. */
  after: (asked: Asked, answer: Reply) => Answer;
  rateLimit: RateLimit | undefined;
  /** Puts in what somebody else wrote: under the ids it comes with, and without any of the rules for clients. */
  seed(...resources: Resource[]): Held[];
  held(): readonly Held[];
  /** Empty again, without faults and limit. */
  reset(): void;
  stop(): Promise<void>;
}

/** What may come within another resource, though never by itself. */
const onlyContained = ['BodyStructure', 'Device', 'Endpoint', 'Media', 'Specimen'];

let definitions: Promise<unknown> | undefined;

export async function startStrictEhr(rules: TokenRules): Promise<StrictEhr> {
  // The validator judges by definitions that the whole process shares.
  definitions ??= loadDefinitions(new Set([...abilities.keys(), ...onlyContained]));
  await definitions;
  const store = new StrictEhrStore();
  const asked: Asked[] = [];
  let window = { since: 0, requests: 0 };
  const door = await serveFhir(rules, async (request) => {
    asked.push(request);
    const own = ehr.before(request) ?? tooMany(ehr.rateLimit);
    return own ?? ehr.after(request, answerStrictly(request, store, door.baseUrl));
  });

  function tooMany(limit: RateLimit | undefined): Reply | undefined {
    if (limit === undefined) {
      return undefined;
    }
    const now = Date.now();
    window = now - window.since >= limit.perMs ? { since: now, requests: 0 } : window;
    window.requests += 1;
    return window.requests > limit.requests ? slowDown(window.since + limit.perMs, limit.retryAfter) : undefined;
  }

  const ehr: StrictEhr = {
    baseUrl: door.baseUrl,
    asked,
    before: () => undefined,
    after: (_asked, answer) => answer,
    rateLimit: undefined,
    seed: (...resources) => resources.map((resource) => store.put(resource, resource.id)),
    held: () => store.all,
    reset() {
      store.clear();
      asked.length = 0;
      window = { since: 0, requests: 0 };
      ehr.before = () => undefined;
      ehr.after = (_asked, answer) => answer;
      ehr.rateLimit = undefined;
    },
    stop: () => door.stop(),
  };
  return ehr;
}

/** RFC 9110 10.2.3: `Retry-After` is a number of seconds or a date. */
function slowDown(until: number, form: RateLimit['retryAfter']): Reply {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  const after = form === 'seconds' ? String(seconds) : new Date(Date.now() + seconds * 1000).toUTCString();
  const refused = outcome(429, 'throttled', 'Too many requests');
  return { ...refused, headers: { ...refused.headers, 'retry-after': after } };
}
