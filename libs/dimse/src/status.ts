/** C-STORE and C-ECHO statuses this SCP answers with (PS3.4 Table B.2-1, PS3.7 Annex C). */
export const status = {
  success: 0x0000,
  sopClassNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
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
