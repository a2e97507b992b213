import { useCallback, useEffect, useRef, useState } from 'react';
import { ask, type Answer } from './ask.ts';

export interface Polled<T> {
  /** The newest body that was got for this path; kept while the server is away. */
  body: T | undefined;
  trouble: Exclude<Answer<T>['kind'], 'ok'> | undefined;
  /** Asks now. */
  again: () => void;
}

interface State<T> extends Omit<Polled<T>, 'again'> {
  path: string | undefined;
  /** The body as text, to tell the same answer from a new one. */
  said: string;
}

/** Asks `path` now, `waitMs` after each answer, and whenever the page is looked at again. A hidden page does not ask. */
export function usePolled<T>(path: string | undefined, waitMs: (body: T | undefined) => number): Polled<T> {
  const [state, setState] = useState<State<T>>({ path, body: undefined, trouble: undefined, said: '' });
  const look = useRef<() => void>(undefined);
  const again = useCallback(() => look.current?.(), []);

  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let newest: T | undefined;
    const round = async () => {
      clearTimeout(timer);
      if (!document.hidden) {
        const answer = await ask<T>(path, stop.signal);
        if (stop.signal.aborted) return;
        if (answer.kind === 'ok') newest = answer.body;
        setState((before) => next(before, path, answer));
      }
      clearTimeout(timer);
      timer = setTimeout(() => void round(), waitMs(newest));
    };
    const now = () => void round();
    look.current = now;
    document.addEventListener('visibilitychange', now);
    void round();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', now);
    };
  }, [path, waitMs]);

  return state.path === path ? { ...state, again } : { body: undefined, trouble: undefined, again };
}

function next<T>(before: State<T>, path: string, answer: Answer<T>): State<T> {
  const kept = before.path === path ? before : { body: undefined, said: '', trouble: undefined };
  if (answer.kind === 'missing') return { path, body: undefined, said: '', trouble: 'missing' };
  if (answer.kind !== 'ok') return { path, body: kept.body, said: kept.said, trouble: answer.kind };
  const said = JSON.stringify(answer.body);
  // The same answer again draws nothing again.
  if (before.path === path && said === before.said && before.trouble === undefined) return before;
  return { path, body: answer.body, said, trouble: undefined };
}
