import type { ModelRole } from '@sightline/contracts';
import { readModelsFolder, type VersionFolder } from '@sightline/models';
import type { Tx } from '@sightline/persistence';
import type { Logger } from '@sightline/platform';
import type { AnnounceDecision } from './announce-decision.ts';
import { missingEvidence } from './missing-evidence.ts';
import { addVersion, lockModel, noteModel, type RoleRow } from './model-roles.ts';
import { primaryOf, type Standing } from './plan-decision.ts';
import type { Transactions } from './transactions.ts';

const agent = { kind: 'app', name: 'audit-monitor' } as const;

/** The part a version begins with: its manifest's, unless another is primary or what the part needs is not there. */
interface Beginning {
  role: ModelRole;
  reason: string;
}

/** Gives versions that appear in the models folder their first part. Any number of replicas may look at once. */
export class FirstSight {
  /** Complaints already made, so that a folder that stays wrong is one line. */
  private readonly said = new Set<string>();

  constructor(
    private readonly transactions: Transactions,
    private readonly announce: AnnounceDecision,
    private readonly log: Logger,
    private readonly modelsDir: string,
  ) {}

  /** Resolves to how many versions were new. */
  async look(): Promise<number> {
    const { versions, refused } = await readModelsFolder(this.modelsDir);
    for (const { folder, reason } of refused) this.complainOnce('model-refused', folder, reason);
    const known = await this.transactions.run((tx) =>
      tx.query<Pick<RoleRow, 'name' | 'version' | 'role' | 'manifest_sha256'>[]>(
        'select name, version, role, manifest_sha256 from model_role',
      ),
    );
    const unknown: VersionFolder[] = [];
    for (const folder of versions) {
      const row = known.find(({ name, version }) => isOf(folder, name, version));
      if (row === undefined) unknown.push(folder);
      else if (row.manifest_sha256 !== folder.manifestSha256)
        this.complainOnce('model-changed', `${row.name}@${row.version}`, 'model.json is not the one first seen');
    }
    for (const { name, version } of known.filter(({ role }) => role === 'primary'))
      if (!versions.some((folder) => isOf(folder, name, version)))
        this.complainOnce('primary-without-folder', `${name}@${version}`, 'studies it should read are read by none');
    let count = 0;
    for (const folder of unknown.toSorted(byClaim)) if (await this.meet(folder)) count += 1;
    return count;
  }

  private async meet(folder: VersionFolder): Promise<boolean> {
    const { name, version, worker } = folder.manifest;
    const missing = await missingEvidence(folder, folder.manifest.role);
    return this.transactions.run(async (tx) => {
      const standing = await this.lock(tx, name);
      if (standing.roles.has(version)) return false;
      const { role, reason } = beginningOf(folder, standing, missing);
      const { manifestSha256 } = folder;
      const grounds = { decidedBy: agent.name, reason };
      const decided = await addVersion(tx, name, { version, worker, manifestSha256, role }, grounds);
      await this.announce.made(tx, name, [{ version, to: role }], { ...decided, ...grounds, agent });
      this.log.info('model-first-seen', { model: `${name}@${version}`, role, reason });
      return true;
    });
  }

  private async lock(tx: Tx, name: string): Promise<Standing> {
    await noteModel(tx, name);
    const standing = await lockModel(tx, name);
    if (standing === undefined) throw new Error(`${name} has no row to lock`);
    return standing;
  }

  private complainOnce(event: string, what: string, reason: string): void {
    const line = `${event} ${what} ${reason}`;
    if (this.said.has(line)) return;
    this.said.add(line);
    this.log.warn(event, { what, reason });
  }
}

function beginningOf({ manifest: { role } }: VersionFolder, standing: Standing, missing: readonly string[]): Beginning {
  const primary = primaryOf(standing.roles);
  if (role === 'primary' && primary !== undefined)
    return { role: 'candidate', reason: `its manifest says primary, but ${primary} is` };
  if (missing.length > 0) return { role: 'candidate', reason: `its manifest says ${role}, but ${missing.join('; ')}` };
  return { role, reason: `its manifest says ${role}` };
}

/** Of several that claim to be primary the highest version is. */
function byClaim({ manifest: one }: VersionFolder, { manifest: other }: VersionFolder): number {
  const claims = Number(other.role === 'primary') - Number(one.role === 'primary');
  return claims || -one.version.localeCompare(other.version, 'en', { numeric: true });
}

function isOf({ manifest }: VersionFolder, name: string, version: string): boolean {
  return manifest.name === name && manifest.version === version;
}
