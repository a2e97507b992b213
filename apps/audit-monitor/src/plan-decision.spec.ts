import { describe, expect, it } from '@jest/globals';
import type { ModelRole } from '@sightline/contracts';
import { planDecision, type Standing } from './plan-decision.ts';

function standing(roles: Record<string, ModelRole>, formerPrimaries: string[] = []): Standing {
  return { name: 'reader', revision: 7, roles: new Map(Object.entries(roles)), formerPrimaries };
}

describe('planDecision', () => {
  it('promotes a version and retires the primary of before in one plan', () => {
    expect(planDecision(standing({ '1.0.0': 'primary', '1.1.0': 'shadow' }, ['1.0.0']), '1.1.0', 'promote')).toEqual({
      kind: 'moves',
      moves: [
        { version: '1.0.0', from: 'primary', to: 'retired' },
        { version: '1.1.0', from: 'shadow', to: 'primary' },
      ],
    });
  });

  it('promotes the first primary of a model that never had one', () => {
    expect(planDecision(standing({ '1.0.0': 'shadow' }), '1.0.0', 'promote')).toEqual({
      kind: 'moves',
      moves: [{ version: '1.0.0', from: 'shadow', to: 'primary' }],
    });
  });

  it('rolls back to the latest former primary that may come back, whatever it has been since', () => {
    const roles = { '1.0.0': 'retired', '1.1.0': 'rolled-back', '1.2.0': 'shadow', '2.0.0': 'primary' } as const;
    const moved = (former: string[]) => planDecision(standing(roles, former), '2.0.0', 'rollback');
    expect(moved(['2.0.0', '1.1.0', '1.0.0'])).toEqual({
      kind: 'moves',
      moves: [
        { version: '2.0.0', from: 'primary', to: 'rolled-back' },
        { version: '1.0.0', from: 'retired', to: 'primary' },
      ],
    });
    expect(moved(['2.0.0', '1.2.0', '1.0.0'])).toMatchObject({
      moves: [{ version: '2.0.0' }, { version: '1.2.0', from: 'shadow', to: 'primary' }],
    });
  });

  it('never leaves a model without a primary', () => {
    const only = standing({ '1.0.0': 'primary', '1.1.0': 'rolled-back' }, ['1.0.0', '1.1.0']);
    for (const decision of ['retire', 'rollback', 'shadow'] as const)
      expect(planDecision(only, '1.0.0', decision)).toMatchObject({ kind: 'refused', why: 'illegal' });
  });

  it('says why in one sentence', () => {
    const roles = standing({ '1.0.0': 'primary', '1.1.0': 'candidate', '1.2.0': 'retired' });
    const message = (...about: [string, 'promote' | 'retire' | 'shadow' | 'rollback']) => {
      const plan = planDecision(roles, ...about);
      return plan.kind === 'refused' ? plan.message : plan.kind;
    };
    expect(message('9.9.9', 'promote')).toBe('reader@9.9.9 is not known here');
    expect(message('1.0.0', 'promote')).toBe('reader@1.0.0 is primary and cannot be promoted');
    expect(message('1.1.0', 'promote')).toBe(
      'reader@1.1.0 is candidate and cannot be promoted before it has been a shadow',
    );
    expect(message('1.0.0', 'retire')).toMatch(/is primary: promote its successor or roll it back/);
    expect(message('1.1.0', 'rollback')).toBe('reader@1.1.0 is candidate and cannot be rolled back');
    expect(message('1.0.0', 'rollback')).toMatch(/no earlier primary is left/);
    expect(message('1.2.0', 'retire')).toBe('reader@1.2.0 is retired and cannot be retired');
  });
});
