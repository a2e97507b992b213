import { type ReactNode, useId, useRef, useState } from 'react';
import type { FindingView, ReportView, VerdictView } from '../../src/study-view.ts';
import type { Said } from './tell-review.ts';
import type { Reviewing } from './use-review.ts';
import { lastAnswer, pendingWords, sayVerdict, signaturesOf } from './words.ts';

interface VerdictControlsProps {
  finding: FindingView;
  report: ReportView;
  reviewing: Reviewing;
  /** Answers this finding; of a signed report, once it is signed again. True where that is done. */
  onSay: (said: Said) => Promise<boolean>;
}

type Open = 'corrected' | 'rejected' | undefined;

/** One person's answer to one finding: what stands, and three ways to say something else. */
export function VerdictControls({ finding, report, reviewing, onSay }: VerdictControlsProps) {
  const [open, setOpen] = useState<Open>();
  const buttons = useRef<HTMLDivElement>(null);
  const { trackingUid } = finding;
  const current = lastAnswer(finding)?.verdict;
  const trouble = reviewing.trouble?.trackingUid === trackingUid ? reviewing.trouble.text : undefined;

  const say = async (said: Said) => {
    if (await onSay(said)) {
      setOpen(undefined);
      buttons.current?.querySelector<HTMLButtonElement>(`[data-verdict=${said.verdict}]`)?.focus();
    }
  };
  const choose = (verdict: VerdictView['verdict']) => {
    if (verdict === 'accepted') void say({ verdict, trackingUid });
    else setOpen(open === verdict ? undefined : verdict);
  };

  return (
    <div className="answer">
      <Answers finding={finding} />
      {report.may.review && (
        <div className="verdicts" role="group" aria-label={`Your answer to ${finding.concept.display}`} ref={buttons}>
          {choices
            .filter(({ verdict }) => verdict !== 'corrected' || finding.corrections.length > 0)
            .map(({ verdict, label, sign }) => (
              <button
                key={verdict}
                type="button"
                data-verdict={verdict}
                aria-pressed={current === verdict}
                aria-expanded={verdict === 'accepted' ? undefined : open === verdict}
                aria-disabled={reviewing.busy}
                onClick={() => choose(verdict)}
              >
                <span aria-hidden="true">{sign}</span> {label}
              </button>
            ))}
        </div>
      )}
      {open === 'corrected' && (
        <Correct finding={finding} busy={reviewing.busy} onSay={say} onCancel={() => setOpen(undefined)} />
      )}
      {open === 'rejected' && (
        <Reject finding={finding} busy={reviewing.busy} onSay={say} onCancel={() => setOpen(undefined)} />
      )}
      {trouble !== undefined && (
        <p className="not-recorded" role="alert">
          {trouble}
        </p>
      )}
    </div>
  );
}

const choices: readonly { verdict: VerdictView['verdict']; label: string; sign: string }[] = [
  { verdict: 'accepted', label: 'Accept', sign: '✓' },
  { verdict: 'corrected', label: 'Correct', sign: '✎' },
  { verdict: 'rejected', label: 'Reject', sign: '✕' },
];

function Answers({ finding: { verdict, pending } }: { finding: FindingView }) {
  if (verdict === undefined && pending === undefined) return null;
  return (
    <div role="status" data-testid="answers">
      {verdict !== undefined && <Stands verdict={verdict} />}
      {pending !== undefined && (
        <Stands verdict={pending} className={`stands-${pending.state}`}>
          {pendingWords[pending.state]}
        </Stands>
      )}
    </div>
  );
}

function Stands(props: { verdict: VerdictView; className?: string; children?: ReactNode }) {
  const { verdict, className = '', children } = props;
  return (
    <p className={`stands stands-${verdict.verdict} ${className}`}>
      <span className="stands-sign" aria-hidden="true">
        {choices.find((choice) => choice.verdict === verdict.verdict)?.sign}
      </span>
      <span>
        <b>{sayVerdict(verdict)}</b>
        {verdict.by !== undefined && <small>{signaturesOf(verdict.by)}</small>}
        {children !== undefined && <small className="stands-pending">{children}</small>}
      </span>
    </p>
  );
}

interface FormProps {
  finding: FindingView;
  busy: boolean;
  onSay: (said: Said) => Promise<void>;
  onCancel: () => void;
}

function Correct({ finding: { trackingUid, corrections }, busy, onSay, onCancel }: FormProps) {
  const id = useId();
  const [chosen, choose] = useState(0);
  const concept = corrections[chosen];
  return (
    <form
      className="say"
      onSubmit={(event) => {
        event.preventDefault();
        if (concept !== undefined) void onSay({ verdict: 'corrected', trackingUid, concept });
      }}
    >
      <label htmlFor={id}>What is there instead</label>
      <select id={id} autoFocus value={chosen} onChange={(event) => choose(Number(event.target.value))}>
        {corrections.map(({ system, code, display }, at) => (
          <option key={`${system}|${code}`} value={at}>
            {display}
          </option>
        ))}
      </select>
      <Ends busy={busy} label="Correct" onCancel={onCancel} />
    </form>
  );
}

const reasons = ['Nothing there', 'Artefact', 'Normal variant', 'Wrong place'];

function Reject({ finding: { trackingUid }, busy, onSay, onCancel }: FormProps) {
  const id = useId();
  const [reason, setReason] = useState('');
  const reject = (why: string) => {
    if (why.trim() !== '') void onSay({ verdict: 'rejected', trackingUid, reason: why.trim() });
  };
  return (
    <form
      className="say"
      onSubmit={(event) => {
        event.preventDefault();
        reject(reason);
      }}
    >
      <label htmlFor={id}>Why it does not stand</label>
      <p className="reasons">
        {reasons.map((one) => (
          <button key={one} type="button" aria-disabled={busy} onClick={() => reject(one)}>
            {one}
          </button>
        ))}
      </p>
      <input
        id={id}
        type="text"
        autoFocus
        maxLength={500}
        placeholder="Or in your words, without a name"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <Ends busy={busy} label="Reject" isReady={reason.trim() !== ''} onCancel={onCancel} />
    </form>
  );
}

function Ends(props: { busy: boolean; label: string; isReady?: boolean; onCancel: () => void }) {
  return (
    <p className="say-ends">
      <button type="button" className="quiet" onClick={props.onCancel}>
        Cancel
      </button>
      <button type="submit" className="primary" disabled={props.isReady === false} aria-disabled={props.busy}>
        {props.label}
      </button>
    </p>
  );
}
