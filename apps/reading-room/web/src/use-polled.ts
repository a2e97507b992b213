import { useEffect, useState } from 'react';
import { ask, type Answer } from './ask.ts';

export interface Polled<T> {
  /** The newest body that was got for this path; kept while the server is away. */
  body: T | undefined;
  trouble: Exclude<Answer<T>['kind'], 'ok'> | undefined;
}

interface State<T> extends Polled<T> {
  path: string | undefined;
  /** The body as text, to tell the same answer from a new one. */
  said: string;
}

/** Asks `path` now, every `everyMs`, and whenever the page is looked at again. A hidden page does not ask. */
export function usePolled<T>(path: string | undefined, everyMs: number): Polled<T> {
  const [state, setState] = useState<State<T>>({ path, body: undefined, trouble: undefined, said: '' });

  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      clearTimeout(timer);
      if (!document.hidden) {
        const answer = await ask<T>(path, stop.signal);
        if (stop.signal.aborted) return;
        setState((before) => next(before, path, answer));
      }
      timer = setTimeout(() => void round(), everyMs);
    };
    const onVisible = () => void round();
    document.addEventListener('visibilitychange', onVisible);
    void round();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [path, everyMs]);

  return state.path === path ? state : { body: undefined, trouble: undefined };
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
