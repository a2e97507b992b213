import { useEffect, useRef, useState } from 'react';
import type { StudyList, StudySummary } from '../../src/study-view.ts';
import { Notice } from './notice.tsx';
import type { Polled } from './use-polled.ts';
import { ago, isVoid, patientFacts, patientName, reportStateWords, stateWords, summary } from './words.ts';

export type Filter = 'all' | 'positive' | 'refused' | 'attention';

interface WorklistProps {
  list: Polled<StudyList>;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  positivesFirst: boolean;
  onPositivesFirst: (first: boolean) => void;
  selected: string | undefined;
  onSelect: (uid: string) => void;
  onMore: () => void;
}

export function Worklist(props: WorklistProps) {
  const { list, filter, positivesFirst, selected, onSelect } = props;
  const studies = list.body?.studies ?? [];
  useArrowKeys(studies, selected, onSelect);
  const now = useNow();
  const counts = list.body?.counts;
  const tabs: { filter: Filter; label: string; count: number | undefined }[] = [
    { filter: 'all', label: 'All', count: counts?.all },
    { filter: 'positive', label: 'Positive', count: counts?.positive },
    { filter: 'refused', label: 'Not read', count: counts?.refused },
    {
      filter: 'attention',
      label: 'Problems',
      count: counts === undefined ? undefined : counts.failed + counts.overdue,
    },
  ];

  return (
    <nav className="worklist" aria-label="Worklist">
      <div className="worklist-head">
        <div className="tabs" role="group" aria-label="Show">
          {tabs.map((tab) => (
            <button
              key={tab.filter}
              type="button"
              aria-pressed={filter === tab.filter}
              onClick={() => props.onFilter(tab.filter)}
            >
              {tab.label} <span className="count">{tab.count ?? ''}</span>
            </button>
          ))}
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={positivesFirst}
            onChange={(event) => props.onPositivesFirst(event.target.checked)}
          />
          Positives on top, then newest
        </label>
      </div>
      <ul className="rows">
        {studies.map((study) => (
          <Row
            key={study.studyInstanceUid}
            study={study}
            now={now}
            isSelected={study.studyInstanceUid === selected}
            onSelect={onSelect}
          />
        ))}
      </ul>
      {list.body === undefined && list.trouble === undefined && <Skeleton />}
      {list.body === undefined && list.trouble === 'unreachable' && (
        <Notice title="The worklist cannot be loaded">This page tries again every few seconds.</Notice>
      )}
      {list.trouble === 'refused' && <Notice title="Your role does not open the worklist" />}
      {list.body !== undefined && studies.length === 0 && (
        <Notice title={filter === 'all' ? 'No studies yet' : 'No study here'}>
          {filter === 'all'
            ? 'A study appears as soon as its images are complete.'
            : 'Choose “All” to see every study.'}
        </Notice>
      )}
      {list.body !== undefined && list.body.total > studies.length && (
        <button type="button" className="quiet more" onClick={props.onMore}>
          Show more · {list.body.total - studies.length} older
        </button>
      )}
    </nav>
  );
}

interface RowProps {
  study: StudySummary;
  now: Date;
  isSelected: boolean;
  onSelect: (uid: string) => void;
}

function Row({ study, now, isSelected, onSelect }: RowProps) {
  const row = useRef<HTMLButtonElement>(null);
  const { reviewed } = study;
  const suspects = study.positive && !isVoid(reviewed);
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  return (
    <li>
      <button
        ref={row}
        type="button"
        className={suspects ? 'row row-positive' : 'row'}
        aria-current={isSelected ? 'true' : undefined}
        data-study={study.studyInstanceUid}
        onClick={() => onSelect(study.studyInstanceUid)}
      >
        <span className="row-name">{patientName(study.patient.name)}</span>
        <time className="row-time" dateTime={study.receivedAt} title={new Date(study.receivedAt).toLocaleString()}>
          {ago(study.receivedAt, now)}
        </time>
        <span className="row-facts">
          <span className="modality">{study.modalities.join(' ')}</span>
          {patientFacts(study.patient, study.startedAt)}
        </span>
        {study.state === 'read' && reviewed !== undefined && reviewed !== 'unreviewed' ? (
          <span className={`chip chip-is-${reviewed}`}>{reportStateWords[reviewed]}</span>
        ) : (
          <span className={`chip chip-${study.state}`}>{stateWords[study.state]}</span>
        )}
        <span className={`row-says row-says-${suspects ? 'positive' : study.state}`}>{summary(study)}</span>
        {study.newerSinceSigned && <span className="row-newer">A newer analysis since it was signed</span>}
      </button>
    </li>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" role="status" aria-label="Loading the worklist">
      {[0, 1, 2, 3, 4].map((row) => (
        <span key={row} />
      ))}
    </div>
  );
}

/** Arrow up and down move through the list wherever the focus is, except in a control that uses them itself. */
function useArrowKeys(studies: StudySummary[], selected: string | undefined, onSelect: (uid: string) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
      if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]') !== null) return;
      const at = studies.findIndex(({ studyInstanceUid }) => studyInstanceUid === selected);
      const to = event.key === 'ArrowDown' ? at + 1 : Math.max(at - 1, 0);
      const study = studies[to];
      if (study === undefined) return;
      event.preventDefault();
      onSelect(study.studyInstanceUid);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [studies, selected, onSelect]);
}

function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 15_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
