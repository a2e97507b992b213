/** Protocol data units of the DICOM upper layer (PS3.8 9.3), as bytes and back; those of associating are in associate-pdu.ts. */
export const pduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  dataTransfer: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** A part of a command or data set in a P-DATA-TF PDU. */
export interface PresentationDataValue {
  contextId: number;
  isCommand: boolean;
  isLast: boolean;
  bytes: Buffer;
}

export function encodePdu(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** Why the provider aborts (PS3.8 Table 9-26). */
export const abortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  invalidPduParameter: 6,
} as const;

export function encodeAbort(reason: number): Buffer {
  return encodePdu(pduType.abort, Buffer.from([0, 0, 2, reason]));
}

/** A-ABORT of the service user: we want no more of it, and nothing is wrong with the peer. */
export function encodeUserAbort(): Buffer {
  return encodePdu(pduType.abort, Buffer.alloc(4));
}

export function encodeReleaseRequest(): Buffer {
  return encodePdu(pduType.releaseRequest, Buffer.alloc(4));
}

export function encodeReleaseResponse(): Buffer {
  return encodePdu(pduType.releaseResponse, Buffer.alloc(4));
}

/** Body of a P-DATA-TF PDU (PS3.8 9.3.5), or undefined where it is malformed. */
export function decodePresentationData(body: Buffer): PresentationDataValue[] | undefined {
  const values: PresentationDataValue[] = [];
  let at = 0;
  while (at < body.length) {
    if (body.length - at < 6) return undefined;
    const length = body.readUInt32BE(at);
    if (length < 2 || length > body.length - at - 4) return undefined;
    const control = body.readUInt8(at + 5);
    values.push({
      contextId: body.readUInt8(at + 4),
      isCommand: (control & 1) === 1,
      isLast: (control & 2) === 2,
      bytes: body.subarray(at + 6, at + 4 + length),
    });
    at += 4 + length;
  }
  return values;
}

/** What we put into one P-DATA-TF PDU at most, in bytes, whatever the peer would take. */
const longestSent = 131_072;

/**
 * One whole command or data set as P-DATA-TF PDUs no longer than the peer takes (0: any length), one after the other. An empty one
 * is one empty value.
 */
export function* encodeDataPdus(
  contextId: number,
  kind: 'command' | 'data-set',
  bytes: Uint8Array,
  peerMaxPduLength: number,
): Generator<Buffer> {
  const longest = peerMaxPduLength === 0 ? longestSent : Math.min(peerMaxPduLength, longestSent);
  // Values of an even length, as PS3.8 Annex E shows them; of a peer that takes less than two bytes, one at a time.
  const most = Math.max(1, (longest - 6) & ~1);
  for (let at = 0; at === 0 || at < bytes.length; at += most) {
    const part = bytes.subarray(at, at + most);
    const head = Buffer.alloc(6);
    head.writeUInt32BE(part.length + 2, 0);
    head.writeUInt8(contextId, 4);
    head.writeUInt8((kind === 'command' ? 1 : 0) | (at + most >= bytes.length ? 2 : 0), 5);
    yield encodePdu(pduType.dataTransfer, Buffer.concat([head, part]));
  }
}
