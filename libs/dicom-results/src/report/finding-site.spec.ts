import { describe, expect, it } from '@jest/globals';
import { codes, concept } from '@sightline/findings';
import { sideOfCode, siteItems } from './finding-site.ts';

const site = concept(codes.snomed.lung);

describe('where a finding is', () => {
  it.each(['left', 'right', 'bilateral'] as const)('%s: the side modifies the site', (laterality) => {
    const [item, ...others] = siteItems({ site, laterality });
    expect(others).toEqual([]);
    expect(item).toMatchObject({ relationship: 'HAS CONCEPT MOD', code: site });
    const [side] = item?.children ?? [];
    expect(side?.relationship).toBe('HAS CONCEPT MOD');
    expect(side?.type === 'CODE' && sideOfCode(side.code)).toBe(laterality);
  });

  it('an unknown side is not said', () => {
    expect(siteItems({ site, laterality: 'unknown' })[0]?.children).toBeUndefined();
    expect(siteItems({ laterality: 'unknown' })).toEqual([]);
  });

  it('a side without a site is said of the finding, and modifies nothing', () => {
    expect(siteItems({ laterality: 'left' })).toMatchObject([{ relationship: 'CONTAINS', code: { code: '7771000' } }]);
  });
});
