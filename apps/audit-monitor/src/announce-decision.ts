import { randomUUID } from 'node:crypto';
import type { AuditRecorded, Worker } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import type { Decided, Grounds } from './model-roles.ts';
import type { Move } from './plan-decision.ts';

export type Agent = AuditRecorded['agent'];

/** Tells of decisions in the transaction that makes them true: role changes for those who route, audit for everyone. */
export class AnnounceDecision {
  constructor(private readonly outbox: Outbox<Tx>) {}

  async made(
    tx: Tx,
    name: string,
    moves: readonly Move[],
    decision: Decided & Grounds & { agent: Agent },
  ): Promise<void> {
    const { decidedBy, revision, agent, reason } = decision;
    const decidedAt = decision.decidedAt.toISOString();
    const rows = await tx.query<{ version: string; worker: Worker; role: string }[]>(
      'select version, worker, role from model_role where name = $1',
      [name],
    );
    const primary = rows.find(({ role }) => role === 'primary')?.version;
    for (const { version, to } of moves) {
      const worker = rows.find((row) => row.version === version)?.worker;
      if (worker === undefined) throw new Error(`${name}@${version} moved and has no row`);
      await this.outbox.add(tx, 'model.role-changed.v1', {
        model: { name, version },
        worker,
        role: to,
        decidedBy,
        decidedAt,
        ...(primary === undefined ? {} : { primary }),
      });
    }
    await this.audit(tx, {
      id: `audit/model-role-changed/${name}/${revision}`,
      subject: name,
      recordedAt: decidedAt,
      outcome: '0',
      outcomeText: reason,
      agent,
      entities: moves.map(({ version, from = 'unknown', to }) => ({
        kind: 'model',
        id: `${name}@${version}`,
        detail: `${from} → ${to}`,
      })),
    });
  }

  /** A refusal is an event of its own each time somebody tried. */
  async refused(tx: Tx, model: { name: string; version: string }, agent: Agent, why: string): Promise<void> {
    await this.audit(tx, {
      id: `audit/model-role-refused/${randomUUID()}`,
      subject: model.name,
      recordedAt: new Date().toISOString(),
      outcome: '4',
      outcomeText: why.slice(0, 1_000),
      agent,
      entities: [{ kind: 'model', id: `${model.name}@${model.version}` }],
    });
  }

  private async audit(tx: Tx, event: Omit<AuditRecorded, 'app' | 'type' | 'action'>): Promise<void> {
    await this.outbox.add(tx, 'audit.recorded.v1', {
      ...event,
      app: 'audit-monitor',
      type: concept(codes.local.modelRoleChanged),
      action: 'U',
    });
  }
}
