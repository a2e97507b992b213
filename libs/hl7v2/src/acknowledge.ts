import { meaningOf, type ErrorCode } from './error-code.ts';
import { composite, components, header, messageOf, segment, subcomponents, text, type Encoded } from './delimited.ts';
import { readMessage, type ReadSegment } from './read-message.ts';
import { timeStamp } from './time-stamp.ts';

/** AA: it is durably recorded. AE: not now. AR: not understood, and it will not be. */
export type Answer = { code: 'AA' } | { code: 'AE' | 'AR'; error: ErrorCode };

/**
 * The acknowledgement of a message (v2.5.1 2.9.2), from its receiver back to its sender, in original mode. A message
 * without a readable header is answered too: its sender is then nobody in particular. `at` is a FHIR instant.
 */
export function acknowledge(received: string, answer: Answer, at: string): string {
  const msh = readMessage(received)?.first('MSH');
  const controlId = msh?.text(10) ?? '';
  return messageOf([
    header({
      3: sameAuthority(msh, 5),
      4: sameAuthority(msh, 6),
      5: sameAuthority(msh, 3),
      6: sameAuthority(msh, 4),
      7: timeStamp(at),
      9: composite('ACK', msh?.text(9, 2), 'ACK'),
      // One answer for each message, so that its number serves as well.
      10: text(controlId === '' ? 'UNREADABLE' : controlId),
      11: text(msh?.text(11) ?? 'P'),
      12: text(msh?.text(12) ?? '2.5.1'),
      18: text('UNICODE UTF-8'),
    }),
    segment('MSA', { 1: text(answer.code), 2: text(controlId) }),
    ...('error' in answer ? [errorSegment(answer.error)] : []),
  ]);
}

function errorSegment(error: ErrorCode): string {
  return segment('ERR', { 3: composite(error, meaningOf(error), 'HL70357'), 4: text('E') });
}

function sameAuthority(msh: ReadSegment | undefined, field: number): Encoded {
  return components(...(msh?.field(field)[0] ?? []).map((parts) => subcomponents(...parts)));
}
