import type { WritableDataset } from '@sightline/dicom';
import { stateOutside, type Digest, type ResultSet, type Reviewer } from '@sightline/findings';
import { schemesOf } from '../coding-schemes.ts';
import { dicomObject, type DicomObject, type Identity } from '../dicom-object.ts';
import { documentModules } from '../document/document-modules.ts';
import { evidenceItem, type Evidence } from '../document/evidence.ts';
import { limitedText, personName } from '../limited-text.ts';
import { dicomInstant, offsetOf } from '../result-clock.ts';
import { deviceUid, uidsOfReport } from '../result-uids.ts';
import type { SourceInstance } from '../source-instance.ts';
import { measurementReport, proceduresOf } from './measurement-report.ts';
import type { Shown } from './measurement-group.ts';
import { toldFindings } from './told-finding.ts';

/** Comprehensive 3D SR (PS3.3 A.35.13). */
export const structuredReportClass = '1.2.840.10008.5.1.4.1.1.88.34';

/** What a report is made from besides the result. */
export interface ReportSources {
  digest: Digest;
  source: SourceInstance;
  /** No other report of the study exists or may: then a signed one is final. */
  onlyReport: boolean;
  /** The report of the edition before, where it lies: that may be another series. */
  predecessor?: Identity | undefined;
  /** Objects that show the findings, by tracking UID, and all of them as evidence. */
  shownOf: (trackingUid: string) => Shown;
  shown: readonly Evidence[];
}

/** An SR document, UNVERIFIED or by a signature VERIFIED, or why there can be none. */
export type MadeReport =
  | { kind: 'report'; object: DicomObject }
  | { kind: 'none'; reason: 'nothing-stands' | 'not-told-as-report' | 'no-signature' };

export function structuredReport(set: ResultSet, from: ReportSources): MadeReport {
  const outside = stateOutside(set.state, from);
  const told = outside.structuredReport;
  if (told !== 'UNVERIFIED' && told !== 'VERIFIED') return { kind: 'none', reason: 'not-told-as-report' };
  if (toldFindings(set).length === 0) return { kind: 'none', reason: 'nothing-stands' };
  const signature = told === 'VERIFIED' ? set.review.signature : undefined;
  if (told === 'VERIFIED' && signature === undefined) return { kind: 'none', reason: 'no-signature' };
  const final = outside.diagnosticReport === 'final' || outside.diagnosticReport === 'corrected';
  const { digest, predecessor } = from;
  const uidOf = uidsOfReport(set, digest);
  const seriesInstanceUid = uidOf('series', 'SR');
  const parts = partsOf(set, from, signature?.at ?? set.completedAt);
  const document = {
    ...documentModules(parts),
    Modality: 'SR',
    SeriesNumber: '9001',
    SeriesDescription: limitedText('LO', `AI analysis: ${set.model.title}`),
    InstanceNumber: String(set.edition),
    CompletionFlag: 'COMPLETE',
    VerificationFlag: told,
    PreliminaryFlag: final ? 'FINAL' : 'PRELIMINARY',
    PerformedProcedureCodeSequence: [],
    ...(signature && { VerifyingObserverSequence: [verifier(set, from.source, signature)] }),
    ...(predecessor && {
      PredecessorDocumentsSequence: [evidenceItem(set.study.studyInstanceUid, [predecessor])],
    }),
  };
  const identity = {
    sopClassUid: structuredReportClass,
    // A document that says something else is another document.
    sopInstanceUid: uidOf('SR', set.edition, JSON.stringify(document)),
    seriesInstanceUid,
  };
  return { kind: 'report', object: dicomObject(identity, document, parts.schemes) };
}

function partsOf(set: ResultSet, { digest, source, shownOf, shown }: ReportSources, saidAt: string) {
  const schemes = schemesOf(set);
  const root = measurementReport(set, {
    device: deviceUid(set, digest),
    offset: offsetOf(set, source),
    procedures: proceduresOf(set, source, schemes),
    shownOf,
  });
  const sources = set.findings.flatMap((finding) => finding.sources);
  return { set, source, schemes, root, evidence: [...set.images, ...sources, ...shown], saidAt };
}

/** Who answers for it (PS3.3 C.17.2). The organization must be named: that of the images, where they name one. */
function verifier(set: ResultSet, source: SourceInstance, { by, at }: { by: Reviewer; at: string }): WritableDataset {
  return {
    VerifyingObserverName: personName(by.name ?? by.subject),
    VerifyingObserverIdentificationCodeSequence: [],
    VerifyingOrganization: limitedText('LO', source.header.dataset.InstitutionName ?? 'Not stated'),
    VerificationDateTime: dicomInstant(at, offsetOf(set, source)).dateTime,
  };
}
