import type { StudyView } from '../../src/study-view.ts';

type Seen = StudyView['reports'][number]['seen'];

/** What a person says of one finding, as the API takes it. */
export type Said =
  | { verdict: 'accepted'; trackingUid: string }
  | { verdict: 'rejected'; trackingUid: string; reason: string }
  | { verdict: 'corrected'; trackingUid: string; concept: { system: string; code: string; display: string } };

export interface Review {
  seen: Seen;
  verdicts: Said[];
  sign: boolean;
}

/** What came of it; `text` is for the person. */
export type Told = { kind: 'recorded' } | { kind: 'refused'; text: string };

const attempts = 2;

/** Sends a review, and once more under the same key where no answer came: it is recorded once. */
export async function tellReview(path: string, review: Review): Promise<Told> {
  const key = attemptKey();
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const response = await post(path, review, key);
    if (response !== undefined && response.status < 500) return told(response);
  }
  return { kind: 'refused', text: 'The server does not answer. Your answer may not have been recorded: try again.' };
}

async function post(path: string, review: Review, key: string): Promise<Response | undefined> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(review),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    return undefined;
  }
}

async function told(response: Response): Promise<Told> {
  if (response.ok) return { kind: 'recorded' };
  if (response.status === 401)
    return { kind: 'refused', text: 'Your session is over: sign in again. Nothing was recorded.' };
  const said = (await response.json().catch(() => undefined)) as { message?: string | string[] } | undefined;
  const text = [said?.message ?? `the server answered ${response.status}`].flat().join('; ');
  return { kind: 'refused', text };
}

/** Not `randomUUID`, which pages over plain HTTP are not given. */
function attemptKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
