import type { Instance, ModelManifest, ModelRole } from '@sightline/contracts';
import { describe, expect, it } from '@jest/globals';
import { routeStudy } from './route-study.ts';

function instance(sopInstanceUid: string, modality: string, sha256 = 'a'): Instance {
  return { sopInstanceUid, modality, sha256 } as unknown as Instance;
}

function model(name: string, modalities: string[]): ModelManifest {
  return { name, version: '1.0.0', worker: 'xray', input: { modalities } } as unknown as ModelManifest;
}

const reader = model('reader', ['DX', 'CR']);
const primary = new Map<string, ModelRole>([['reader@1.0.0', 'primary']]);

describe('routeStudy', () => {
  it('shows a model exactly the instances of its modalities', () => {
    const [route] = routeStudy(
      [instance('1.1', 'DX'), instance('1.2', 'US'), instance('1.3', 'CR')],
      [reader],
      primary,
    );
    expect(route?.instances.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(['1.1', '1.3']);
  });

  it('asks shadow models too, and none that is candidate, canary, retired, rolled back or of unknown role', () => {
    const all: ModelRole[] = ['primary', 'shadow', 'candidate', 'canary', 'retired', 'rolled-back'];
    const models = [...all, 'unknown'].map((name) => model(name, ['DX']));
    const roles = new Map(all.map((role) => [`${role}@1.0.0`, role]));
    expect(routeStudy([instance('1.1', 'DX')], models, roles).map(({ role }) => role)).toEqual(['primary', 'shadow']);
  });

  it('has no route for a modality nobody reads', () => {
    expect(routeStudy([instance('1.1', 'MR')], [reader], primary)).toEqual([]);
    expect(routeStudy([], [reader], primary)).toEqual([]);
  });

  it('hashes the selection, whatever its order, and nothing but the selection', () => {
    const hash = (...instances: Instance[]): string | undefined =>
      routeStudy(instances, [reader], primary)[0]?.selectionSha256;
    const [one, two] = [instance('1.1', 'DX'), instance('1.2', 'DX')];
    expect(hash(one, two)).toBe(hash(two, one));
    expect(hash(one, two)).toBe(hash(one, two, instance('1.3', 'US')));
    expect(hash(one)).not.toBe(hash(one, two));
    expect(hash(one)).not.toBe(hash(instance('1.1', 'DX', 'b')));
  });
});
