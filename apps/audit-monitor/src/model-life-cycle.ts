import type { ModelRole } from '@sightline/contracts';

/**
 * What moves a version from one part to the next. `make-way` is what a promotion does to the primary of before, `reinstate` what a
 * roll-back does to the primary before that.
 */
export type Step = 'shadow' | 'canary' | 'promote' | 'make-way' | 'retire' | 'roll-back' | 'reinstate';

/**
 * Every legal step; what is not here is illegal. Nobody comes before patients without having been a shadow first, and a primary
 * goes only as another takes its place. No door leads to `canary` until routing can share studies out.
 */
const steps: Readonly<Record<ModelRole, Readonly<Partial<Record<Step, ModelRole>>>>> = {
  candidate: { shadow: 'shadow', retire: 'retired' },
  shadow: { canary: 'canary', promote: 'primary', reinstate: 'primary', retire: 'retired' },
  canary: { shadow: 'shadow', promote: 'primary', reinstate: 'primary', retire: 'retired' },
  primary: { 'make-way': 'retired', 'roll-back': 'rolled-back' },
  retired: { shadow: 'shadow', reinstate: 'primary' },
  'rolled-back': { shadow: 'shadow' },
};

/** The part a version plays after a step, or undefined where the step is illegal. */
export function after(role: ModelRole, step: Step): ModelRole | undefined {
  return steps[role][step];
}

/** True where some step leads from one part to the other. */
export function mayBecome(from: ModelRole, to: ModelRole): boolean {
  return Object.values(steps[from]).includes(to);
}
