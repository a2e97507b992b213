import { useId } from 'react';
import type { ReportView } from '../../src/study-view.ts';
import type { Reviewing } from './use-review.ts';
import { openFindings, pendingWords } from './words.ts';

interface SignBarProps {
  report: ReportView;
  reviewing: Reviewing;
  onSign: () => void;
}

/** How far the answers to a report are, and the way to sign it. A signed one is signed again by changing an answer. */
export function SignBar({ report, reviewing, onSign }: SignBarProps) {
  const why = useId();
  const { may, state, closedInChart, findings, signature } = report;
  if (!may.review) return may.why === undefined ? null : <p className="sign-bar sign-bar-closed">{may.why}</p>;
  const open = openFindings(report);
  const isSigned = state !== 'unreviewed';
  const trouble = reviewing.trouble?.trackingUid === undefined ? reviewing.trouble?.text : undefined;
  return (
    <div className="sign-bar" data-testid="sign-bar">
      <p>
        <b>
          {findings.length - open.length} of {findings.length} answered
        </b>
        <small id={why}>{hint(report, open)}</small>
        {signature !== undefined && !closedInChart && (
          <small className="stands-pending">Signature: {pendingWords[signature]}</small>
        )}
      </p>
      {may.sign && !isSigned && (
        <button
          type="button"
          className={signature === 'on-its-way' ? 'quiet' : 'primary'}
          disabled={open.length > 0}
          aria-disabled={reviewing.busy}
          aria-describedby={why}
          onClick={onSign}
        >
          {signature === 'on-its-way' ? 'Sign again' : 'Sign'}
        </button>
      )}
      {trouble !== undefined && (
        <p className="not-recorded" role="alert">
          {trouble}
        </p>
      )}
    </div>
  );
}

function hint({ may, state, closedInChart, signature }: ReportView, open: string[]): string {
  if (closedInChart) return 'Closed in the chart, which keeps it so: a change reaches other destinations alone.';
  if (state !== 'unreviewed') return 'Change an answer to correct what is signed.';
  if (!may.sign) return 'A radiologist signs the report.';
  if (signature === 'on-its-way') return 'Signed here.';
  return open.length === 0 ? 'Ready to be signed.' : `Still open: ${open.join(', ')}`;
}
