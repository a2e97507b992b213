import { itemsOf, parseUid, readDataset, textOf, type Uid, type WritableDataset } from '@sightline/dicom';
import { codes, type CodedConcept, type ImageOfResult } from '@sightline/findings';
import { codeIn, schemesIn } from '../coding-schemes.ts';
import type { ContentItem, InstanceReference } from '../document/content-item.ts';
import { evidenceIn, type EvidenceOfStudy } from '../document/evidence.ts';
import { contentOf } from '../document/read-content.ts';
import { plainName } from '../limited-text.ts';
import { isoInstant } from '../result-clock.ts';
import { parameters } from './algorithm-items.ts';
import { imagesIn } from './image-library.ts';
import { codeAt, isNamed, parameterOf, readMeasurementGroup, textAt } from './read-measurement-group.ts';
import { structuredReportClass } from './structured-report.ts';
import type { ToldFinding } from './told-finding.ts';

const { dicom } = codes;

/** What a structured report of ours says. */
export interface StructuredReport {
  studyInstanceUid: Uid;
  sopInstanceUid: Uid;
  edition: number;
  verification: 'UNVERIFIED' | 'VERIFIED';
  preliminary: boolean;
  /** Who answers for it; there where it is verified. */
  signature?: { name: string; organization: string; at: string };
  predecessor?: Uid;
  /** The examination that was read. */
  procedure: CodedConcept;
  /** Absent where only people speak. */
  model?: { name: string; version: string; sha256: string };
  /** What the model was shown. */
  images: ImageOfResult[];
  findings: ToldFinding[];
  /** Segments and maps that show a finding, by its tracking UID. */
  shown: Readonly<Record<string, { regions: InstanceReference[]; explanations: InstanceReference[] }>>;
  /** Every instance it points at. */
  evidence: EvidenceOfStudy[];
}

export type ReadReport = { kind: 'report'; report: StructuredReport } | { kind: 'invalid'; reason: string };

/** Of a Part 10 file. Never throws: what is no report of ours gives a reason that holds no patient data. */
export function readStructuredReport(part10: Uint8Array): ReadReport {
  const read = readDataset(part10);
  if (read.kind === 'invalid') return read;
  const { dataset } = read;
  if (textOf(dataset, 'SOPClassUID') !== structuredReportClass) return invalid('not a Comprehensive 3D SR');
  const schemes = schemesIn(dataset);
  const title = codeIn(itemsOf(dataset, 'ConceptNameCodeSequence')[0], schemes);
  if (title?.code !== dicom.imagingMeasurementReport.code) return invalid('not an Imaging Measurement Report');
  return reportOf(dataset, contentOf(dataset, schemes));
}

function reportOf(dataset: WritableDataset, content: readonly ContentItem[]): ReadReport {
  const evidence = evidenceIn(itemsOf(dataset, 'CurrentRequestedProcedureEvidenceSequence'));
  const series = new Map(evidence.map(({ sopInstanceUid, seriesInstanceUid }) => [sopInstanceUid, seriesInstanceUid]));
  const seriesOf = (sopInstanceUid: string) => series.get(sopInstanceUid);
  const groups = groupsIn(content);
  const findings: ToldFinding[] = [];
  const shown: Record<string, { regions: InstanceReference[]; explanations: InstanceReference[] }> = {};
  for (const group of groups) {
    const one = readMeasurementGroup(group, seriesOf);
    if (one.kind === 'invalid') return one;
    findings.push(one.told);
    shown[one.told.finding.trackingUid] = { regions: one.regions, explanations: one.explanations };
  }
  const head = headOf(dataset);
  const procedure = codeAt(content, dicom.procedureReported);
  if (head === undefined || procedure === undefined) return invalid('the document does not say what it is about');
  const images = imagesIn(content, seriesOf);
  const model = groups.flatMap(({ children = [] }) => modelIn(children) ?? [])[0];
  return { kind: 'report', report: { ...head, procedure, ...(model && { model }), images, findings, shown, evidence } };
}

function groupsIn(content: readonly ContentItem[]): ContentItem[] {
  const containers = content.filter((item) => isNamed(item, dicom.imagingMeasurements));
  return containers.flatMap(({ children = [] }) => children.filter((item) => isNamed(item, dicom.measurementGroup)));
}

function modelIn(items: readonly ContentItem[]): StructuredReport['model'] {
  const [name, version] = [textAt(items, dicom.algorithmName), textAt(items, dicom.algorithmVersion)];
  const sha256 = parameterOf(items, parameters.digest);
  return name === undefined || version === undefined || sha256 === undefined ? undefined : { name, version, sha256 };
}

type Head = Omit<StructuredReport, 'procedure' | 'model' | 'images' | 'findings' | 'shown' | 'evidence'>;

function headOf(dataset: WritableDataset): Head | undefined {
  const studyInstanceUid = parseUid(textOf(dataset, 'StudyInstanceUID'));
  const sopInstanceUid = parseUid(textOf(dataset, 'SOPInstanceUID'));
  const edition = Number(textOf(dataset, 'InstanceNumber'));
  const verification = textOf(dataset, 'VerificationFlag');
  if (studyInstanceUid === undefined || sopInstanceUid === undefined || !Number.isInteger(edition)) return undefined;
  if (verification !== 'UNVERIFIED' && verification !== 'VERIFIED') return undefined;
  const signature = signatureIn(itemsOf(dataset, 'VerifyingObserverSequence')[0]);
  const [before] = evidenceIn(itemsOf(dataset, 'PredecessorDocumentsSequence'));
  const predecessor = parseUid(before?.sopInstanceUid);
  return {
    studyInstanceUid,
    sopInstanceUid,
    edition,
    verification,
    preliminary: textOf(dataset, 'PreliminaryFlag') !== 'FINAL',
    ...(signature && { signature }),
    ...(predecessor && { predecessor }),
  };
}

function signatureIn(item: WritableDataset | undefined): StructuredReport['signature'] {
  const [name, organization] = [textOf(item, 'VerifyingObserverName'), textOf(item, 'VerifyingOrganization')];
  const at = isoInstant(textOf(item, 'VerificationDateTime') ?? '');
  return name === undefined || organization === undefined || at === undefined
    ? undefined
    : { name: plainName(name), organization, at };
}

function invalid(reason: string): ReadReport {
  return { kind: 'invalid', reason };
}
