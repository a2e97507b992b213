import type { ModelRole } from '@sightline/contracts';
import type { ModelsOnDisk } from '@sightline/models';
import type { Tx } from '@sightline/persistence';
import { missingEvidence } from './missing-evidence.ts';
import type { RoleRow } from './model-roles.ts';
import { type Agreement, agreements } from './record-reading.ts';

/** A version as a person who decides sees it. */
export interface VersionStatus {
  version: string;
  role: ModelRole;
  worker: string;
  decidedBy: string;
  decidedAt: string;
  reason: string;
  /** What it lacks to be primary; empty where nothing is missing. */
  missing: string[];
  /** With the primary beside it, where it was ever a shadow. */
  agreement?: Agreement;
}

export interface ModelStatus {
  name: string;
  /** To be sent back with a decision, so that one made on an old picture is refused. */
  revision: number;
  versions: VersionStatus[];
}

/** Every model and version ever seen, newest version first. */
export async function modelStatus(tx: Pick<Tx, 'query'>, onDisk: ModelsOnDisk): Promise<ModelStatus[]> {
  const rows = await tx.query<(RoleRow & { revision: number })[]>(
    'select model_role.*, model.revision from model_role join model using (name) order by name',
  );
  const compared = await agreements(tx);
  const models = [...Map.groupBy(rows, ({ name }) => name)];
  return Promise.all(
    models.map(async ([name, versions]) => ({
      name,
      revision: versions[0]?.revision ?? 0,
      versions: await Promise.all(
        versions.toSorted(newestFirst).map((row) => versionStatus(row, onDisk, compared.get(`${name}@${row.version}`))),
      ),
    })),
  );
}

async function versionStatus(
  row: RoleRow,
  { versions }: ModelsOnDisk,
  agreement: Agreement | undefined,
): Promise<VersionStatus> {
  const { name, version, role, worker, decided_by, decided_at, reason } = row;
  const folder = versions.find(({ manifest }) => manifest.name === name && manifest.version === version);
  return {
    version,
    role,
    worker,
    decidedBy: decided_by,
    decidedAt: decided_at.toISOString(),
    reason,
    missing: folder === undefined ? ['no folder with its model.json'] : await missingEvidence(folder, 'primary'),
    ...(agreement === undefined ? {} : { agreement }),
  };
}

function newestFirst(one: RoleRow, other: RoleRow): number {
  return -one.version.localeCompare(other.version, 'en', { numeric: true });
}
