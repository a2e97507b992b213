import { itemsOf, textOf, type WritableDataset } from '@sightline/dicom';
import { codes, type CodedConcept, type ResultSet } from '@sightline/findings';
import { limitedText } from './limited-text.ts';

/** Coding Scheme Designators of PS3.16 section 8 for the systems that codes travel under elsewhere. */
const published: Readonly<Record<string, string>> = {
  'http://snomed.info/sct': 'SCT',
  'http://loinc.org': 'LN',
  'http://dicom.nema.org/resources/ontology/DCM': 'DCM',
  'http://unitsofmeasure.org': 'UCUM',
  'http://radlex.org': 'RADLEX',
};

/** Code systems of our own that objects use. A private designator begins with 99 (PS3.3 8.2). */
const own: Readonly<Record<string, string>> = {
  [codes.local.decisionThreshold.system]: '99SL_COMPONENT',
  [codes.local.notPrioritised.system]: '99SL_PRESENCE',
};

/** Code systems and the designators that stand for them in one object. */
export interface CodingSchemes {
  designatorOf: (system: string) => string;
  systemOf: (designator: string) => string;
  /** Items of Coding Scheme Identification Sequence (0008,0110) for the private designators: where each leads. */
  identification: WritableDataset[];
}

/** Of the objects of one result: the systems a site's models bring themselves are numbered. */
export function schemesOf({ findings, review, model }: ResultSet): CodingSchemes {
  const said = [
    model.reports.code,
    ...findings.flatMap(({ concept, site, measurements }) => [
      concept,
      ...(site === undefined ? [] : [site]),
      ...measurements.map((measurement) => measurement.concept),
    ]),
    ...review.verdicts.flatMap((verdict) => (verdict.verdict === 'corrected' ? [verdict.concept] : [])),
  ];
  const foreign = new Set(said.map(({ system }) => system).filter((system) => !(system in published || system in own)));
  const numbered = [...foreign].toSorted().map((system, index): [string, string] => [system, `99SL_${index + 1}`]);
  return codingSchemes([...Object.entries(own), ...numbered]);
}

/** Of an object that is read. */
export function schemesIn(dataset: WritableDataset): CodingSchemes {
  return codingSchemes(
    itemsOf(dataset, 'CodingSchemeIdentificationSequence').flatMap((item): [string, string][] => {
      const [designator, system] = [textOf(item, 'CodingSchemeDesignator'), systemIn(item)];
      return designator === undefined || system === undefined ? [] : [[system, designator]];
    }),
  );
}

function codingSchemes(named: readonly [system: string, designator: string][]): CodingSchemes {
  const designators = new Map([...named, ...Object.entries(published)]);
  const systems = new Map([...designators].map(([system, designator]) => [designator, system]));
  return {
    designatorOf: (system) => designators.get(system) ?? limitedText('SH', system),
    systemOf: (designator) => systems.get(designator) ?? designator,
    identification: named.map(([system, designator]) => ({
      CodingSchemeDesignator: designator,
      ...identificationOf(system),
    })),
  };
}

const oidUrn = 'urn:oid:';

/** A system that is an OID by its UID, any other by the address under which it is described (PS3.3 C.12.1). */
function identificationOf(system: string): WritableDataset {
  if (system.startsWith(oidUrn)) return { CodingSchemeUID: system.slice(oidUrn.length) };
  return { CodingSchemeResourcesSequence: [{ CodingSchemeURLType: 'DOC', CodingSchemeURL: system }] };
}

function systemIn(item: WritableDataset): string | undefined {
  const uid = textOf(item, 'CodingSchemeUID');
  if (uid !== undefined) return `${oidUrn}${uid}`;
  return textOf(itemsOf(item, 'CodingSchemeResourcesSequence')[0], 'CodingSchemeURL');
}

/** Longest Code Value (0008,0100), an SH; a longer code is a Long Code Value (PS3.3 8.8). */
const longestCodeValue = 16;

/** A code as the one item of a code sequence. */
export function codeItem({ system, code, display }: CodedConcept, schemes: CodingSchemes): WritableDataset {
  return {
    ...(code.length > longestCodeValue ? { LongCodeValue: code } : { CodeValue: code }),
    CodingSchemeDesignator: schemes.designatorOf(system),
    CodeMeaning: limitedText('LO', display),
  };
}

/** The code that an item holds, or undefined where it is none. */
export function codeIn(item: WritableDataset | undefined, schemes: CodingSchemes): CodedConcept | undefined {
  const code = textOf(item, 'CodeValue') ?? textOf(item, 'LongCodeValue');
  const designator = textOf(item, 'CodingSchemeDesignator');
  const display = textOf(item, 'CodeMeaning');
  if (code === undefined || designator === undefined || display === undefined) return undefined;
  return { system: schemes.systemOf(designator), code, display };
}
