import type { ModelEvidence, ModelRole } from './model-manifest.ts';

const beforePatients = ['evaluation', 'gates', 'explanation', 'golden', 'card'] as const;

/** Kinds of evidence a version's manifest must name, and its folder hold, before the version may play a part. */
export const evidenceNeeded: Readonly<Record<ModelRole, readonly ModelEvidence['kind'][]>> = {
  candidate: [],
  shadow: ['golden'],
  canary: beforePatients,
  primary: beforePatients,
  retired: [],
  'rolled-back': [],
};
