import { setTimeout as pause } from 'node:timers/promises';
import type { Identifier, Resource } from '@medplum/fhirtypes';
import { answer } from '../../conformance/answers.ts';
import type { Writer, WriterRig } from '../../conformance/writer-rig.ts';
import { waitFor } from '../../support/index.ts';

export interface UnderFire {
  studies: number;
  /** Reports under way at once, all writers together. */
  atOnce: number;
  kills: number;
  faults: number;
  /** Resources that carry an identifier which another one of their type carries too. */
  duplicates: number;
  /** Reports and findings that were said and are not there. */
  lost: number;
  /** Literal references that lead to nothing. */
  dangling: number;
}

const writers = 4;
const atOnceEach = 16;
const killEveryMs = 2_500;
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

/**
 * Says every answer twice to writers that are killed again and again, at a server whose answers get lost or are refused now and
 * then, and counts what is there in the end.
 */
export async function tellUnderFire(rig: WriterRig, studies: number): Promise<UnderFire> {
  const site = { ehr: { atOnce: atOnceEach, requestsPerSecond: 100_000 } };
  const running = await Promise.all(Array.from({ length: writers }, () => rig.startWriter(site)));
  let faults = 0;
  rig.proxy.before = () => (Math.random() < 0.03 ? (faults++, { status: 503, body: '{}' }) : undefined);
  rig.proxy.after = ({ method }) => (method === 'POST' && Math.random() < 0.05 ? (faults++, 'drop') : 'deliver');
  const answers = Array.from({ length: studies }, () => answer({ images: findingsEach }));
  await rig.say(...answers, ...answers);
  const uids = answers.map(({ study }) => study.studyInstanceUid);
  const kills = await killUntil(rig, running, site, () => isTold(rig, uids));
  rig.proxy.reset();
  await waitFor(() => isTold(rig, uids), { timeout: 600_000, interval: 500 });
  await Promise.all(running.map((one) => one.stop()));
  const held = (await Promise.all(types.map((type) => everyOne(rig, type)))).flat();
  return {
    studies,
    atOnce: writers * atOnceEach,
    kills,
    faults,
    duplicates: duplicatesIn(held),
    lost: lostOf(held, uids),
    dangling: danglingIn(held),
  };
}

async function killUntil(
  rig: WriterRig,
  running: Writer[],
  site: Parameters<WriterRig['startWriter']>[0],
  isDone: () => Promise<boolean>,
): Promise<number> {
  let kills = 0;
  while (!(await isDone())) {
    await pause(killEveryMs);
    const which = Math.floor(Math.random() * running.length);
    await running[which]?.kill();
    kills++;
    running[which] = await rig.startWriter(site);
  }
  return kills;
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
  JSON.stringify(held, (key, value: unknown) => {
    if (key === 'reference' && typeof value === 'string' && !known.has(value.replace(/\/_history\/.*$/, '')))
      dangling++;
    return value;
  });
  return dangling;
}
