import type { ModelRole } from '@sightline/contracts';
import { after } from './model-life-cycle.ts';

/** What a person may decide about a version. */
export const decisions = ['shadow', 'promote', 'retire', 'rollback'] as const;
export type Decision = (typeof decisions)[number];

/** The versions of one model as they stand, read under its lock. */
export interface Standing {
  name: string;
  /** Counts the decisions on this model. */
  revision: number;
  roles: ReadonlyMap<string, ModelRole>;
  /** Versions that were primary at some time, the latest first. */
  formerPrimaries: readonly string[];
}

/** One version moved; `from` is absent where it was never seen before. */
export interface Move {
  version: string;
  from?: ModelRole;
  to: ModelRole;
}

/** `moves`: who gives way first. `refused`: one sentence for the person who decided. */
export type Plan = { kind: 'moves'; moves: Move[] } | { kind: 'refused'; why: 'unknown' | 'illegal'; message: string };

/** What a decision about `version` moves: one version, or a primary and its successor together. */
export function planDecision(standing: Standing, version: string, decision: Decision): Plan {
  const role = standing.roles.get(version);
  if (role === undefined) return refused('unknown', `${standing.name}@${version} is not known here`);
  switch (decision) {
    case 'shadow':
    case 'retire':
      return alone(standing, version, role, decision);
    case 'promote':
      return promote(standing, version, role);
    case 'rollback':
      return rollBack(standing, version, role);
  }
}

function alone({ name }: Standing, version: string, from: ModelRole, step: 'shadow' | 'retire'): Plan {
  const to = after(from, step);
  if (to !== undefined) return { kind: 'moves', moves: [{ version, from, to }] };
  if (from === 'primary')
    return refused('illegal', `${name}@${version} is primary: promote its successor or roll it back, then it goes`);
  return illegal(name, version, from, step === 'shadow' ? 'become a shadow' : 'be retired');
}

function promote({ name, roles }: Standing, version: string, from: ModelRole): Plan {
  const to = after(from, 'promote');
  if (to === undefined) {
    const how = from === 'primary' ? 'be promoted' : 'be promoted before it has been a shadow';
    return illegal(name, version, from, how);
  }
  const before = primaryOf(roles);
  return { kind: 'moves', moves: [...steppingDown(before, 'make-way'), { version, from, to }] };
}

function rollBack({ name, roles, formerPrimaries }: Standing, version: string, from: ModelRole): Plan {
  if (after(from, 'roll-back') === undefined) return illegal(name, version, from, 'be rolled back');
  for (const former of formerPrimaries) {
    const role = roles.get(former);
    const to = role === undefined || former === version ? undefined : after(role, 'reinstate');
    if (role === undefined || to === undefined) continue;
    return { kind: 'moves', moves: [...steppingDown(version, 'roll-back'), { version: former, from: role, to }] };
  }
  return refused('illegal', `${name}@${version} cannot be rolled back: no earlier primary is left to take its place`);
}

function steppingDown(version: string | undefined, step: 'make-way' | 'roll-back'): Move[] {
  const to = after('primary', step);
  return version === undefined || to === undefined ? [] : [{ version, from: 'primary', to }];
}

export function primaryOf(roles: ReadonlyMap<string, ModelRole>): string | undefined {
  return [...roles].find(([, role]) => role === 'primary')?.[0];
}

function illegal(name: string, version: string, role: ModelRole, what: string): Plan {
  return refused('illegal', `${name}@${version} is ${role} and cannot ${what}`);
}

function refused(why: 'unknown' | 'illegal', message: string): Plan {
  return { kind: 'refused', why, message };
}
