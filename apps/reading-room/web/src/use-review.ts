import { useState } from 'react';
import type { ReportView } from '../../src/study-view.ts';
import { type Said, tellReview } from './tell-review.ts';

export interface Reviewing {
  /** True where it was recorded. */
  send: (verdicts: Said[], sign: boolean) => Promise<boolean>;
  busy: boolean;
  /** Why the last attempt was not recorded, and which finding it was about; none of a signature. */
  trouble: { text: string; trackingUid: string | undefined } | undefined;
}

/** Says a person's answers to one report, as they see it now. `onSent`: it is time to look again. */
export function useReview(uid: string, { model, seen }: ReportView, onSent: () => void): Reviewing {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Reviewing['trouble']>();
  const send = async (verdicts: Said[], sign: boolean) => {
    if (busy || model === undefined) return false;
    setBusy(true);
    setTrouble(undefined);
    const told = await tellReview(`/api/studies/${uid}/reports/${model.name}@${model.version}/review`, {
      seen,
      verdicts,
      sign,
    });
    setBusy(false);
    if (told.kind === 'refused') setTrouble({ text: told.text, trackingUid: verdicts[0]?.trackingUid });
    onSent();
    return told.kind === 'recorded';
  };
  return { send, busy, trouble };
}
