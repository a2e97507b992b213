import type { PatientView, ReportOutcome, StudyState, StudySummary } from '../../src/study-view.ts';

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

/** The one line a row of the worklist says about its study. */
export function summary({ state, positive, leading, note }: StudySummary): string {
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
