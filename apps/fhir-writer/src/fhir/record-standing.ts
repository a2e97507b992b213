import type { Identifier, Patient } from '@medplum/fhirtypes';
import { localReference } from './search-result.ts';

/** Whether a record still stands for its patient, or which one does in its place. */
export type RecordStanding = { kind: 'current' } | { kind: 'replaced'; by: string } | { kind: 'not-current' };

export function standingOf({ id, active, link }: Patient, baseUrl: string): RecordStanding {
  const replacements = (link ?? []).filter(({ type }) => type === 'replaced-by');
  if (replacements.length === 0) return active === false || id === undefined ? notCurrent : { kind: 'current' };
  const records = new Set(replacements.map(({ other }) => localReference(other, baseUrl)));
  const [by] = records;
  // Replaced by two, by one of another server, or by nobody who can be followed: whose it is now is not said here.
  return records.size === 1 && by?.startsWith('Patient/') === true ? { kind: 'replaced', by } : notCurrent;
}

/** True where an identifier is the record's today: one out of use may have been given to somebody else. */
export function carriesNow({ identifier }: Patient, { system, value }: Identifier, now = Date.now()): boolean {
  return (identifier ?? []).some(
    (one) =>
      one.system === system &&
      one.value === value &&
      one.use !== 'old' &&
      (one.period?.end === undefined || Date.parse(one.period.end) > now),
  );
}

const notCurrent: RecordStanding = { kind: 'not-current' };
