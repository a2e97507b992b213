import type { InferenceCompleted } from '@sightline/contracts';

/** Which of two answers of one model to one study counts: the higher revision, then the higher model version. */
export interface AnswerRank {
  revision: number;
  /** MAJOR.MINOR.PATCH. */
  version: string;
}

export function rankOf({ study, model }: InferenceCompleted): AnswerRank {
  return { revision: study.revision, version: model?.version ?? '0' };
}

/** Negative where `a` yields to `b`, 0 where they are the same answer. */
export function compareAnswers(a: AnswerRank, b: AnswerRank): number {
  return a.revision - b.revision || compareVersions(a.version, b.version);
}

function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let n = 0; n < Math.max(left.length, right.length); n++) {
    const difference = (left[n] ?? 0) - (right[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
