import { describe, expect, it } from '@jest/globals';
import type { ModelManifest, ModelRole } from '@sightline/contracts';
import { type HeardRole, standingRoles } from './standing-roles.ts';

function manifest(version: string, role: ModelRole, name = 'reader'): ModelManifest {
  return { name, version, role } as ModelManifest;
}

let clock = 0;
function heard(version: string, role: ModelRole, primary: string | undefined, at = (clock += 1)): HeardRole {
  return { name: 'reader', version, role, primary, decidedAt: new Date(at) };
}

const roles = (manifests: ModelManifest[], said: HeardRole[]): Record<string, string> =>
  Object.fromEntries(standingRoles(manifests, said));

describe('standingRoles', () => {
  it('goes by the manifests while nothing was said of a model, the highest of several primaries alone', () => {
    const shelf = [manifest('1.9.0', 'primary'), manifest('1.10.0', 'primary'), manifest('2.0.0', 'shadow')];
    expect(roles(shelf, [])).toEqual({
      'reader@1.9.0': 'candidate',
      'reader@1.10.0': 'primary',
      'reader@2.0.0': 'shadow',
    });
  });

  it('goes by what was said alone from the first word on a model on, and only for that model', () => {
    const shelf = [manifest('1.0.0', 'primary'), manifest('2.0.0', 'primary'), manifest('1.0.0', 'primary', 'other')];
    expect(roles(shelf, [heard('1.0.0', 'candidate', undefined)])).toEqual({
      'reader@1.0.0': 'candidate',
      'other@1.0.0': 'primary',
    });
  });

  it('sees one primary whichever half of a swap it heard first', () => {
    const shelf = [manifest('1.0.0', 'primary'), manifest('2.0.0', 'shadow')];
    const before = [heard('1.0.0', 'primary', '1.0.0', 1), heard('2.0.0', 'shadow', '1.0.0', 2)];
    const [old, successor] = [heard('1.0.0', 'retired', '2.0.0', 3), heard('2.0.0', 'primary', '2.0.0', 3)];
    const after = { 'reader@1.0.0': 'retired', 'reader@2.0.0': 'primary' };
    expect(roles(shelf, [old, before[1] ?? old])).toEqual(after);
    expect(roles(shelf, [before[0] ?? old, successor])).toEqual(after);
    expect(roles(shelf, [old, successor])).toEqual(after);
  });
});
