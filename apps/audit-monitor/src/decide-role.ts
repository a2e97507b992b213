import { readModelsFolder, type VersionFolder } from '@sightline/models';
import type { Tx } from '@sightline/persistence';
import type { User } from '@sightline/platform';
import type { AnnounceDecision } from './announce-decision.ts';
import { missingEvidence } from './missing-evidence.ts';
import { lockModel, moveVersions } from './model-roles.ts';
import { type Decision, type Move, planDecision, type Standing } from './plan-decision.ts';
import type { Transactions } from './transactions.ts';

export interface DecisionRequest {
  name: string;
  version: string;
  decision: Decision;
  reason: string;
  /** The revision the person looked at: another by now, and the decision is stale. */
  expectedRevision?: number | undefined;
  /** Says what would happen, and leaves everything as it is. */
  dryRun?: boolean | undefined;
}

export type DecisionOutcome =
  | { kind: 'decided'; revision: number; decidedAt: Date; moves: Move[] }
  | { kind: 'would-be'; revision: number; moves: Move[] }
  | Refusal;

interface Refusal {
  kind: 'refused';
  why: 'unknown' | 'stale' | 'illegal' | 'evidence';
  message: string;
  missing?: string[];
}

/** One decision of a person, in one transaction under the model's lock: table, evidence, swap, messages, audit. */
export class DecideRole {
  constructor(
    private readonly transactions: Transactions,
    private readonly announce: AnnounceDecision,
    private readonly modelsDir: string,
  ) {}

  async decide(request: DecisionRequest, user: User): Promise<DecisionOutcome> {
    const agent = { kind: 'person', name: user.subject, role: 'operator' } as const;
    return this.transactions.run(async (tx): Promise<DecisionOutcome> => {
      const outcome = await this.attempt(tx, request, user.subject);
      if (outcome.kind === 'decided')
        await this.announce.made(tx, request.name, outcome.moves, {
          ...outcome,
          decidedBy: user.subject,
          reason: request.reason,
          agent,
        });
      if (outcome.kind === 'refused' && request.dryRun !== true)
        await this.announce.refused(tx, request, agent, `${request.decision}: ${outcome.message}`);
      return outcome;
    });
  }

  private async attempt(tx: Tx, request: DecisionRequest, decidedBy: string): Promise<DecisionOutcome> {
    const { name, version, decision, expectedRevision, reason } = request;
    const standing = await lockModel(tx, name);
    if (standing === undefined) return { kind: 'refused', why: 'unknown', message: `no model ${name} is known here` };
    const { revision } = standing;
    if (expectedRevision !== undefined && expectedRevision !== revision)
      return {
        kind: 'refused',
        why: 'stale',
        message: `${name} is at revision ${revision}, not ${expectedRevision}: somebody decided meanwhile`,
      };
    const plan = planDecision(standing, version, decision);
    if (plan.kind === 'refused') return plan;
    const refusal = await this.vouchFor(tx, standing, plan.moves);
    if (refusal !== undefined) return refusal;
    if (request.dryRun === true) return { kind: 'would-be', revision, moves: plan.moves };
    const decided = await moveVersions(tx, name, plan.moves, { decidedBy, reason });
    return { kind: 'decided', ...decided, moves: plan.moves };
  }

  /** Whoever is to run from now on is there as it was when it was first seen, with all that its new part needs. */
  private async vouchFor(tx: Tx, { name }: Standing, moves: readonly Move[]): Promise<Refusal | undefined> {
    const onDisk = await readModelsFolder(this.modelsDir);
    for (const { version, to } of moves) {
      if (to !== 'primary' && to !== 'shadow' && to !== 'canary') continue;
      const folder = onDisk.versions.find(({ manifest }) => manifest.name === name && manifest.version === version);
      const missing =
        folder === undefined
          ? ['no folder with its model.json']
          : [...(await changedSince(tx, folder)), ...(await missingEvidence(folder, to))];
      if (missing.length > 0)
        return {
          kind: 'refused',
          why: 'evidence',
          message: `${name}@${version} cannot be ${to}: ${missing.join('; ')}`,
          missing,
        };
    }
    return undefined;
  }
}

async function changedSince(tx: Tx, { manifest: { name, version }, manifestSha256 }: VersionFolder): Promise<string[]> {
  const [row] = await tx.query<{ manifest_sha256: string }[]>(
    'select manifest_sha256 from model_role where name = $1 and version = $2',
    [name, version],
  );
  return row?.manifest_sha256 === manifestSha256
    ? []
    : ['model.json is not the one that was first seen: a change is a new version'];
}
