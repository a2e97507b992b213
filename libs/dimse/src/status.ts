/** Statuses we answer with (PS3.4 Table B.2-1, J.3.3; PS3.7 Annex C). */
export const status = {
  success: 0x0000,
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidArgumentValue: 0x0115,
  sopClassNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
  resourceLimitation: 0x0213,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  /** Warning: what is kept differs from what was sent. */
  coercionOfDataElements: 0xb000,
  cannotUnderstand: 0xc000,
  /** Ours, of the range "cannot understand": the data set ends too early. */
  truncatedDataSet: 0xc001,
  /** Ours: an identifying attribute is missing or no UID. */
  missingIdentity: 0xc002,
} as const;

export type StatusName = keyof typeof status;

/** Statuses of the type "warning" (PS3.7 Annex C): it was done, and not all as asked. */
const warnings: ReadonlySet<number> = new Set([0x0001, 0x0107, 0x0116]);

export function isWarning(code: number): boolean {
  return warnings.has(code) || code >>> 12 === 0xb;
}

/** Refusals that say nothing of what was sent: no room now, or the peer failed at it. Whatever else is wrong will be wrong again. */
const passing: ReadonlySet<number> = new Set([status.processingFailure, status.resourceLimitation]);

/** True where the same may be taken later (A7xx: PS3.4 Table B.2-1; PS3.7 Annex C). */
export function mayPass(code: number): boolean {
  return passing.has(code) || code >>> 8 === 0xa7;
}

/** What a peer's refusal means, in words of the standard and never in the peer's: those may hold patient data. */
export function sayStatus(code: number): string {
  return `${meaningOf(code)} (${sayCode(code)})`;
}

/** A status or a failure reason as the standard writes it. */
export function sayCode(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0');
}

function meaningOf(code: number): string {
  if (code >>> 8 === 0xa7) return 'out of resources';
  if (code >>> 8 === 0xa9) return 'the data set does not match the SOP class';
  if (code >>> 12 === 0xc) return 'cannot understand';
  return meanings.get(code) ?? 'refused';
}

const meanings: ReadonlyMap<number, string> = new Map([
  [0x0105, 'no such attribute'],
  [0x0106, 'invalid attribute value'],
  [0x0110, 'processing failure'],
  [0x0111, 'duplicate SOP instance'],
  [0x0112, 'no such object instance'],
  [0x0114, 'no such argument'],
  [0x0115, 'invalid argument value'],
  [0x0117, 'invalid object instance'],
  [0x0118, 'no such SOP class'],
  [0x0119, 'class and instance do not agree'],
  [0x0120, 'missing attribute'],
  [0x0121, 'missing attribute value'],
  [0x0122, 'SOP class not supported'],
  [0x0123, 'no such action'],
  [0x0124, 'not authorized'],
  [0x0210, 'duplicate invocation'],
  [0x0211, 'unrecognized operation'],
  [0x0212, 'mistyped argument'],
  [0x0213, 'resource limitation'],
]);
