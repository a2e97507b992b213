import { useEffect, useRef, useState } from 'react';
import type { ReportView } from '../../src/study-view.ts';
import type { Said } from './tell-review.ts';
import { lastAnswer, sayVerdict } from './words.ts';

interface SignDialogProps {
  report: ReportView;
  /** Of a signed report, the answer that changes. */
  change: Said | undefined;
  onSign: () => Promise<void>;
  onClose: () => void;
}

/** What a signature stands for and what it does, before it is given. */
export function SignDialog({ report, change, onSign, onClose }: SignDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const answers = report.findings.map((finding) => ({
    finding,
    answer: change?.trackingUid === finding.trackingUid ? change : lastAnswer(finding),
  }));
  const nothingStands = answers.every(({ answer }) => answer?.verdict === 'rejected');
  const sign = async () => {
    if (busy) return;
    setBusy(true);
    await onSign();
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} className="model" aria-labelledby="sign-title" onClose={onClose}>
      <h2 id="sign-title">{change === undefined ? 'Sign this report?' : 'Sign again with this change?'}</h2>
      <ul className="sign-answers">
        {answers.map(({ finding, answer }) => (
          <li key={finding.trackingUid}>
            {finding.concept.display}: <b>{answer === undefined ? 'not answered' : sayVerdict(answer)}</b>
          </li>
        ))}
      </ul>
      <p className="fine">
        {nothingStands
          ? 'Nothing of this report stands: it is marked as rejected in the chart, under your name.'
          : `These answers are recorded ${change === undefined ? 'as final' : 'as corrected'} in the chart under your name, and stay labelled as found by AI. The report as a whole becomes final only where your site declares that no other report of this study exists; elsewhere it stays preliminary.`}
      </p>
      <footer>
        <button type="button" className="quiet" autoFocus onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button type="button" className="primary" aria-disabled={busy} onClick={() => void sign()}>
          {change === undefined ? 'Sign' : 'Sign again'}
        </button>
      </footer>
    </dialog>
  );
}
