import { codes, concept, type CodedConcept, type Finding, type Laterality } from '@sightline/findings';
import type { ContentItem } from '../document/content-item.ts';

type KnownSide = Exclude<Laterality, 'unknown'>;

/** CID 244. */
const sideCodes: Readonly<Record<KnownSide, CodedConcept>> = {
  left: concept(codes.snomed.left),
  right: concept(codes.snomed.right),
  bilateral: concept(codes.snomed.rightAndLeft),
};

/**
 * Where a finding is: its site with the side as modifier (TID 1501, TID 1410). An unknown side is left out, as the template allows; the
 * side of a finding without a site stands for itself.
 */
export function siteItems({ site, laterality }: Pick<Finding, 'site' | 'laterality'>): ContentItem[] {
  const side = laterality === 'unknown' ? undefined : sideItem(laterality, site !== undefined);
  if (site === undefined) return side === undefined ? [] : [side];
  return [
    {
      type: 'CODE',
      relationship: 'HAS CONCEPT MOD',
      name: concept(codes.snomed.findingSite),
      code: site,
      ...(side && { children: [side] }),
    },
  ];
}

function sideItem(side: KnownSide, ofSite: boolean): ContentItem {
  return {
    type: 'CODE',
    relationship: ofSite ? 'HAS CONCEPT MOD' : 'CONTAINS',
    name: concept(codes.snomed.laterality),
    code: sideCodes[side],
  };
}

export function sideOfCode({ code }: CodedConcept): KnownSide | undefined {
  const known = Object.entries(sideCodes) as [KnownSide, CodedConcept][];
  return known.find(([, side]) => side.code === code)?.[0];
}
