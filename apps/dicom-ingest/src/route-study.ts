import type { Instance, ModelManifest, ModelRole, RequestRole } from '@sightline/contracts';
import { createHash } from 'node:crypto';

/** A model to ask, and exactly what it is shown. */
export interface Route {
  model: ModelManifest;
  role: RequestRole;
  instances: Instance[];
  /** Over what the model is shown; equal for an equal selection. */
  selectionSha256: string;
}

function selectionSha256(instances: readonly Instance[]): string {
  const lines = instances.map(({ sopInstanceUid, sha256 }) => `${sopInstanceUid} ${sha256}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/**
 * Routes on modality alone: every other gate is the worker's, who can say why it refuses. `roles` by `name@version`; who plays no
 * part, or none that is asked, is not asked.
 */
export function routeStudy(
  instances: readonly Instance[],
  models: readonly ModelManifest[],
  roles: ReadonlyMap<string, ModelRole>,
): Route[] {
  return models.flatMap((model): Route[] => {
    const role = roles.get(`${model.name}@${model.version}`);
    const selected = instances.filter(({ modality }) => model.input.modalities.includes(modality));
    if ((role !== 'primary' && role !== 'shadow') || selected.length === 0) return [];
    return [{ model, role, instances: selected, selectionSha256: selectionSha256(selected) }];
  });
}
