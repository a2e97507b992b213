import type {
  FindingView,
  PatientView,
  PendingView,
  ReportOutcome,
  ReportView,
  ReviewerView,
  StudyState,
  StudySummary,
  VerdictView,
} from '../../src/study-view.ts';

/** `Family^Given^Middle^Prefix^Suffix` (PS3.5 6.2.1.1) as it is spoken in a list: Family, Given Middle. */
export function patientName(name: string | undefined): string {
  const [family = '', given = '', middle = ''] = (name ?? '').split('=')[0]?.split('^') ?? [];
  const rest = [given, middle].filter((part) => part !== '').join(' ');
  const spoken = [family, rest].filter((part) => part !== '').join(', ');
  return spoken === '' ? 'Name not given' : spoken;
}

/** Age on the day of the study, the way a radiologist says it: days, then months, then years. */
export function ageAt(birthDate: string | undefined, on: string | undefined): string | undefined {
  if (birthDate === undefined) return undefined;
  const born = new Date(`${birthDate}T00:00:00Z`);
  const day = new Date(`${(on ?? new Date().toISOString()).slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(born.getTime()) || Number.isNaN(day.getTime()) || day < born) return undefined;
  const days = Math.round((day.getTime() - born.getTime()) / 86_400_000);
  if (days < 60) return `${days} d`;
  const months =
    (day.getUTCFullYear() - born.getUTCFullYear()) * 12 +
    (day.getUTCMonth() - born.getUTCMonth()) -
    (day.getUTCDate() < born.getUTCDate() ? 1 : 0);
  return months < 24 ? `${months} mo` : `${Math.floor(months / 12)} y`;
}

const sexes = { F: 'female', M: 'male', O: 'other' } as const;

export function patientFacts(patient: PatientView, on: string | undefined): string {
  return [
    ageAt(patient.birthDate, on) ?? 'age unknown',
    patient.sex === undefined ? 'sex unknown' : sexes[patient.sex],
  ].join(' · ');
}

/** Whole per cent, but never 0 % or 100 %: a model is not certain. */
export function perCent(share: number): string {
  if (share > 0 && share < 0.01) return '<1 %';
  if (share < 1 && share > 0.99) return '>99 %';
  return `${Math.round(share * 100)} %`;
}

export function ago(then: string, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - new Date(then).getTime()) / 1_000);
  if (seconds < 60) return 'just now';
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return new Date(then).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}

export function clock(then: string | undefined): string {
  if (then === undefined) return '–';
  return new Date(then).toLocaleString(undefined, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/** The DICOM date and time of the study as the scanner wrote it, not moved to another zone. */
export function studyTime(startedAt: string | undefined): string {
  return startedAt === undefined ? 'time unknown' : startedAt.slice(0, 16).replace('T', ' ');
}

export const stateWords: Record<StudyState, string> = {
  received: 'Waiting',
  read: 'Read by AI',
  refused: 'Not read',
  failed: 'Failed',
  overdue: 'Overdue',
};

export const outcomeWords: Record<ReportOutcome, string> = {
  findings: 'Read by AI',
  skipped: 'Not read',
  failed: 'Failed',
  pending: 'Waiting for the model',
  overdue: 'Overdue',
};

/** What a report that people have spoken of is called; before that, its outcome says enough. */
export const reportStateWords: Record<Exclude<NonNullable<ReportView['state']>, 'unreviewed'>, string> = {
  signed: 'Signed',
  corrected: 'Signed, corrected',
  rejected: 'Rejected',
  withdrawn: 'Withdrawn',
  refused: 'Not read',
};

export const pendingWords: Record<PendingView, string> = {
  'on-its-way': 'on its way to the chart',
  'out-of-date': 'out of date: the report has changed since, answer again',
  'not-in-chart': 'not in the chart: it was closed there, and stays as it is',
};

export function sayVerdict({ verdict, reason, concept }: Pick<VerdictView, 'verdict' | 'reason' | 'concept'>): string {
  switch (verdict) {
    case 'accepted':
      return 'Accepted';
    case 'corrected':
      return `Corrected to ${concept?.display ?? 'another finding'}`;
    case 'rejected':
      return reason === undefined ? 'Rejected' : `Rejected: ${reason}`;
  }
}

export function signaturesOf({ name, subject, role, at }: ReviewerView): string {
  const when = new Date(at).toLocaleString(undefined, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return `${name ?? subject} · ${role} · ${when}`;
}

/** The answer that counts today: the last one here that is not out of date, else what the report has. */
export function lastAnswer({ verdict, pending }: FindingView): VerdictView | undefined {
  return pending === undefined || pending.state === 'out-of-date' ? verdict : pending;
}

/** What the findings are called that nobody has answered. */
export function openFindings({ findings }: Pick<ReportView, 'findings'>): string[] {
  return findings.filter((finding) => lastAnswer(finding) === undefined).map(({ concept }) => concept.display);
}

const signedWords: Record<VerdictView['verdict'], string> = {
  accepted: 'Found by AI · signed by a radiologist',
  corrected: 'Found by AI · corrected and signed by a radiologist',
  rejected: 'Found by AI · rejected by a radiologist',
};

/** What a finding is, for life: a machine's; and whether a person answers for it. */
export function stampOf(state: ReportView['state'], verdict: VerdictView['verdict'] | undefined): string {
  switch (state) {
    case 'signed':
    case 'corrected':
      return signedWords[verdict ?? 'accepted'];
    case 'rejected':
      return signedWords.rejected;
    case 'withdrawn':
      return 'Withdrawn · by AI — do not use';
    case 'refused':
    case 'unreviewed':
    case undefined:
      return 'Unverified · by AI — not for diagnostic use';
  }
}

/** True of a report that no longer says what it says. */
export function isVoid(state: ReportView['state']): state is 'rejected' | 'withdrawn' {
  return state === 'rejected' || state === 'withdrawn';
}

/** The one line a row of the worklist says about its study. */
export function summary(study: StudySummary): string {
  const { state, positive, leading, note, reviewed } = study;
  if (reviewed !== undefined && isVoid(reviewed))
    return [leading?.display, reportStateWords[reviewed].toLowerCase()].filter(Boolean).join(' ');
  switch (state) {
    case 'received':
      return 'Waiting for the model';
    case 'refused':
      return note === undefined ? 'No model read this' : `${note.slice(0, 1).toUpperCase()}${note.slice(1)}`;
    case 'failed':
      return 'Reading failed – read without AI';
    case 'overdue':
      return 'No answer in time – read without AI';
    case 'read':
      if (leading === undefined) return 'Read';
      return positive
        ? `${leading.display} suspected · ${perCent(leading.probability)}`
        : `${leading.display} below threshold · ${perCent(leading.probability)}`;
  }
}
