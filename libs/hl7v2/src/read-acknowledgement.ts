import { mayPass, meaningOf } from './error-code.ts';
import { readMessage, type ReadMessage, type ReadSegment } from './read-message.ts';

/**
 * Table 0008 where the answer is no. `A…` is the application's, `C…` that of whoever stores messages for it (enhanced
 * mode).
 */
export type Refusal = 'AE' | 'AR' | 'CE' | 'CR';

/**
 * A peer's answer to a message. `text` says which error and where, in the words of table 0357, and never the peer's own,
 * which may quote what it was sent. `mayPass`: the same message may be taken later.
 */
export type Acknowledgement =
  | { kind: 'accepted' }
  | { kind: 'rejected'; code: Refusal; text: string; mayPass: boolean }
  | { kind: 'of-another' }
  | { kind: 'unreadable' };

/** What an answer says of the message with this control id (MSA-2). */
export function readAcknowledgement(answer: string, controlId: string): Acknowledgement {
  const message = readMessage(answer);
  const msa = message?.first('MSA');
  const code = msa?.text(1);
  if (message === undefined || msa === undefined || code === undefined) return { kind: 'unreadable' };
  if (msa.text(2) !== controlId) return { kind: 'of-another' };
  switch (code) {
    case 'AA':
    case 'CA':
      return { kind: 'accepted' };
    case 'AE':
    case 'AR':
    case 'CE':
    case 'CR':
      return { kind: 'rejected', code, ...errorsOf(message, code) };
    default:
      return { kind: 'unreadable' };
  }
}

function errorsOf(message: ReadMessage, code: Refusal): { text: string; mayPass: boolean } {
  const errors = message.all('ERR').flatMap((err) => errorOf(err) ?? []);
  if (errors.length === 0) return { text: `${code} without an error code`, mayPass: mayPassUnexplained(code) };
  return {
    text: `${code}: ${errors.map(({ code: number, where }) => `${number} ${meaningOf(number)}${where}`).join('; ')}`,
    mayPass: errors.every((error) => mayPass(error.code)),
  };
}

/**
 * v2.5.1 2.9.2.2 and 2.9.3.1: AR and CE also stand for a system that is down or has no room; AE and CR are about the message.
 */
function mayPassUnexplained(code: Refusal): boolean {
  return code === 'AR' || code === 'CE';
}

/** What we send: a place elsewhere was not in our message, and may be anything. */
const sent = new Set(['MSH', 'PID', 'ORC', 'OBR', 'NTE', 'OBX']);

/** ERR-3 and ERR-2 of v2.5 on; undefined where the code is none of the table's. */
function errorOf(err: ReadSegment): { code: string; where: string } | undefined {
  const code = err.text(3);
  if (code === undefined || meaningOf(code) === undefined) return undefined;
  const name = err.text(2) ?? '';
  const field = err.text(2, 3) ?? '';
  if (!sent.has(name)) return { code, where: '' };
  return { code, where: /^\d{1,2}$/.test(field) ? ` at ${name}-${field}` : ` at ${name}` };
}
