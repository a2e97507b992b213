import { describe, expect, it } from '@jest/globals';
import { checkedCode, codes, concept } from '@sightline/findings';
import { testManifest } from '../../../test/support/index.ts';
import { correctionsOf } from './corrections.ts';

const findings = [codes.snomed.pneumonia, codes.snomed.intracranialHaemorrhage, codes.snomed.macularOedema].map(
  concept,
);

describe('what is offered instead of a finding', () => {
  it.each(findings)('is something else than $display, and every code of it was checked', (finding) => {
    const offered = correctionsOf({ concept: finding }, undefined);
    expect(offered.length).toBeGreaterThan(0);
    expect(offered).not.toContainEqual(finding);
    for (const { system, code, display } of offered) expect(checkedCode(system, code)).toMatchObject({ display });
  });

  it('begins with what else its model looks for, each once', () => {
    const [output] = testManifest().outputs;
    if (output === undefined) throw new Error('the manifest has no output');
    const effusion = concept(codes.snomed.pleuralEffusion);
    const model = testManifest({ outputs: [output, { ...output, key: 'effusion', index: 1, finding: effusion }] });
    const offered = correctionsOf({ concept: concept(codes.snomed.pneumonia) }, model);
    expect(offered[0]).toEqual(effusion);
    expect(offered.filter(({ code }) => code === effusion.code)).toHaveLength(1);
  });

  it('is nothing for a finding the table does not know, of a model that is not here', () => {
    expect(correctionsOf({ concept: concept(codes.snomed.retina) }, undefined)).toEqual([]);
  });
});
