import { useState } from 'react';
import type { FindingView, ReportView, StudyView } from '../../src/study-view.ts';
import { ModelDialog } from './model-dialog.tsx';
import { SignBar } from './sign-bar.tsx';
import { SignDialog } from './sign-dialog.tsx';
import type { Said } from './tell-review.ts';
import { type Reviewing, useReview } from './use-review.ts';
import { VerdictControls } from './verdict-controls.tsx';
import type { Shown } from './viewer.tsx';
import { clock, lastAnswer, outcomeWords, perCent, reportStateWords, signaturesOf, stampOf } from './words.ts';

interface PanelProps {
  study: StudyView;
  shown: Shown;
  onShow: (shown: Shown) => void;
  /** Looks at once whether anything is new. */
  onLookAgain: () => void;
}

export function FindingsPanel({ study, shown, onShow, onLookAgain }: PanelProps) {
  return (
    <aside className="findings" aria-label="What the models say">
      {study.reports.length === 0 && (
        <section className="report">
          <h2>Waiting</h2>
          <p className="lead">The images are here. No model has been asked yet.</p>
        </section>
      )}
      {study.reports.map((report) => (
        <Report
          key={report.model === undefined ? 'none' : `${report.model.name}@${report.model.version}`}
          report={report}
          study={study}
          shown={shown}
          onShow={onShow}
          onLookAgain={onLookAgain}
        />
      ))}
      <Times study={study} />
    </aside>
  );
}

/** A signature about to be given; of a signed report with the answer that changes, and who waits for what comes of it. */
interface Signing {
  change?: Said;
  onEnd?: (isRecorded: boolean) => void;
}

interface ReportProps extends PanelProps {
  report: ReportView;
}

function Report(props: ReportProps) {
  const { report, study, onLookAgain } = props;
  const [aboutModel, setAboutModel] = useState(false);
  const [signing, setSigning] = useState<Signing>();
  const reviewing = useReview(study.studyInstanceUid, report, onLookAgain);
  const { model, state } = report;
  const say = async (said: Said) => {
    if (state === 'unreviewed') return reviewing.send([said], false);
    return new Promise<boolean>((onEnd) => setSigning({ change: said, onEnd }));
  };
  const sign = async ({ change, onEnd }: Signing) => {
    const isRecorded = await reviewing.send(change === undefined ? [] : [change], true);
    onEnd?.(isRecorded);
  };
  return (
    <section className={`report report-${report.outcome} report-is-${state ?? 'unreviewed'}`}>
      <header className="report-head">
        <h2>{model?.title ?? model?.name ?? 'No model'}</h2>
        <StateChip report={report} />
      </header>
      <ReportNotes report={report} />
      <Answer {...props} reviewing={reviewing} onSay={say} />
      {report.outcome === 'findings' && <SignBar report={report} reviewing={reviewing} onSign={() => setSigning({})} />}
      <footer className="report-foot">
        {model !== undefined && (
          <button type="button" className="link" onClick={() => setAboutModel(true)}>
            {model.name} {model.version} · model card
          </button>
        )}
        {report.reportUrl !== undefined && (
          <a
            className="link"
            href={report.chartUrl}
            title={report.reportUrl}
            target="_blank"
            rel="noreferrer"
            data-testid="report-link"
          >
            FHIR report ↗
          </a>
        )}
        {report.outcome === 'findings' && report.reportUrl === undefined && <span>Not in the chart yet</span>}
        {report.alsoSentTo.length > 0 && <span>Also sent to {report.alsoSentTo.join(', ')}</span>}
      </footer>
      {signing !== undefined && (
        <SignDialog
          report={report}
          change={signing.change}
          onSign={() => sign(signing)}
          onClose={() => {
            signing.onEnd?.(false);
            setSigning(undefined);
          }}
        />
      )}
      {aboutModel && model !== undefined && <ModelDialog model={model} onClose={() => setAboutModel(false)} />}
    </section>
  );
}

function StateChip({ report: { outcome, state } }: { report: ReportView }) {
  if (outcome === 'findings' && state !== undefined && state !== 'unreviewed')
    return <span className={`chip chip-is-${state}`}>{reportStateWords[state]}</span>;
  return <span className={`chip chip-${chipOf[outcome]}`}>{outcomeWords[outcome]}</span>;
}

/** What a reader must know of the report before its findings. */
function ReportNotes({ report: { state, reviewedBy, signedBefore, outcome } }: { report: ReportView }) {
  return (
    <>
      {signedBefore !== undefined && (
        <p className="note note-newer" data-testid="newer-since-signed">
          <b>{outcome === 'findings' ? 'A newer analysis since it was signed' : 'An earlier report was signed'}</b>
          <small>
            {signedBefore.by === undefined ? 'A radiologist' : signaturesOf(signedBefore.by)} signed the one before,
            which stands in the chart as it is.
          </small>
        </p>
      )}
      {state !== undefined && state !== 'unreviewed' && outcome === 'findings' && (
        <p className={`note note-is-${state}`} data-testid="report-state">
          <b>{reportStateWords[state]}</b>
          {reviewedBy?.signed === true && <small>{signaturesOf(reviewedBy)}</small>}
        </p>
      )}
    </>
  );
}

const chipOf = {
  findings: 'read',
  skipped: 'refused',
  failed: 'failed',
  pending: 'received',
  overdue: 'overdue',
} as const;

interface AnswerProps extends ReportProps {
  reviewing: Reviewing;
  onSay: (said: Said) => Promise<boolean>;
}

function Answer({ report, study, shown, onShow, reviewing, onSay }: AnswerProps) {
  switch (report.outcome) {
    case 'findings':
      return (
        <>
          {report.findings.map((finding) => (
            <FindingCard
              key={finding.trackingUid}
              finding={finding}
              report={report}
              reviewing={reviewing}
              onSay={onSay}
              image={study.images.findIndex(({ sopInstanceUid }) => sopInstanceUid === finding.sopInstanceUid)}
              isShown={shown.findingKey === finding.key && shown.sopInstanceUid === finding.sopInstanceUid}
              onShow={
                study.images.length > 1 || report.findings.length > 1
                  ? () => onShow({ sopInstanceUid: finding.sopInstanceUid, findingKey: finding.key })
                  : undefined
              }
            />
          ))}
        </>
      );
    case 'skipped':
      return (
        <div className="said said-refused" data-testid="refusal">
          <p className="lead">{report.reasonText ?? 'Not read.'}</p>
          {report.detail !== undefined && report.reason !== 'no-model' && <p className="detail">{report.detail}</p>}
          <p className="fine">A refusal says nothing about the image. It is not a negative result.</p>
        </div>
      );
    case 'failed':
      return (
        <div className="said said-trouble" data-testid="failure">
          <p className="lead">{report.reasonText ?? 'The model could not read this study.'}</p>
          {report.detail !== undefined && <p className="detail">{report.detail}</p>}
          <p className="fine">Read this study without AI. It is not a negative result.</p>
        </div>
      );
    case 'overdue':
      return (
        <div className="said said-trouble" data-testid="overdue">
          <p className="lead">No answer by {clock(report.deadline)}.</p>
          <p className="fine">The request has been sent again. Until then, read this study without AI.</p>
        </div>
      );
    case 'pending':
      return (
        <div className="said">
          <p className="lead">The model has been asked and has not answered yet.</p>
          <p className="fine">Expected before {clock(report.deadline)}. This page shows the answer as it comes.</p>
        </div>
      );
  }
}

const presenceWords = {
  present: 'Suspected',
  absent: 'Below threshold',
  'not-prioritised': 'Not prioritised',
} as const;

interface CardProps {
  finding: FindingView;
  report: ReportView;
  reviewing: Reviewing;
  onSay: (said: Said) => Promise<boolean>;
  /** Place of its image among the study's; -1 where that is not shown. */
  image: number;
  isShown: boolean;
  onShow: (() => void) | undefined;
}

function FindingCard({ finding, report, reviewing, onSay, image, isShown, onShow }: CardProps) {
  return (
    <article
      className={`finding finding-${finding.presence} finding-${lastAnswer(finding)?.verdict ?? 'open'}`}
      data-testid="finding"
    >
      <header>
        <h3>{finding.concept.display}</h3>
        <span className="verdict">{presenceWords[finding.presence]}</span>
      </header>
      <Probability finding={finding} />
      <p className="sentence">{finding.sentence}</p>
      <p className="finding-facts">
        {finding.site !== undefined && <span>{finding.site.display}</span>}
        <span>{finding.laterality === 'unknown' ? 'side unknown' : finding.laterality}</span>
        {image >= 0 && onShow !== undefined && (
          <button type="button" className="link" aria-pressed={isShown} onClick={onShow}>
            show on image {image + 1}
          </button>
        )}
      </p>
      <VerdictControls finding={finding} report={report} reviewing={reviewing} onSay={onSay} />
      <p className="stamp">{stampOf(report.state, finding.verdict?.verdict)}</p>
    </article>
  );
}

function Probability({ finding: { probability, threshold } }: { finding: FindingView }) {
  return (
    <div className="probability">
      <p>
        <b>{perCent(probability)}</b> calibrated probability
      </p>
      <div
        className="bar"
        role="meter"
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={probability}
        aria-label={`Probability ${perCent(probability)}, threshold ${perCent(threshold)}`}
      >
        <span className="bar-fill" style={{ width: `${probability * 100}%` }} />
        <span className="bar-threshold" style={{ left: `${threshold * 100}%` }} />
      </div>
      <p className="bar-scale" aria-hidden="true">
        {/* An end gives way to the threshold where there is no room for both. */}
        <span>{threshold > 0.3 && '0 %'}</span>
        <span className="bar-mark" style={{ left: `${Math.min(82, Math.max(18, threshold * 100))}%` }}>
          threshold {perCent(threshold)}
        </span>
        <span>{threshold < 0.7 && '100 %'}</span>
      </p>
    </div>
  );
}

function Times({ study }: { study: StudyView }) {
  return (
    <dl className="times">
      <dt>Received</dt>
      <dd>{clock(study.receivedAt)}</dd>
      <dt>{study.state === 'read' ? 'Read by AI' : 'Answered'}</dt>
      <dd>{clock(study.inferredAt)}</dd>
      <dt>Filed in the chart</dt>
      <dd>{clock(study.filedAt)}</dd>
      <dt>Revision</dt>
      <dd>{study.revision}</dd>
      <dt>Study UID</dt>
      <dd className="uid">{study.studyInstanceUid}</dd>
    </dl>
  );
}
