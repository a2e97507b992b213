/** The elements of a DIMSE command set that we read and write (PS3.7 9.3, 10.3, E.1). Always implicit VR little endian. */
export interface Command {
  commandField: number;
  /** Of a request. */
  messageId?: number;
  /** Of a response: which request it answers. */
  messageIdBeingRespondedTo?: number;
  affectedSopClassUid?: string;
  affectedSopInstanceUid?: string;
  requestedSopClassUid?: string;
  requestedSopInstanceUid?: string;
  priority?: number;
  status?: number;
  eventTypeId?: number;
  actionTypeId?: number;
  hasDataSet: boolean;
}

export const commandField = {
  cStoreRequest: 0x0001,
  cEchoRequest: 0x0030,
  nEventReportRequest: 0x0100,
  nActionRequest: 0x0130,
  cCancelRequest: 0x0fff,
} as const;
/** Set in the command field of a response to it. */
export const responseBit = 0x8000;
const noDataSet = 0x0101;
const someDataSet = 0x0000;

const elementOf = {
  affectedSopClassUid: 0x0002,
  requestedSopClassUid: 0x0003,
  commandField: 0x0100,
  messageId: 0x0110,
  messageIdBeingRespondedTo: 0x0120,
  priority: 0x0700,
  commandDataSetType: 0x0800,
  status: 0x0900,
  errorComment: 0x0902,
  affectedSopInstanceUid: 0x1000,
  requestedSopInstanceUid: 0x1001,
  eventTypeId: 0x1002,
  actionTypeId: 0x1008,
} as const;

const uids = [
  'affectedSopClassUid',
  'affectedSopInstanceUid',
  'requestedSopClassUid',
  'requestedSopInstanceUid',
] as const satisfies readonly (keyof Command & keyof typeof elementOf)[];

const numbers = [
  'messageId',
  'messageIdBeingRespondedTo',
  'priority',
  'status',
  'eventTypeId',
  'actionTypeId',
] as const satisfies readonly (keyof Command & keyof typeof elementOf)[];

/** A command set, or undefined where it is malformed. */
export function decodeCommand(bytes: Buffer): Command | undefined {
  const elements = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 8 || bytes.readUInt16LE(at) !== 0) return undefined;
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) return undefined;
    elements.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end));
    at = end;
  }
  const field = unsignedShort(elements.get(elementOf.commandField));
  const dataSetType = unsignedShort(elements.get(elementOf.commandDataSetType));
  if (field === undefined || dataSetType === undefined) return undefined;
  const command: Command = { commandField: field, hasDataSet: dataSetType !== noDataSet };
  for (const name of uids) {
    const value = text(elements.get(elementOf[name]));
    if (value !== undefined) command[name] = value;
  }
  for (const name of numbers) {
    const value = unsignedShort(elements.get(elementOf[name]));
    if (value !== undefined) command[name] = value;
  }
  return command;
}

function unsignedShort(value: Buffer | undefined): number | undefined {
  return value?.length === 2 ? value.readUInt16LE(0) : undefined;
}

function text(value: Buffer | undefined): string | undefined {
  return value?.toString('latin1').replace(/[\0 ]+$/, '') || undefined;
}

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

function shortBytes(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function textBytes(value: string, padding: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1');
}

/** A command set, elements in ascending order; where something is wrong with an Error Comment (0000,0902) of at most 64 characters. */
export function encodeCommand(command: Command, errorComment?: string): Buffer {
  const values = new Map<number, Buffer>([
    [elementOf.commandField, shortBytes(command.commandField)],
    [elementOf.commandDataSetType, shortBytes(command.hasDataSet ? someDataSet : noDataSet)],
  ]);
  for (const name of uids) {
    const value = command[name];
    if (value !== undefined) values.set(elementOf[name], textBytes(value, '\0'));
  }
  for (const name of numbers) {
    const value = command[name];
    if (value !== undefined) values.set(elementOf[name], shortBytes(value));
  }
  if (errorComment !== undefined) values.set(elementOf.errorComment, textBytes(errorComment.slice(0, 64), ' '));
  const ascending = [...values].toSorted(([a], [b]) => a - b);
  const elements = Buffer.concat(ascending.map(([number, value]) => element(number, value)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(elements.length);
  return Buffer.concat([element(0x0000, length), elements]);
}

/** The response to a request, without a data set. */
export function encodeResponse(request: Command, status: number, comment?: string): Buffer {
  const { affectedSopClassUid, affectedSopInstanceUid, eventTypeId } = request;
  const answer: Command = {
    commandField: request.commandField | responseBit,
    messageIdBeingRespondedTo: request.messageId ?? 0,
    ...(affectedSopClassUid !== undefined && { affectedSopClassUid }),
    ...(affectedSopInstanceUid !== undefined && { affectedSopInstanceUid }),
    ...(eventTypeId !== undefined && { eventTypeId }),
    hasDataSet: false,
    status,
  };
  return encodeCommand(answer, comment);
}
