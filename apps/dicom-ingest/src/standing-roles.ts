import type { ModelManifest, ModelRole } from '@sightline/contracts';

/** What was last heard of one version: its part, and who was primary once that decision stood. */
export interface HeardRole {
  name: string;
  version: string;
  role: ModelRole;
  primary: string | undefined;
  /** Grows with every decision on a model. */
  decidedAt: Date;
}

/**
 * The part each version on the shelf plays, by `name@version`. What audit-monitor said of a model is all that counts, from its first
 * word on; until then its manifests' own roles do, so that a new mesh reads its first study. A version that is not heard of
 * beside others that are plays no part.
 *
 * Each message names the primary of its decision, and the newest decision names the primary of today: whoever heard one half
 * of a swap sees one primary, whichever half it was.
 */
export function standingRoles(
  manifests: readonly ModelManifest[],
  heard: readonly HeardRole[],
): ReadonlyMap<string, ModelRole> {
  const heardByName = Map.groupBy(heard, ({ name }) => name);
  const standing = [...Map.groupBy(manifests, ({ name }) => name)].flatMap(([name, versions]) => {
    const said = heardByName.get(name);
    return said === undefined ? begunWith(versions) : heardOf(said);
  });
  return new Map(standing);
}

type Standing = [version: string, role: ModelRole];

/** Of several that claim to be primary the highest version is, and the others play no part: as audit-monitor will decide. */
function begunWith(versions: readonly ModelManifest[]): Standing[] {
  const [primary] = versions.filter(({ role }) => role === 'primary').toSorted(newestFirst);
  return versions.map((manifest) => {
    const claims = manifest.role === 'primary' && manifest !== primary;
    return [reference(manifest), claims ? 'candidate' : manifest.role];
  });
}

function heardOf(said: readonly HeardRole[]): Standing[] {
  const latest = said.reduce((one, other) => (other.decidedAt > one.decidedAt ? other : one));
  const { primary } = latest;
  const roles = said.map((one): Standing => {
    // Its successor is known already, the word that it makes way is still to come.
    const role = one.role === 'primary' && one.version !== primary ? 'retired' : one.role;
    return [reference(one), role];
  });
  return primary === undefined ? roles : [...roles, [reference({ name: latest.name, version: primary }), 'primary']];
}

function reference({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

function newestFirst(one: ModelManifest, other: ModelManifest): number {
  return -one.version.localeCompare(other.version, 'en', { numeric: true });
}
