/** Protocol data units of the DICOM upper layer (PS3.8 9.3), as bytes and back. */
export const pduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  dataTransfer: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

export interface ProposedContext {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

export interface AssociateRequest {
  protocolVersion: number;
  calledAeTitle: string;
  callingAeTitle: string;
  applicationContext: string;
  contexts: ProposedContext[];
  /** Largest P-DATA-TF PDU body the peer takes; 0 is no limit. */
  maxPduLength: number;
}

/** What becomes of a proposed context (PS3.8 Table 9-18). */
export type ContextResult =
  | { id: number; result: 'accepted'; abstractSyntax: string; transferSyntax: string }
  | { id: number; result: 'abstract-syntax-not-supported' | 'transfer-syntaxes-not-supported' };

/** A part of a command or data set in a P-DATA-TF PDU. */
export interface PresentationDataValue {
  contextId: number;
  isCommand: boolean;
  isLast: boolean;
  bytes: Buffer;
}

const contextResultCode = {
  accepted: 0,
  'abstract-syntax-not-supported': 3,
  'transfer-syntaxes-not-supported': 4,
} as const;

const itemType = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  contextResult: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUid: 0x52,
  implementationVersionName: 0x55,
} as const;

interface Item {
  type: number;
  value: Buffer;
}

function items(bytes: Buffer): Item[] | undefined {
  const found: Item[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) return undefined;
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return undefined;
    found.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + 4, end) });
    at = end;
  }
  return found;
}

function uidText(value: Buffer): string {
  return value.toString('latin1').replace(/[\0 ]+$/, '');
}

function proposedContext(value: Buffer): ProposedContext | undefined {
  const inner = value.length < 4 ? undefined : items(value.subarray(4));
  const abstract = inner?.find(({ type }) => type === itemType.abstractSyntax);
  if (inner === undefined || abstract === undefined) return undefined;
  const transferSyntaxes = inner
    .filter(({ type }) => type === itemType.transferSyntax)
    .map((item) => uidText(item.value));
  return { id: value.readUInt8(0), abstractSyntax: uidText(abstract.value), transferSyntaxes };
}

/** Body of an A-ASSOCIATE-RQ PDU (PS3.8 9.3.2), or undefined where it is malformed. */
export function decodeAssociateRequest(body: Buffer): AssociateRequest | undefined {
  const parts = body.length < 68 ? undefined : items(body.subarray(68));
  if (parts === undefined) return undefined;
  const contexts: ProposedContext[] = [];
  for (const { type, value } of parts) {
    if (type !== itemType.proposedContext) continue;
    const context = proposedContext(value);
    // Ids are odd and told once (PS3.8 9.3.2.2).
    if (context === undefined || context.id % 2 === 0 || contexts.some(({ id }) => id === context.id)) return undefined;
    contexts.push(context);
  }
  const application = parts.find(({ type }) => type === itemType.applicationContext);
  const user = parts.find(({ type }) => type === itemType.userInformation);
  const length = (user && items(user.value))?.find(({ type }) => type === itemType.maximumLength)?.value;
  return {
    protocolVersion: body.readUInt16BE(0),
    calledAeTitle: body.toString('latin1', 4, 20).trim(),
    callingAeTitle: body.toString('latin1', 20, 36).trim(),
    applicationContext: application === undefined ? '' : uidText(application.value),
    contexts,
    maxPduLength: length?.length === 4 ? length.readUInt32BE(0) : 0,
  };
}

function encodePdu(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

function encodeItem(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

function textItem(type: number, text: string): Buffer {
  return encodeItem(type, Buffer.from(text, 'latin1'));
}

function contextItem(context: ContextResult): Buffer {
  const head = Buffer.from([context.id, 0, contextResultCode[context.result], 0]);
  // A transfer syntax has to stand there even where none was accepted, and is not significant then (PS3.8 9.3.3.2).
  const transferSyntax = context.result === 'accepted' ? context.transferSyntax : '1.2.840.10008.1.2';
  return encodeItem(itemType.contextResult, Buffer.concat([head, textItem(itemType.transferSyntax, transferSyntax)]));
}

/** A-ASSOCIATE-AC (PS3.8 9.3.3). */
export function encodeAssociateAccept(
  request: AssociateRequest,
  contexts: readonly ContextResult[],
  own: { maxPduLength: number; implementationClassUid: string; implementationVersionName: string },
): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1, 0);
  fixed.write(request.calledAeTitle.padEnd(16), 4, 'latin1');
  fixed.write(request.callingAeTitle.padEnd(16), 20, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(own.maxPduLength);
  const user = Buffer.concat([
    encodeItem(itemType.maximumLength, length),
    textItem(itemType.implementationClassUid, own.implementationClassUid),
    textItem(itemType.implementationVersionName, own.implementationVersionName),
  ]);
  return encodePdu(
    pduType.associateAccept,
    Buffer.concat([
      fixed,
      textItem(itemType.applicationContext, request.applicationContext),
      ...contexts.map(contextItem),
      encodeItem(itemType.userInformation, user),
    ]),
  );
}

/** Why an association is refused: result, source, reason (PS3.8 Table 9-21). */
export const rejection = {
  applicationContextNotSupported: [1, 1, 2],
  callingAeTitleNotRecognized: [1, 1, 3],
  calledAeTitleNotRecognized: [1, 1, 7],
  protocolVersionNotSupported: [1, 2, 2],
  localLimitExceeded: [2, 3, 2],
} as const;

export type Rejection = keyof typeof rejection;

export function encodeAssociateReject(why: Rejection): Buffer {
  return encodePdu(pduType.associateReject, Buffer.from([0, ...rejection[why]]));
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

/** One whole command in P-DATA-TF PDUs no longer than the peer takes. */
export function encodeCommandPdus(contextId: number, command: Buffer, peerMaxPduLength: number): Buffer {
  const most = peerMaxPduLength === 0 ? command.length : Math.max(1, peerMaxPduLength - 6);
  const pdus: Buffer[] = [];
  for (let at = 0; at < command.length; at += most) {
    const part = command.subarray(at, at + most);
    const head = Buffer.alloc(6);
    head.writeUInt32BE(part.length + 2, 0);
    head.writeUInt8(contextId, 4);
    head.writeUInt8(at + most >= command.length ? 3 : 1, 5);
    pdus.push(encodePdu(pduType.dataTransfer, Buffer.concat([head, part])));
  }
  return Buffer.concat(pdus);
}
