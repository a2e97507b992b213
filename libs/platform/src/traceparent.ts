import { randomBytes } from 'node:crypto';

const pattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The parent's trace continued by a new span, or a new trace where there is no valid parent (W3C Trace Context, level 1). */
export function continueTrace(parent?: string): string {
  const span = randomBytes(8).toString('hex');
  if (parent !== undefined && pattern.test(parent)) return `${parent.slice(0, 36)}${span}-01`;
  return `00-${randomBytes(16).toString('hex')}-${span}-01`;
}
