import type { Instance, ModelManifest } from '@sightline/contracts';
import { describe, expect, it } from '@jest/globals';
import { routeStudy } from './route-study.ts';

function instance(sopInstanceUid: string, modality: string, sha256 = 'a'): Instance {
  return { sopInstanceUid, modality, sha256 } as unknown as Instance;
}

function model(name: string, role: string, modalities: string[]): ModelManifest {
  return { name, version: '1.0.0', worker: 'xray', role, input: { modalities } } as unknown as ModelManifest;
}

const reader = model('reader', 'primary', ['DX', 'CR']);

describe('routeStudy', () => {
  it('shows a model exactly the instances of its modalities', () => {
    const [route] = routeStudy([instance('1.1', 'DX'), instance('1.2', 'US'), instance('1.3', 'CR')], [reader]);
    expect(route?.instances.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(['1.1', '1.3']);
  });

  it('asks shadow models too, and none that is candidate, canary, retired or rolled back', () => {
    const models = ['primary', 'shadow', 'candidate', 'canary', 'retired', 'rolled-back'].map((role) =>
      model(role, role, ['DX']),
    );
    expect(routeStudy([instance('1.1', 'DX')], models).map(({ role }) => role)).toEqual(['primary', 'shadow']);
  });

  it('has no route for a modality nobody reads', () => {
    expect(routeStudy([instance('1.1', 'MR')], [reader])).toEqual([]);
    expect(routeStudy([], [reader])).toEqual([]);
  });

  it('hashes the selection, whatever its order, and nothing but the selection', () => {
    const hash = (...instances: Instance[]): string | undefined => routeStudy(instances, [reader])[0]?.selectionSha256;
    const [one, two] = [instance('1.1', 'DX'), instance('1.2', 'DX')];
    expect(hash(one, two)).toBe(hash(two, one));
    expect(hash(one, two)).toBe(hash(one, two, instance('1.3', 'US')));
    expect(hash(one)).not.toBe(hash(one, two));
    expect(hash(one)).not.toBe(hash(instance('1.1', 'DX', 'b')));
  });
});
