import type { BodyStructure, Bundle, Observation } from '@medplum/fhirtypes';
import { Chart, codingOf, componentOf, uidOf } from './chart-resources.ts';
import { toldLeaves } from './read-chart-finding.ts';

/** What the chart says in codes of each finding that stands, in the words of DICOM where those are others: by its tracking UID, as name=value. */
export function codesInChart(bundle: Bundle): Map<string, string[]> {
  const chart = new Chart(bundle);
  return new Map(
    toldLeaves(chart).map((leaf) => [
      uidOf(leaf.identifier?.[1]?.value) ?? '',
      [...answersIn(chart, leaf), ...numbersIn(chart, leaf)].sort(),
    ]),
  );
}

/** SNOMED CT has one code for these sites with their side, which DICOM says apart. */
const halves: Readonly<Record<string, string>> = {
  '44029006': '39607008',
  '3341006': '39607008',
  '8966001': '81745001',
  '18944008': '81745001',
};
const [unknownSide, absentInChart, absentInReport] = ['261665006', '2667000', '272519000'];

function answersIn(chart: Chart, leaf: Observation): string[] {
  const presence = codingOf(leaf.valueCodeableConcept) ?? '';
  const side = codingOf(componentOf(leaf, '272741003')?.valueCodeableConcept);
  const structure = leaf.bodySite?.extension?.[0]?.valueReference?.reference;
  const site = codingOf(structure === undefined ? leaf.bodySite : chart.at<BodyStructure>(structure).location) ?? '';
  return [
    `121071=${codingOf(leaf.code)}`,
    `121052=${presence === absentInChart ? absentInReport : presence}`,
    ...(site === '' ? [] : [`363698007=${structure === undefined ? (halves[site] ?? site) : site}`]),
    ...(side === unknownSide ? [] : [`272741003=${side}`]),
  ];
}

function numbersIn(chart: Chart, leaf: Observation): string[] {
  const judged = (leaf.component ?? []).flatMap(({ code, valueQuantity }) =>
    valueQuantity === undefined ? [] : [`${codingOf(code)} in ${valueQuantity.code}`],
  );
  return [...judged, ...chart.measuredWith(leaf).map((one) => `${codingOf(one.code)} in ${one.valueQuantity?.code}`)];
}
