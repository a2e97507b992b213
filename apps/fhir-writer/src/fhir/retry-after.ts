const longestMs = 3_600_000;

/** Retry-After (RFC 9110 10.2.3), in seconds or as a date, as milliseconds from now; an hour at most. Undefined where it says nothing. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestMs);
}
