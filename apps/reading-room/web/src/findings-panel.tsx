import { useState } from 'react';
import type { FindingView, ReportView, StudyView } from '../../src/study-view.ts';
import { ModelDialog } from './model-dialog.tsx';
import type { Shown } from './viewer.tsx';
import { clock, outcomeWords, perCent } from './words.ts';

interface PanelProps {
  study: StudyView;
  shown: Shown;
  onShow: (shown: Shown) => void;
}

export function FindingsPanel({ study, shown, onShow }: PanelProps) {
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
        />
      ))}
      <Times study={study} />
    </aside>
  );
}

interface ReportProps extends PanelProps {
  report: ReportView;
}

function Report({ report, study, shown, onShow }: ReportProps) {
  const [aboutModel, setAboutModel] = useState(false);
  const { model } = report;
  return (
    <section className={`report report-${report.outcome}`}>
      <header className="report-head">
        <h2>{model?.title ?? model?.name ?? 'No model'}</h2>
        <span className={`chip chip-${chipOf[report.outcome]}`}>{outcomeWords[report.outcome]}</span>
      </header>
      <Answer report={report} study={study} shown={shown} onShow={onShow} />
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
      </footer>
      {aboutModel && model !== undefined && <ModelDialog model={model} onClose={() => setAboutModel(false)} />}
    </section>
  );
}

const chipOf = {
  findings: 'read',
  skipped: 'refused',
  failed: 'failed',
  pending: 'received',
  overdue: 'overdue',
} as const;

function Answer({ report, study, shown, onShow }: ReportProps) {
  switch (report.outcome) {
    case 'findings':
      return (
        <>
          {report.findings.map((finding) => (
            <FindingCard
              key={`${finding.key} ${finding.sopInstanceUid}`}
              finding={finding}
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
  /** Place of its image among the study's; -1 where that is not shown. */
  image: number;
  isShown: boolean;
  onShow: (() => void) | undefined;
}

function FindingCard({ finding, image, isShown, onShow }: CardProps) {
  return (
    <article className={`finding finding-${finding.presence}`} data-testid="finding">
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
      <p className="stamp">Unverified · by AI — not for diagnostic use</p>
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
