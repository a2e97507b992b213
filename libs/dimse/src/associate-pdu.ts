import { encodePdu, pduType } from './pdu.ts';

/** The PDUs with which an association begins (PS3.8 9.3.2 to 9.3.4), as bytes and back. */
export interface ProposedContext {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

/** Which roles the requestor plays for a SOP class (PS3.7 D.3.3.4). Without it the requestor is SCU and the acceptor SCP. */
export interface RoleSelection {
  sopClassUid: string;
  scu: boolean;
  scp: boolean;
}

export interface AssociateRequest {
  protocolVersion: number;
  calledAeTitle: string;
  callingAeTitle: string;
  applicationContext: string;
  contexts: ProposedContext[];
  roles: RoleSelection[];
  /** Largest P-DATA-TF PDU body the peer takes; 0 is no limit. */
  maxPduLength: number;
}

/** What becomes of a proposed context (PS3.8 Table 9-18). */
export type ContextResult =
  | { id: number; result: 'accepted'; abstractSyntax: string; transferSyntax: string }
  | { id: number; result: 'abstract-syntax-not-supported' | 'transfer-syntaxes-not-supported' };

/** What an acceptor answered. `transferSyntax` of a context is what it chose; of a refused one it is not significant. */
export interface AssociateAccept {
  contexts: { id: number; result: number; transferSyntax: string }[];
  maxPduLength: number;
}

/** Who speaks, in the user information of both PDUs. */
export interface OwnSide {
  maxPduLength: number;
  implementationClassUid: string;
  implementationVersionName: string;
}

export const dicomApplicationContext = '1.2.840.10008.3.1.1.1';

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
  roleSelection: 0x54,
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

function roleSelection(value: Buffer): RoleSelection | undefined {
  const length = value.length < 4 ? undefined : value.readUInt16BE(0);
  if (length === undefined || value.length < length + 4) return undefined;
  return {
    sopClassUid: uidText(value.subarray(2, 2 + length)),
    scu: value.readUInt8(2 + length) === 1,
    scp: value.readUInt8(3 + length) === 1,
  };
}

/** Items of the user information, none where there is none or it is malformed. */
function userItems(parts: readonly Item[]): Item[] {
  const user = parts.find(({ type }) => type === itemType.userInformation);
  return (user && items(user.value)) ?? [];
}

function maximumLength(user: readonly Item[]): number {
  const length = user.find(({ type }) => type === itemType.maximumLength)?.value;
  return length?.length === 4 ? length.readUInt32BE(0) : 0;
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
  const user = userItems(parts);
  return {
    protocolVersion: body.readUInt16BE(0),
    calledAeTitle: body.toString('latin1', 4, 20).trim(),
    callingAeTitle: body.toString('latin1', 20, 36).trim(),
    applicationContext: application === undefined ? '' : uidText(application.value),
    contexts,
    roles: user
      .filter(({ type }) => type === itemType.roleSelection)
      .flatMap(({ value }) => roleSelection(value) ?? []),
    maxPduLength: maximumLength(user),
  };
}

/** Body of an A-ASSOCIATE-AC PDU (PS3.8 9.3.3), or undefined where it is malformed. */
export function decodeAssociateAccept(body: Buffer): AssociateAccept | undefined {
  const parts = body.length < 68 ? undefined : items(body.subarray(68));
  if (parts === undefined) return undefined;
  const contexts: AssociateAccept['contexts'] = [];
  for (const { type, value } of parts) {
    if (type !== itemType.contextResult) continue;
    const inner = value.length < 4 ? undefined : items(value.subarray(4));
    if (inner === undefined) return undefined;
    const syntax = inner.find((item) => item.type === itemType.transferSyntax);
    const transferSyntax = syntax === undefined ? '' : uidText(syntax.value);
    contexts.push({ id: value.readUInt8(0), result: value.readUInt8(2), transferSyntax });
  }
  return { contexts, maxPduLength: maximumLength(userItems(parts)) };
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

function roleItem({ sopClassUid, scu, scp }: RoleSelection): Buffer {
  const uid = Buffer.from(sopClassUid, 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(uid.length);
  return encodeItem(itemType.roleSelection, Buffer.concat([length, uid, Buffer.from([Number(scu), Number(scp)])]));
}

function contextItem(context: ContextResult): Buffer {
  const head = Buffer.from([context.id, 0, contextResultCode[context.result], 0]);
  // A transfer syntax has to stand there even where none was accepted, and is not significant then (PS3.8 9.3.3.2).
  const transferSyntax = context.result === 'accepted' ? context.transferSyntax : '1.2.840.10008.1.2';
  return encodeItem(itemType.contextResult, Buffer.concat([head, textItem(itemType.transferSyntax, transferSyntax)]));
}

function proposalItem({ id, abstractSyntax, transferSyntaxes }: ProposedContext): Buffer {
  const syntaxes = transferSyntaxes.map((uid) => textItem(itemType.transferSyntax, uid));
  const inner = [Buffer.from([id, 0, 0, 0]), textItem(itemType.abstractSyntax, abstractSyntax), ...syntaxes];
  return encodeItem(itemType.proposedContext, Buffer.concat(inner));
}

function userItem(own: OwnSide, roles: readonly RoleSelection[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(own.maxPduLength);
  const parts = [
    encodeItem(itemType.maximumLength, length),
    textItem(itemType.implementationClassUid, own.implementationClassUid),
    ...roles.map(roleItem),
    textItem(itemType.implementationVersionName, own.implementationVersionName),
  ];
  return encodeItem(itemType.userInformation, Buffer.concat(parts));
}

function titles({ calledAeTitle, callingAeTitle }: { calledAeTitle: string; callingAeTitle: string }): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(1, 0);
  fixed.write(calledAeTitle.padEnd(16), 4, 16, 'latin1');
  fixed.write(callingAeTitle.padEnd(16), 20, 16, 'latin1');
  return fixed;
}

/** A-ASSOCIATE-RQ (PS3.8 9.3.2). */
export function encodeAssociateRequest(
  request: {
    calledAeTitle: string;
    callingAeTitle: string;
    contexts: readonly ProposedContext[];
    roles?: readonly RoleSelection[];
  },
  own: OwnSide,
): Buffer {
  const application = textItem(itemType.applicationContext, dicomApplicationContext);
  const contexts = request.contexts.map(proposalItem);
  const body = [titles(request), application, ...contexts, userItem(own, request.roles ?? [])];
  return encodePdu(pduType.associateRequest, Buffer.concat(body));
}

/** A-ASSOCIATE-AC (PS3.8 9.3.3). */
export function encodeAssociateAccept(
  request: AssociateRequest,
  answer: { contexts: readonly ContextResult[]; roles: readonly RoleSelection[] },
  own: OwnSide,
): Buffer {
  const application = textItem(itemType.applicationContext, request.applicationContext);
  const body = [titles(request), application, ...answer.contexts.map(contextItem), userItem(own, answer.roles)];
  return encodePdu(pduType.associateAccept, Buffer.concat(body));
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

/** What an A-ASSOCIATE-RJ says, in words. */
export function sayRejection(body: Buffer): string {
  const codes = [...body.subarray(1, 4)];
  const named = Object.entries(rejection).find(([, known]) => known.every((code, at) => code === codes[at]));
  const reason = named?.[0] ?? `source ${codes[1] ?? '?'}, reason ${codes[2] ?? '?'}`;
  return `the association was rejected ${codes[0] === 2 ? 'for now' : 'for good'}: ${reason}`;
}
