import type { Failure } from '@sightline/contracts';
import { describeError } from '@sightline/platform';

/** Codes of Node's sockets and of PostgreSQL (Appendix A) after which the same statement may well succeed. */
const passing = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '40001',
  '40P01',
  '53300',
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
]);

/** What pg and TypeORM say, without a code, of a connection that was lost under a transaction. */
const passingWords =
  /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable|query runner already released/i;

/** `unavailable` where the database went away or asked to try again; else the code that threw is at fault. */
export function classifyError(error: unknown): Failure {
  const message = describeError(error);
  const code = errorCode(error);
  const isPassing = (code !== undefined && (passing.has(code) || code.startsWith('08'))) || passingWords.test(message);
  return { kind: isPassing ? 'unavailable' : 'defect', message: message.slice(0, 500) };
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'driverError' in error ? errorCode(error.driverError) : undefined;
}
