/** A revision of a study: collecting instances, announced, or followed by a later complete one. */
export const studyStates = ['receiving', 'complete', 'superseded'] as const;
export type StudyState = (typeof studyStates)[number];

/** Every legal step; what is not here is illegal. */
const transitions: Readonly<Record<StudyState, readonly StudyState[]>> = {
  receiving: ['complete'],
  complete: ['superseded'],
  superseded: [],
};

/** True where a revision in state `from` may become `to`. */
export function mayBecome(from: StudyState, to: StudyState): boolean {
  return transitions[from].includes(to);
}

/** The state a revision must be in to become `to`; for the `where` of the statement that moves it. */
export function statesBefore(to: StudyState): StudyState[] {
  return studyStates.filter((from) => mayBecome(from, to));
}
