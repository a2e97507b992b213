import { describe, expect, it } from '@jest/globals';
import { sayWhyNotRead } from './say-why-not-read.ts';

const paediatric = {
  modality: ['DX', 'CR'],
  bodyPart: ['CHEST'],
  view: ['AP', 'PA'],
  age: { minYears: 1, maxYears: 5, unknown: 'refuse' as const },
  scores: [],
};

describe('why a model did not read', () => {
  it.each([
    ['age-unknown', 'Not read: patient age unknown; this model reads children of 1–5 years.'],
    ['age-out-of-range', 'Not read: patient outside the age range; this model reads children of 1–5 years.'],
    ['wrong-view', 'Not read: view not named or another one; this model reads AP and PA views.'],
    ['wrong-body-part', 'Not read: body part not named or another one; this model reads chest.'],
    ['no-model', 'Not read: no model here reads MR.'],
  ] as const)('says %s in words', (reason, sentence) => {
    expect(sayWhyNotRead(reason, ['MR'], paediatric).sentence).toBe(sentence);
  });

  it('lists more than two parts as one would say them', () => {
    const head = { modality: ['CT'], bodyPart: ['HEAD', 'BRAIN', 'SKULL'], scores: [] };
    expect(sayWhyNotRead('wrong-body-part', ['CT'], head).sentence).toBe(
      'Not read: body part not named or another one; this model reads head, brain and skull.',
    );
  });

  it('stays silent on what an unknown model reads', () => {
    expect(sayWhyNotRead('age-unknown', ['DX']).sentence).toBe('Not read: patient age unknown.');
  });
});
