import { type MessageOf, topics } from '@sightline/contracts';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import type { RoleRow } from './model-roles.ts';

const topic = 'model.role-changed.v1';

/**
 * Says once more how every version stands, under the ids it was said by: known to those who heard it, and the whole picture for one
 * whose database was lost or restored from before. Resolves to how many versions that were.
 */
export async function retellRoles(tx: Tx, outbox: Outbox<Tx>): Promise<number> {
  const rows = await tx.query<(RoleRow & { primary_version: string | null })[]>(
    `select model_role.*,
       (select version from model_role one where one.name = model_role.name and role = 'primary') as primary_version
     from model_role order by decided_at`,
  );
  for (const row of rows) {
    const body = messageOf(row);
    if (!(await outbox.again(tx, topic, topics[topic].id(body)))) await outbox.add(tx, topic, body);
  }
  return rows.length;
}

function messageOf(row: RoleRow & { primary_version: string | null }): MessageOf<typeof topic> {
  const { name, version, worker, role, decided_by, decided_at, primary_version } = row;
  return {
    model: { name, version },
    worker,
    role,
    decidedBy: decided_by,
    decidedAt: decided_at.toISOString(),
    ...(primary_version === null ? {} : { primary: primary_version }),
  };
}
