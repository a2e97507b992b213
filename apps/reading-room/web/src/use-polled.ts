import { useEffect, useRef, useState } from 'react';
import { ask, type Answer } from './ask.ts';

export interface Polled<T> {
  /** The newest body that was got for this path; kept while the server is away. */
  body: T | undefined;
  trouble: Exclude<Answer<T>['kind'], 'ok'> | undefined;
}

/** Asks `path` now, every `everyMs`, and whenever the page is looked at again. A hidden page does not ask. */
export function usePolled<T>(path: string | undefined, everyMs: number): Polled<T> {
  const [state, setState] = useState<{ path: string | undefined } & Polled<T>>({
    path,
    body: undefined,
    trouble: undefined,
  });
  const text = useRef('');

  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      clearTimeout(timer);
      if (!document.hidden) {
        const answer = await ask<T>(path, stop.signal);
        if (stop.signal.aborted) return;
        setState((before) => next(before, path, answer, text));
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

function next<T>(
  before: { path: string | undefined } & Polled<T>,
  path: string,
  answer: Answer<T>,
  text: { current: string },
): { path: string | undefined } & Polled<T> {
  const kept = before.path === path ? before.body : undefined;
  if (answer.kind !== 'ok') return { path, body: answer.kind === 'missing' ? undefined : kept, trouble: answer.kind };
  const said = `${path} ${JSON.stringify(answer.body)}`;
  // The same answer again draws nothing again.
  if (kept !== undefined && said === text.current && before.trouble === undefined) return before;
  text.current = said;
  return { path, body: answer.body, trouble: undefined };
}
