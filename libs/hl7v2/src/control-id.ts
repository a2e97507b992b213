import type { Digest, ResultSet } from '@sightline/findings';
import { reportNumber } from './identifiers.ts';

/**
 * MSH-10: the same for the same edition of a report to the same destination, however often it is sent, and another for any
 * other. 20 characters are all it may have (v2.5.1 2.14.9.10).
 */
export function controlIdOf(set: ResultSet, destination: string, digest: Digest): string {
  return digest(JSON.stringify([reportNumber(set, digest), set.edition, destination])).slice(0, 20);
}
