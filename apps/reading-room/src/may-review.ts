import { mayBecome, type ReportState } from '@sightline/findings';
import type { User } from '@sightline/platform';
import type { Standing } from './report-standing.ts';
import type { Reading } from './studies.ts';
import type { MayView } from './study-view.ts';

/** Why nobody answers a report that is in this state; undefined where somebody may. */
const closed: Readonly<Record<ReportState, string | undefined>> = {
  unreviewed: undefined,
  signed: undefined,
  corrected: undefined,
  rejected: 'This report was rejected as a whole.',
  withdrawn: 'This report was withdrawn.',
  refused: 'The model did not read this study: there is no finding to answer.',
};

/** What a person may do with a report: anyone who treats or reads answers its findings, a radiologist signs, and corrects what is signed. */
export function mayOf({ outcome }: Pick<Reading, 'outcome'>, { state }: Pick<Standing, 'state'>, user: User): MayView {
  if (outcome?.kind !== 'findings') return nothing('There is no finding to answer.');
  const why = closed[state];
  if (why !== undefined) return nothing(why);
  const isRadiologist = user.roles.includes('radiologist');
  if (mayBecome(state, 'signed')) return { review: true, sign: isRadiologist };
  if (isRadiologist) return { review: true, sign: true };
  return nothing('This report is signed; a radiologist can correct it.');
}

function nothing(why: string): MayView {
  return { review: false, sign: false, why };
}
