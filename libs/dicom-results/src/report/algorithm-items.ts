import { codes, concept, type ModelOfResult } from '@sightline/findings';
import type { ContentItem } from '../document/content-item.ts';

const { dicom } = codes;

/** Which algorithm said it (TID 4019): the model version, its file, and which of its outputs. */
export function algorithmItems({ name, version, sha256 }: ModelOfResult, output: string): ContentItem[] {
  return [
    text('algorithmName', name),
    text('algorithmVersion', version),
    text('algorithmParameters', `${parameters.digest}${sha256}`),
    text('algorithmParameters', `${parameters.output}${output}`),
    {
      type: 'CODE',
      relationship: 'HAS CONCEPT MOD',
      name: concept(dicom.algorithmFamily),
      code: concept(dicom.artificialIntelligence),
    },
  ];
}

/** How the two Algorithm Parameters begin. */
export const parameters = { digest: 'sha256=', output: 'output=' } as const;

function text(name: keyof typeof dicom, said: string): ContentItem {
  return { type: 'TEXT', relationship: 'HAS CONCEPT MOD', name: concept(dicom[name]), text: said };
}
