import { setTimeout as sleep } from 'node:timers/promises';

/** What the reading room says of a study, as far as it is waited for. */
interface StudyView {
  readonly state: 'received' | 'read' | 'refused' | 'failed' | 'overdue';
  readonly receivedAt?: string;
  readonly inferredAt?: string;
  readonly filedAt?: string;
  readonly reports: readonly {
    readonly outcome: 'findings' | 'skipped' | 'failed' | 'pending' | 'overdue';
    readonly reason?: string;
    readonly findings: readonly FindingLine[];
    readonly reportUrl?: string;
    readonly filedAt?: string;
  }[];
}

export interface FindingLine {
  readonly key: string;
  readonly concept: { readonly system: string; readonly code: string; readonly display: string };
  readonly presence: string;
  readonly laterality: string;
  /** Calibrated, 0–1. */
  readonly probability: number;
  readonly threshold: number;
  readonly sentence: string;
}

export interface StudyResult {
  readonly studyInstanceUid: string;
  /** `received` where nobody waited; `not-received` where the mesh did not take all of it. */
  readonly outcome: 'findings' | 'skipped' | 'failed' | 'overdue' | 'received' | 'not-received';
  readonly reason?: string;
  readonly findings: readonly FindingLine[];
  readonly reportUrl?: string;
  /** Seconds since sending began. */
  readonly seconds: { readonly received?: number; readonly inferred?: number; readonly filed?: number };
}

export interface Waiting {
  readonly readingRoomUrl: string;
  readonly token: () => Promise<string>;
  /** Epoch milliseconds when sending of the study began, and when its last C-STORE response was there. */
  readonly beganAt: number;
  readonly receivedAt: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the reading room until the study has come to rest: read and filed, refused, failed, or the time is over. */
export async function awaitReport(studyInstanceUid: string, waiting: Waiting): Promise<StudyResult> {
  const end = Date.now() + waiting.timeoutMs;
  let token = await waiting.token();
  let view: StudyView | undefined;
  while (Date.now() < end) {
    waiting.signal?.throwIfAborted();
    const answer = await ask(`${waiting.readingRoomUrl}/api/studies/${studyInstanceUid}`, token);
    if (answer === 401) {
      token = await waiting.token();
    }
    view = typeof answer === 'object' ? answer : view;
    if (view !== undefined && isSettled(view)) {
      break;
    }
    await sleep(250);
  }
  return resultOf(studyInstanceUid, view, waiting);
}

async function ask(url: string, token: string): Promise<StudyView | number> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as StudyView) : response.status;
  } catch {
    // An app that is being started again: asked later.
    return 503;
  }
}

function isSettled({ state, reports }: StudyView): boolean {
  switch (state) {
    case 'refused':
    case 'failed':
      return true;
    case 'read':
      return reports.every(
        ({ outcome, filedAt }) => outcome !== 'pending' && (outcome !== 'findings' || filedAt !== undefined),
      );
    case 'received':
    case 'overdue':
      return false;
  }
}

function resultOf(studyInstanceUid: string, view: StudyView | undefined, waiting: Waiting): StudyResult {
  const { beganAt, receivedAt } = waiting;
  const since = (iso: string | undefined): number | undefined =>
    iso === undefined ? undefined : Math.round(Date.parse(iso) - beganAt) / 1000;
  const seconds: StudyResult['seconds'] = {
    received: Math.round(receivedAt - beganAt) / 1000,
    ...defined('inferred', since(view?.inferredAt)),
    ...defined('filed', since(view?.filedAt)),
  };
  if (view === undefined || !isSettled(view)) {
    return { studyInstanceUid, outcome: 'overdue', findings: [], seconds };
  }
  const leading = view.reports.find(({ outcome }) => outcome === 'findings') ?? view.reports[0];
  const outcome = leading?.outcome === 'pending' || leading === undefined ? 'overdue' : leading.outcome;
  return {
    studyInstanceUid,
    outcome,
    ...defined('reason', leading?.reason),
    findings: view.reports.flatMap(({ findings }) => findings.map(line)),
    ...defined('reportUrl', leading?.reportUrl),
    seconds,
  };
}

function line({ key, concept, presence, laterality, probability, threshold, sentence }: FindingLine): FindingLine {
  return { key, concept, presence, laterality, probability, threshold, sentence };
}

function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
