/** What came of asking the server. `signed-out`: the session is over. */
export type Answer<T> =
  | { kind: 'ok'; body: T }
  | { kind: 'signed-out' }
  | { kind: 'refused' }
  | { kind: 'missing' }
  | { kind: 'unreachable' };

export async function ask<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      headers: { accept: 'application/json' },
      credentials: 'same-origin',
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 401) return { kind: 'signed-out' };
    if (response.status === 403) return { kind: 'refused' };
    if (response.status === 404) return { kind: 'missing' };
    if (!response.ok) return { kind: 'unreachable' };
    return { kind: 'ok', body: (await response.json()) as T };
  } catch {
    return { kind: 'unreachable' };
  }
}

export function signIn(): void {
  location.assign(`/auth/login?returnTo=${encodeURIComponent(location.pathname)}`);
}

/** Ends the session here and at the identity provider. */
export async function signOut(): Promise<void> {
  const response = await fetch('/auth/logout', { method: 'POST', headers: { accept: 'application/json' } });
  const { location: next } = response.ok ? ((await response.json()) as { location: string }) : { location: '/' };
  location.assign(next);
}
