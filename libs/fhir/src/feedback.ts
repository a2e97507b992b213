import { checkedCode, codes, concept, verdictOn, type Digest, type Finding, type Verdict } from '@sightline/findings';
import type { DiagnosticReport, Observation, Reference } from '@medplum/fhirtypes';
import { identifierSystems, observationIdentifier } from './identifiers.ts';
import { resourcesOf } from './resources-of.ts';
import type { ResultInChart } from './result-in-chart.ts';
import { codesOf, saysTheSame } from './same-statement.ts';

/** What people made of our report in their own chart, in the words in which anybody answers a report. */
export interface Feedback {
  /** `open`: nobody there answers for it. `withdrawn`: it should never have been said. */
  whole: 'open' | 'signed' | 'withdrawn';
  /** On the findings that were answered; where it is signed, on every one. */
  verdicts: Verdict[];
  /** Who, as far as the chart says. */
  by?: { reference?: string; name?: string };
  /** When, an instant by the server's clock, where it says so. */
  at?: string;
  /** True where the report has a status that a person gave it, whether it answers anything or not. */
  isReportTheirs: boolean;
  /** Ids of the Observations that are as a person left them. */
  theirs: string[];
}

/** Our report in a chart as it stands now. */
export interface ReportInChart {
  report: DiagnosticReport;
  observations: readonly Observation[];
}

/** What we said there ourselves, and so is nobody's answer. */
export interface SaidThere {
  /** What the chart was told last, then every edition that a try since may have written. */
  editions: readonly [ResultInChart, ...ResultInChart[]];
  /** DiagnosticReport.status by our hand. */
  statuses: readonly string[];
  /** Versions by our hand, `Type/id` → version id. */
  written: Readonly<Record<string, string>>;
}

/** THE place where a chart's state becomes an answer. `place`: what the destination is called. */
export function feedbackIn(chart: ReportInChart, said: SaidThere, place: string, digest: Digest): Feedback {
  const [told] = said.editions;
  const ours = said.editions.flatMap((edition) =>
    resourcesOf(edition, undefined, digest).flatMap(({ resource }) =>
      resource.resourceType === 'Observation' ? [resource] : [],
    ),
  );
  const find = (finding: Finding, part?: string): Statement | undefined => {
    const { system, value } = observationIdentifier(finding.trackingUid, told, part);
    const carries = ({ identifier }: Observation) =>
      identifier?.some((one) => one.system === system && one.value === value) ?? false;
    const own = ours.filter(carries);
    const there = chart.observations.find(carries);
    if (there === undefined || own.length === 0) return undefined;
    return { there, own, isOurs: isWritten(said, there) || own.some((one) => isAsWeSaid(one, there)) };
  };
  const statements = told.findings.flatMap((finding) => [
    find(finding),
    find(finding, 'correction'),
    find(finding, 'group'),
    ...finding.measurements.map((_, n) => find(finding, `measurement-${n + 1}`)),
  ]);
  const theirs = statements.flatMap((one) => (one === undefined || one.isOurs ? [] : [one.there]));
  const whole = wholeOf(chart.report, said);
  const changed = told.findings.map((finding) => [finding, verdictThere(finding, told, find, place)] as const);
  const reports = whole === 'open' ? [] : [chart.report];
  const who = reviewerOf([
    ...reports.flatMap(({ resultsInterpreter = [], performer = [] }) => [...resultsInterpreter, ...performer]),
    ...theirs.flatMap(({ performer = [] }) => performer),
  ]);
  const at = newest([...reports, ...theirs].flatMap(({ meta }) => meta?.lastUpdated ?? []));
  return {
    whole,
    isReportTheirs: !isOurStatus(chart.report, said),
    verdicts:
      whole === 'signed'
        ? changed.map(([finding, verdict]) => signedVerdict(finding, verdict, { chart, told, find, place }))
        : changed.flatMap(([, verdict]) => verdict ?? []),
    ...(who === undefined ? {} : { by: who }),
    ...(at === undefined ? {} : { at }),
    theirs: theirs.flatMap(({ id }) => id ?? []),
  };
}

/** One of our Observations as it is now, with what it may be by our hand. */
interface Statement {
  there: Observation;
  own: readonly Observation[];
  isOurs: boolean;
}

type Find = (finding: Finding, part?: string) => Statement | undefined;

function isWritten({ written }: SaidThere, { resourceType, id, meta }: Observation | DiagnosticReport): boolean {
  return meta?.versionId !== undefined && written[`${resourceType}/${id ?? ''}`] === meta.versionId;
}

function isAsWeSaid(own: Observation, there: Observation): boolean {
  return own.status === there.status && saysTheSame(own, there);
}

function isOurStatus(report: DiagnosticReport, said: SaidThere): boolean {
  return said.statuses.includes(report.status) || isWritten(said, report);
}

function wholeOf(report: DiagnosticReport, said: SaidThere): Feedback['whole'] {
  if (isOurStatus(report, said)) return 'open';
  switch (report.status) {
    case 'final':
    case 'amended':
    case 'corrected':
    case 'appended':
    case 'cancelled':
      return 'signed';
    case 'entered-in-error':
      return 'withdrawn';
    default:
      return 'open';
  }
}

/** What a person said to a finding by changing what is said of it; undefined where nobody touched it. */
function verdictThere(finding: Finding, told: ResultInChart, find: Find, place: string): Verdict | undefined {
  const { trackingUid } = finding;
  const before = verdictOn(told.review, finding);
  const inForce = find(finding, before?.verdict === 'corrected' ? 'correction' : undefined);
  if (inForce === undefined) return undefined;
  const own = before?.verdict === 'corrected' ? before.concept : finding.concept;
  // A verdict carries no numbers: it is a person's statement from now on, and the model's numbers fall with its own.
  const inOwnWords: Verdict = { verdict: 'corrected', trackingUid, concept: own };
  const rejected = (why: string): Verdict => ({ verdict: 'rejected', trackingUid, reason: `${why} in ${place}` });
  if (inForce.isOurs) {
    const numbers = finding.measurements.map((_, n) => find(finding, `measurement-${n + 1}`));
    return numbers.some((one) => one?.isOurs === false) ? inOwnWords : undefined;
  }
  const { there } = inForce;
  if (there.status === 'cancelled') return rejected('cancelled');
  if (there.status === 'entered-in-error') return rejected('entered in error');
  if (inForce.own.some((one) => saysTheSame(one, there))) {
    return ['final', 'amended', 'corrected'].includes(there.status) ? { verdict: 'accepted', trackingUid } : undefined;
  }
  const [absent] = codesOf({ coding: [concept(codes.snomed.absent)] });
  if (finding.presence !== 'absent' && codesOf(there.valueCodeableConcept).some((one) => one === absent)) {
    return rejected('found absent');
  }
  const named = (there.code.coding ?? []).filter(({ system, code }) => system !== own.system || code !== own.code);
  if (named.length === 0 || codesOf(there.code).includes(`${own.system}|${own.code}`)) return inOwnWords;
  const [known] = named.flatMap(({ system = '', code = '' }) => checkedCode(system, code) ?? []);
  // What no table of ours has cannot be said elsewhere: that it is not ours any more can.
  return known === undefined
    ? rejected(`replaced by ${codesOf({ coding: named.slice(0, 1) }).join()}`)
    : { verdict: 'corrected', trackingUid, concept: concept(known) };
}

/** Who signs answers for every finding: what was left as it was is accepted, or stays what a person had said of it before. */
function signedVerdict(
  finding: Finding,
  changed: Verdict | undefined,
  { chart, told, find, place }: { chart: ReportInChart; told: ResultInChart; find: Find; place: string },
): Verdict {
  const { trackingUid } = finding;
  const before = verdictOn(told.review, finding);
  if (chart.report.status === 'cancelled' && changed?.verdict !== 'rejected' && before?.verdict !== 'rejected') {
    return { verdict: 'rejected', trackingUid, reason: `report cancelled in ${place}` };
  }
  if (changed !== undefined) return changed;
  const results = (chart.report.result ?? []).flatMap(({ reference }) => reference?.split('/').at(-1) ?? []);
  const listed = [find(finding), find(finding, 'correction')].some(
    (one) => one?.there.id !== undefined && results.includes(one.there.id),
  );
  if (before !== undefined) {
    const { by: _by, at: _at, ...verdict } = before;
    return verdict;
  }
  // A server that keeps no list of results says nothing by it.
  return results.length > 0 && !listed
    ? { verdict: 'rejected', trackingUid, reason: `left out of the report in ${place}` }
    : { verdict: 'accepted', trackingUid };
}

/** The first who is a person or body of that place; whom we named ourselves is somebody of the reading room. */
function reviewerOf(named: readonly Reference[]): Feedback['by'] {
  const found = named.find(
    ({ reference, type, identifier }) =>
      identifier?.system !== identifierSystems.reviewer &&
      /(?:^|\/)(?:Practitioner|PractitionerRole|Organization)(?:\/|$)/.test(reference ?? type ?? ''),
  );
  const reference = found?.reference || found?.identifier?.value;
  const name = found?.display;
  if (!reference && !name) return undefined;
  return { ...(reference ? { reference } : {}), ...(name ? { name } : {}) };
}

function newest(instants: readonly string[]): string | undefined {
  const times = instants.map((one) => Date.parse(one)).filter((one) => !Number.isNaN(one));
  return times.length === 0 ? undefined : new Date(Math.max(...times)).toISOString();
}
