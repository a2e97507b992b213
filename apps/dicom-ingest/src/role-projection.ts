import type { ModelRole, ModelRoleChanged } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';
import type { HeardRole } from './standing-roles.ts';

/** Keeps what was said of a version, unless something newer is known: replays and disorder change nothing. */
export async function projectRole(tx: Tx, { model, role, decidedAt, primary }: ModelRoleChanged): Promise<void> {
  await tx.query(
    `insert into model_role (name, version, role, primary_version, decided_at) values ($1, $2, $3, $4, $5)
     on conflict (name, version) do update
     set role = excluded.role, primary_version = excluded.primary_version, decided_at = excluded.decided_at
     where model_role.decided_at < excluded.decided_at`,
    [model.name, model.version, role, primary ?? (role === 'primary' ? model.version : null), decidedAt],
  );
}

interface RoleRow {
  name: string;
  version: string;
  role: ModelRole;
  primary_version: string | null;
  decided_at: Date;
}

/** All that was ever heard, one row per version. */
export async function heardRoles(tx: Pick<Tx, 'query'>): Promise<HeardRole[]> {
  const rows = await tx.query<RoleRow[]>('select name, version, role, primary_version, decided_at from model_role');
  return rows.map(({ name, version, role, primary_version, decided_at }) => ({
    name,
    version,
    role,
    primary: primary_version ?? undefined,
    decidedAt: decided_at,
  }));
}
