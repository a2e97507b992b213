/** Table 0357, in our words: a peer's own text may quote what it was sent. */
const meanings: Readonly<Record<string, string>> = {
  '100': 'segment sequence error',
  '101': 'required field missing',
  '102': 'data type error',
  '103': 'table value not found',
  '200': 'unsupported message type',
  '201': 'unsupported event code',
  '202': 'unsupported processing id',
  '203': 'unsupported version id',
  '204': 'unknown key identifier',
  '205': 'duplicate key identifier',
  '206': 'application record locked',
  '207': 'application internal error',
};

/** What we answer with, where a message was not taken. */
export type ErrorCode = '101' | '102' | '200' | '201' | '207';

/** Undefined of a code that the table does not have. */
export function meaningOf(code: string): string | undefined {
  return meanings[code];
}

/** Locked records and internal errors pass; what a message is does not change. */
export function mayPass(code: string): boolean {
  return code === '206' || code === '207';
}
