/** The elements of a DIMSE command set this SCP reads and writes (PS3.7 9.3, E.1). Always implicit VR little endian. */
export interface Command {
  commandField: number;
  messageId: number;
  affectedSopClassUid?: string;
  affectedSopInstanceUid?: string;
  hasDataSet: boolean;
}

export const commandField = { cStoreRequest: 0x0001, cEchoRequest: 0x0030, cCancelRequest: 0x0fff } as const;
const response = 0x8000;
const noDataSet = 0x0101;

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
  const field = unsignedShort(elements.get(0x0100));
  const dataSetType = unsignedShort(elements.get(0x0800));
  if (field === undefined || dataSetType === undefined) return undefined;
  const affectedSopClassUid = text(elements.get(0x0002));
  const affectedSopInstanceUid = text(elements.get(0x1000));
  return {
    commandField: field,
    messageId: unsignedShort(elements.get(0x0110)) ?? 0,
    ...(affectedSopClassUid !== undefined && { affectedSopClassUid }),
    ...(affectedSopInstanceUid !== undefined && { affectedSopInstanceUid }),
    hasDataSet: dataSetType !== noDataSet,
  };
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

function shortElement(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return element(number, bytes);
}

function textElement(number: number, value: string | undefined, padding: string): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  return element(number, Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1'));
}

/** The response to a request: status and, where something is wrong, an Error Comment (0000,0902) of at most 64 characters. */
export function encodeResponse(request: Command, status: number, comment?: string): Buffer {
  const elements = Buffer.concat([
    textElement(0x0002, request.affectedSopClassUid, '\0'),
    shortElement(0x0100, request.commandField | response),
    shortElement(0x0120, request.messageId),
    shortElement(0x0800, noDataSet),
    shortElement(0x0900, status),
    textElement(0x0902, comment?.slice(0, 64), ' '),
    textElement(0x1000, request.affectedSopInstanceUid, '\0'),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(elements.length);
  return Buffer.concat([element(0x0000, length), elements]);
}
