/**
 * Regions of Anatomic Region Sequence (0008,2218) that models are asked about, by the term of Body Part Examined for them (PS3.16
 * annex L; what is part of the retina is the retina): the codes of SNOMED CT, and those of SNOMED-RT that were sent before them.
 * Compared with context groups 4, 4031 and 4209 as extracted by pydicom 3.0.2.
 */
const regions: readonly (readonly [term: string, ...codes: string[]])[] = [
  ['HEAD', '69536005', 'T-D1100'],
  ['BRAIN', '12738006', 'T-A0100'],
  ['SKULL', '89546000', 'T-11100'],
  ['EYE', '81745001', 'T-AA000', '40638003', 'T-AA180'],
  ['RETINA', '5665001', 'T-AA610', '67046006', 'T-AA621'],
  ['CHEST', '816094009', '51185008', 'T-D3000'],
  ['LUNG', '39607008', 'T-28000'],
];

const termByCode: ReadonlyMap<string, string> = new Map(
  regions.flatMap(([term, ...codes]) => codes.map((code) => [code, term] as const)),
);

/** Coding Scheme Designators (0008,0102) of SNOMED CT and of its forerunners. */
const snomed: ReadonlySet<string> = new Set(['SCT', 'SRT', 'SNM3']);

/** The term for a coded region; the code itself where it is one of SNOMED's without a term here; undefined of another scheme. */
export function bodyPartOfRegion(code: string | undefined, scheme: string | undefined): string | undefined {
  if (code === undefined || scheme === undefined || !snomed.has(scheme)) return undefined;
  return termByCode.get(code) ?? code;
}
