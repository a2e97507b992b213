import { codes } from './codes.ts';
import type { Finding } from './finding.ts';

/** Findings that somebody must be told of at once when they are present. */
const critical: readonly { system: string; code: string }[] = [codes.snomed.intracranialHaemorrhage];

export function isCritical({ concept, presence }: Pick<Finding, 'concept' | 'presence'>): boolean {
  return (
    presence === 'present' && critical.some(({ system, code }) => system === concept.system && code === concept.code)
  );
}
