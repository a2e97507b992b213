import { describe, expect, it } from '@jest/globals';
import type { Worker } from '@sightline/contracts';
import { testManifest } from '../../../../test/support/test-manifest.ts';
import { reportKind } from './report-kind.ts';

function kindOf(worker: Worker, modality: string[], bodyPart: string[]) {
  const { category, code } = reportKind(testManifest({ worker, applicability: { modality, bodyPart, scores: [] } }));
  return { category: category.map((each) => each.code), code: code.code };
}

const radiology = ['LP29684-5', 'RAD'];

describe('a report is filed', () => {
  it.each<[string, Worker, string[], string[], string[], string]>([
    ['a chest radiograph', 'xray', ['CR', 'DX'], ['CHEST'], radiology, '30745-4'],
    ['a head CT', 'ct', ['CT'], ['HEAD', 'BRAIN', 'SKULL'], radiology, '24725-4'],
    ['an OCT of the retina', 'ophthalmic', ['OPT'], ['EYE', 'RETINA'], ['394594003'], '57119-0'],
    ['a photograph of the eye', 'ophthalmic', ['OP'], ['EYE'], ['394594003'], '18748-4'],
    ['a chest CT', 'ct', ['CT'], ['CHEST'], radiology, '18748-4'],
    ['a CT of chest or head', 'ct', ['CT'], ['CHEST', 'HEAD'], radiology, '18748-4'],
    ['a radiograph of the skull', 'xray', ['DX'], ['SKULL'], radiology, '18748-4'],
  ])('as %s', (_, worker, modality, bodyPart, category, code) => {
    expect(kindOf(worker, modality, bodyPart)).toEqual({ category, code });
  });
});
