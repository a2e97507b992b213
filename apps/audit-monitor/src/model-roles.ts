import type { ModelRole, Worker } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';
import type { Move, Standing } from './plan-decision.ts';

/** One version and the part it plays, as the row says. */
export interface RoleRow {
  name: string;
  version: string;
  worker: Worker;
  role: ModelRole;
  manifest_sha256: string;
  decided_by: string;
  decided_at: Date;
  reason: string;
}

/** Who decided, and why. */
export interface Grounds {
  decidedBy: string;
  reason: string;
}

/** A decision that stands: `revision` and `decidedAt` grow with every decision on the model. */
export interface Decided {
  revision: number;
  decidedAt: Date;
}

/** Locks a model until the transaction ends and reads how it stands; undefined where nobody has seen it. */
export async function lockModel(tx: Tx, name: string): Promise<Standing | undefined> {
  const [model] = await tx.query<{ revision: number }[]>('select revision from model where name = $1 for update', [
    name,
  ]);
  if (model === undefined) return undefined;
  const rows = await tx.query<{ version: string; role: ModelRole }[]>(
    'select version, role from model_role where name = $1 order by version',
    [name],
  );
  const former = await tx.query<{ version: string }[]>(
    `select version from model_decision where name = $1 and to_role = 'primary'
     group by version order by max(revision) desc`,
    [name],
  );
  return {
    name,
    revision: model.revision,
    roles: new Map(rows.map(({ version, role }) => [version, role])),
    formerPrimaries: former.map(({ version }) => version),
  };
}

/** Makes sure that a model has a row to lock. */
export async function noteModel(tx: Tx, name: string): Promise<void> {
  await tx.query('insert into model (name) values ($1) on conflict do nothing', [name]);
}

/** A version seen for the first time. */
export async function addVersion(
  tx: Tx,
  name: string,
  seen: { version: string; worker: Worker; manifestSha256: string; role: ModelRole },
  grounds: Grounds,
): Promise<Decided> {
  const decided = await nextDecision(tx, name);
  await tx.query(
    `insert into model_role (name, version, worker, role, manifest_sha256, decided_by, decided_at, reason)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      name,
      seen.version,
      seen.worker,
      seen.role,
      seen.manifestSha256,
      grounds.decidedBy,
      decided.decidedAt,
      grounds.reason,
    ],
  );
  await noteMove(tx, name, { version: seen.version, to: seen.role }, decided, grounds);
  return decided;
}

/** Moves versions in the order given: the one that gives way comes before the one that takes its place. */
export async function moveVersions(tx: Tx, name: string, moves: readonly Move[], grounds: Grounds): Promise<Decided> {
  const decided = await nextDecision(tx, name);
  for (const move of moves) {
    await tx.query(
      `update model_role set role = $3, decided_by = $4, decided_at = $5, reason = $6 where name = $1 and version = $2`,
      [name, move.version, move.to, grounds.decidedBy, decided.decidedAt, grounds.reason],
    );
    await noteMove(tx, name, move, decided, grounds);
  }
  return decided;
}

/** Strictly later than any decision on this model before, whatever the clock says: hearers order by it. */
async function nextDecision(tx: Tx, name: string): Promise<Decided> {
  const [[row]] = await tx.query<[{ revision: number; decided_at: Date }[], number]>(
    `update model set revision = revision + 1,
       decided_at = greatest(date_trunc('milliseconds', clock_timestamp()), decided_at + interval '1 millisecond')
     where name = $1 returning revision, decided_at`,
    [name],
  );
  if (row === undefined) throw new Error(`a decision on ${name}, which has no row`);
  return { revision: row.revision, decidedAt: row.decided_at };
}

async function noteMove(tx: Tx, name: string, move: Move, decided: Decided, grounds: Grounds): Promise<void> {
  await tx.query(
    `insert into model_decision (name, revision, version, from_role, to_role, decided_by, decided_at, reason)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      name,
      decided.revision,
      move.version,
      move.from ?? null,
      move.to,
      grounds.decidedBy,
      decided.decidedAt,
      grounds.reason,
    ],
  );
}
