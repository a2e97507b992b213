import { useCallback, useEffect, useState } from 'react';
import type { MeView, StudyList, StudyView } from '../../src/study-view.ts';
import { ask, signIn } from './ask.ts';
import { FindingsPanel } from './findings-panel.tsx';
import { Notice } from './notice.tsx';
import { TopBar } from './top-bar.tsx';
import { usePolled } from './use-polled.ts';
import { Viewer, type Shown } from './viewer.tsx';
import { Worklist, type Filter } from './worklist.tsx';

const pageSize = 50;
const everyFourSeconds = () => 4_000;

export function App() {
  const me = useMe();
  const [selected, select] = useSelectedStudy();
  const [filter, setFilter] = useState<Filter>('all');
  const [positivesFirst, setPositivesFirst] = useState(true);
  const [limit, setLimit] = useState(pageSize);
  const list = usePolled<StudyList>(listPath(filter, positivesFirst, limit), everyFourSeconds);
  const study = usePolled<StudyView>(selected === undefined ? undefined : `/api/studies/${selected}`, nextLook);

  const signedOut = list.trouble === 'signed-out' || study.trouble === 'signed-out';
  return (
    <div className={selected === undefined ? 'room' : 'room room-study'}>
      <TopBar me={me} offline={list.trouble === 'unreachable'} />
      <Worklist
        list={list}
        filter={filter}
        onFilter={(next) => {
          setFilter(next);
          setLimit(pageSize);
        }}
        positivesFirst={positivesFirst}
        onPositivesFirst={setPositivesFirst}
        selected={selected}
        onSelect={select}
        onMore={() => setLimit((shown) => Math.min(shown + pageSize, 500))}
      />
      <Study
        uid={selected}
        study={study.body}
        trouble={study.trouble}
        onBack={() => select(undefined)}
        onLookAgain={study.again}
      />
      {signedOut && <SessionOver />}
    </div>
  );
}

function Study(props: {
  uid: string | undefined;
  study: StudyView | undefined;
  trouble: string | undefined;
  onBack: () => void;
  onLookAgain: () => void;
}) {
  const { uid, study, trouble } = props;
  if (uid === undefined)
    return (
      <main className="study-empty">
        <Notice title="No study is open">
          Choose one from the worklist. <kbd>↑</kbd> <kbd>↓</kbd> move through it, <kbd>h</kbd> switches the heat map.
        </Notice>
      </main>
    );
  if (study === undefined)
    return (
      <main className="study-empty">
        <button type="button" className="back" onClick={props.onBack}>
          ← Worklist
        </button>
        {trouble === 'missing' && <Notice title="This study is not known here">It may not have arrived yet.</Notice>}
        {trouble === 'unreachable' && (
          <Notice title="The server does not answer">This page tries again every few seconds.</Notice>
        )}
        {trouble === undefined && <Notice title="Opening the study…" busy />}
      </main>
    );
  return <OpenStudy key={study.studyInstanceUid} study={study} onBack={props.onBack} onLookAgain={props.onLookAgain} />;
}

function OpenStudy(props: { study: StudyView; onBack: () => void; onLookAgain: () => void }) {
  const { study, onBack, onLookAgain } = props;
  const [shown, show] = useState<Shown>({ sopInstanceUid: undefined, findingKey: undefined });
  return (
    <>
      <Viewer study={study} shown={shown} onShow={show} onBack={onBack} />
      <FindingsPanel study={study} shown={shown} onShow={show} onLookAgain={onLookAgain} />
    </>
  );
}

function SessionOver() {
  return (
    <div className="curtain" role="alertdialog" aria-modal="true" aria-labelledby="session-over">
      <div className="curtain-card">
        <h2 id="session-over">Your session is over</h2>
        <p>Sign in again to go on reading. You will come back to this study.</p>
        <button type="button" className="primary" autoFocus onClick={signIn}>
          Sign in
        </button>
      </div>
    </div>
  );
}

/** Milliseconds: sooner while something said here is on its way to the chart. */
function nextLook(study: StudyView | undefined): number {
  const findings = study?.reports.flatMap((report) => report.findings) ?? [];
  return findings.some(({ pending }) => pending?.state === 'on-its-way') ? 1_000 : 4_000;
}

function listPath(filter: Filter, positivesFirst: boolean, limit: number): string {
  const search = new URLSearchParams({ limit: String(limit), order: positivesFirst ? 'positives-first' : 'newest' });
  if (filter !== 'all') search.set('show', filter);
  return `/api/studies?${search}`;
}

function useMe(): MeView | undefined {
  const [me, setMe] = useState<MeView>();
  useEffect(() => {
    void ask<MeView>('/api/me').then((answer) => {
      if (answer.kind === 'ok') setMe(answer.body);
      if (answer.kind === 'signed-out') signIn();
    });
  }, []);
  return me;
}

/** The study in the address, so that a link opens it and Back goes back. */
function useSelectedStudy(): [string | undefined, (uid: string | undefined) => void] {
  const [uid, setUid] = useState(studyInAddress);
  useEffect(() => {
    const onPop = () => setUid(studyInAddress());
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }, []);
  const select = useCallback((next: string | undefined) => {
    history.pushState(null, '', next === undefined ? '/' : `/studies/${next}`);
    setUid(next);
  }, []);
  return [uid, select];
}

function studyInAddress(): string | undefined {
  return /^\/studies\/([\d.]+)$/.exec(location.pathname)?.[1];
}
