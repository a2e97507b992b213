import { describe, expect, it } from '@jest/globals';
import type { ModelRole } from '@sightline/contracts';
import { after, mayBecome, type Step } from './model-life-cycle.ts';

const roles: ModelRole[] = ['candidate', 'shadow', 'canary', 'primary', 'retired', 'rolled-back'];
const steps: Step[] = ['shadow', 'canary', 'promote', 'make-way', 'retire', 'roll-back', 'reinstate'];

const legal: Readonly<Record<string, readonly Step[]>> = {
  'candidate → shadow': ['shadow'],
  'candidate → retired': ['retire'],
  'shadow → canary': ['canary'],
  'shadow → primary': ['promote', 'reinstate'],
  'shadow → retired': ['retire'],
  'canary → shadow': ['shadow'],
  'canary → primary': ['promote', 'reinstate'],
  'canary → retired': ['retire'],
  'primary → retired': ['make-way'],
  'primary → rolled-back': ['roll-back'],
  'retired → shadow': ['shadow'],
  'retired → primary': ['reinstate'],
  'rolled-back → shadow': ['shadow'],
};

describe('the life cycle of a model version', () => {
  it.each(roles.flatMap((from) => roles.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
    const by = legal[`${from} → ${to}`] ?? [];
    expect(mayBecome(from, to)).toBe(by.length > 0);
    expect(steps.filter((step) => after(from, step) === to)).toEqual(by);
  });

  it('knows no step that retires or withdraws a primary by itself', () => {
    expect(after('primary', 'retire')).toBeUndefined();
    expect(after('primary', 'shadow')).toBeUndefined();
  });
});
