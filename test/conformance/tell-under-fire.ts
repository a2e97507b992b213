import type { Identifier, Resource } from '@medplum/fhirtypes';
import type { InferenceCompleted } from '@sightline/contracts';
import { waitFor } from '../support/index.ts';
import { answer } from './answers.ts';
import type { Writer, WriterRig } from './writer-rig.ts';

/** How much is told, and how many writers are killed over it. */
export interface Fire {
  studies: number;
  kills: number;
}

export interface UnderFire extends Fire {
  /** Reports under way at once, all writers together. */
  atOnce: number;
  /** Requests that were refused on the way to the server. */
  refused: number;
  /** Writes that the server took and whose answer nobody heard. */
  unheard: number;
  /** Resources that carry an identifier which another one of their type carries too. */
  duplicates: number;
  /** Reports and findings that were said and are not there. */
  lost: number;
  /** Literal references that lead to nothing. */
  dangling: number;
}

const writers = 4;
const atOnceEach = 16;
/** One in so many requests is refused, and of one in so many writes the answer is lost. */
const refusedEvery = 29;
const unheardEvery = 11;
const types = [
  'Patient',
  'ImagingStudy',
  'Device',
  'DocumentReference',
  'Media',
  'Observation',
  'DiagnosticReport',
  'Provenance',
];
const findingsEach = 2;
/** 64 at once are much for a server on few processors: an answer may take its time. */
const site = { ehr: { atOnce: atOnceEach, requestsPerSecond: 100_000, requestTimeoutMs: 35_000 } };

/**
 * Says every answer twice to writers that are killed one after the other, at a server whose answers get lost or are refused now and
 * then, and counts what is there in the end.
 */
export async function tellUnderFire(rig: WriterRig, { studies, kills }: Fire): Promise<UnderFire> {
  const running = await Promise.all(Array.from({ length: writers }, () => rig.startWriter(site)));
  await warmUp(rig);
  const answers = Array.from({ length: studies }, () => answer({ images: findingsEach }));
  const fire = openFire(rig, running.map(replaceable(rig)), { studies, kills });
  await rig.say(...answers, ...answers);
  const uids = studiesOf(answers);
  await waitFor(() => isTold(rig, uids), { timeout: 600_000, interval: 250 });
  rig.proxy.reset();
  await fire.ceased();
  const held = (await Promise.all(types.map((type) => everyOne(rig, type)))).flat();
  return {
    studies,
    atOnce: writers * atOnceEach,
    ...fire.counted(),
    duplicates: duplicatesIn(held),
    lost: lostOf(held, uids),
    dangling: danglingIn(held),
  };
}

/** Nothing counts that a server does while it is cold. By another version of the model: what the others share is not there yet. */
async function warmUp(rig: WriterRig): Promise<void> {
  const answers = Array.from({ length: writers }, () => answer({ version: '1.1.0' }));
  await rig.say(...answers);
  await waitFor(() => isTold(rig, studiesOf(answers)), { timeout: 300_000, interval: 250 });
}

function studiesOf(answers: readonly InferenceCompleted[]): string[] {
  return answers.map(({ study }) => study.studyInstanceUid);
}

/** A writer and those who take its place. */
interface Post {
  kill(): Promise<void>;
  stop(): Promise<void>;
}

function replaceable(rig: WriterRig): (writer: Writer) => Post {
  return (first) => {
    let writer = Promise.resolve(first);
    return {
      async kill() {
        await (await writer).kill();
        writer = rig.startWriter(site);
      },
      stop: async () => (await writer).stop(),
    };
  };
}

/**
 * Writers die in turn, each time that another share of the studies is written: what the server takes meanwhile is answered once the
 * writer is dead, so that some of it is never heard of.
 */
function openFire(rig: WriterRig, posts: readonly Post[], { studies, kills: wanted }: Fire) {
  let [requests, refused, writes, unheard, kills] = [0, 0, 0, 0, 0];
  let killing = Promise.resolve();
  rig.proxy.before = () => {
    requests++;
    if (requests % refusedEvery !== 0) return undefined;
    refused++;
    return { status: 503, body: '{}' };
  };
  rig.proxy.after = async ({ path }, { status }) => {
    if (path !== '' || status !== 200) return 'deliver';
    const write = ++writes;
    if (kills < wanted && write >= ((kills + 1) * studies) / (wanted + 1)) {
      killing = posts[kills % posts.length]?.kill() ?? killing;
      kills++;
    }
    await killing;
    if (write % unheardEvery !== 0) return 'deliver';
    unheard++;
    return 'drop';
  };
  return {
    counted: () => ({ kills, refused, unheard }),
    ceased: async () => {
      await Promise.all(posts.map((post) => post.stop()));
    },
  };
}

async function isTold(rig: WriterRig, studies: readonly string[]): Promise<boolean> {
  const [row] = await rig.rows<{ told: number }>(
    `select count(*)::int as told from delivery where status = 'told' and study_instance_uid = any($1)`,
    [studies],
  );
  return row?.told === studies.length;
}

async function everyOne(rig: WriterRig, type: string): Promise<Resource[]> {
  const found: Resource[] = [];
  for (let offset = 0; ; offset += 500) {
    const page = await rig.search<Resource>(`${type}?_count=500&_offset=${offset}&_sort=_id`);
    found.push(...page);
    if (page.length < 500) return found;
  }
}

const identifiersOf = (resource: Resource): Identifier[] =>
  'identifier' in resource && Array.isArray(resource.identifier) ? resource.identifier : [];

/** The first identifier is a resource's own; what follows may be another's too. */
function duplicatesIn(held: readonly Resource[]): number {
  const own = held.flatMap((one) => {
    const [first] = identifiersOf(one);
    return first === undefined ? [] : [`${one.resourceType} ${first.system ?? ''}|${first.value ?? ''}`];
  });
  return own.length - new Set(own).size;
}

function lostOf(held: readonly Resource[], studies: readonly string[]): number {
  const count = (type: string, study: string): number =>
    held.filter(
      (one) => one.resourceType === type && identifiersOf(one).some(({ value }) => value?.startsWith(`${study}/`)),
    ).length;
  return studies.reduce(
    (sum, study) =>
      sum + Math.max(0, 1 - count('DiagnosticReport', study)) + Math.max(0, findingsEach - count('Observation', study)),
    0,
  );
}

function danglingIn(held: readonly Resource[]): number {
  const known = new Set(held.map(({ resourceType, id }) => `${resourceType}/${id ?? ''}`));
  let dangling = 0;
  // One by one: all of them together are more than a string may be long.
  for (const one of held) {
    JSON.stringify(one, (key, value: unknown) => {
      if (key === 'reference' && typeof value === 'string' && !known.has(value.replace(/\/_history\/.*$/, '')))
        dangling++;
      return value;
    });
  }
  return dangling;
}
