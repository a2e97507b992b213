/** A system call that has returned. */
export interface SystemCall {
  name: string;
  /** Arguments as strace prints them, descriptors with what they stand for (-yy). */
  text: string;
  result: string;
}

/**
 * The calls of an strace -f -o file in the order in which they were sure to be over: a read or sync counts when it returns, a send
 * when it begins, for its bytes may be on their way from then on.
 */
export function readSystemCalls(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const begun = new Map<string, { name: string; text: string }>();
  const sends: ReadonlySet<string> = new Set(['write', 'writev', 'sendto']);
  for (const line of trace.split('\n')) {
    const whole = /^(\d+)\s+(\w+)\((.*)\)\s+= (.+)$/.exec(line);
    if (whole !== null) {
      calls.push({ name: whole[2] ?? '', text: whole[3] ?? '', result: whole[4] ?? '' });
      continue;
    }
    const start = /^(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>$/.exec(line);
    if (start !== null) {
      const call = { name: start[2] ?? '', text: start[3] ?? '' };
      begun.set(start[1] ?? '', call);
      if (sends.has(call.name)) calls.push({ ...call, result: 'begun' });
      continue;
    }
    const end = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)\)\s+= (.+)$/.exec(line);
    const call = begun.get(end?.[1] ?? '');
    if (end === null || call === undefined) continue;
    begun.delete(end[1] ?? '');
    if (!sends.has(call.name)) calls.push({ name: call.name, text: call.text + (end[3] ?? ''), result: end[4] ?? '' });
  }
  return calls;
}
