/** Age at the study, in years with fraction, and what it was read from. */
export interface PatientAge {
  years: number;
  source: 'PatientAge' | 'PatientBirthDate';
}

const yearsPerUnit: Readonly<Record<string, number>> = { Y: 1, M: 1 / 12, W: 7 / 365.25, D: 1 / 365.25 };

/** YYYY-MM-DD of a DA value, the retired YYYY.MM.DD included, or undefined where it is no day of the calendar (PS3.5 6.2). */
export function isoDate(da: string | undefined): string | undefined {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(da?.trim() ?? '');
  if (match === null) return undefined;
  const text = `${match[1]}-${match[2]}-${match[3]}`;
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text ? undefined : text;
}

function completedYears(birth: string, at: string): number {
  const years = Number(at.slice(0, 4)) - Number(birth.slice(0, 4));
  return at.slice(5) < birth.slice(5) ? years - 1 : years;
}

/** Age at the study date: Patient's Age (AS, for example 004Y, 018M) where it is well formed, else counted from the birth date. */
export function patientAge(dataset: {
  PatientAge?: string;
  PatientBirthDate?: string;
  StudyDate?: string;
}): PatientAge | undefined {
  const stated = /^(\d{3})([DWMY])$/.exec(dataset.PatientAge?.trim() ?? '');
  const perUnit = yearsPerUnit[stated?.[2] ?? ''];
  if (stated !== null && perUnit !== undefined) return { years: Number(stated[1]) * perUnit, source: 'PatientAge' };
  const birth = isoDate(dataset.PatientBirthDate);
  const study = isoDate(dataset.StudyDate);
  if (birth === undefined || study === undefined || study < birth) return undefined;
  return { years: completedYears(birth, study), source: 'PatientBirthDate' };
}
