import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { echoCommand, storeCommand } from '../../../tools/corpus/scu.ts';
import { commandField, decodeCommand, encodeCommand, encodeResponse, type Command } from './command-set.ts';

const uid = fc.stringMatching(/^[0-9.]{1,64}$/);
const short = fc.integer({ min: 0, max: 0xffff });
const command: fc.Arbitrary<Command> = fc.record(
  {
    commandField: fc.constantFrom(...Object.values(commandField)),
    hasDataSet: fc.boolean(),
    messageId: short,
    messageIdBeingRespondedTo: short,
    affectedSopClassUid: uid,
    affectedSopInstanceUid: uid,
    requestedSopClassUid: uid,
    requestedSopInstanceUid: uid,
    priority: short,
    status: short,
    eventTypeId: short,
    actionTypeId: short,
  },
  { requiredKeys: ['commandField', 'hasDataSet'] },
);

function tagsOf(bytes: Buffer): number[] {
  const tags: number[] = [];
  for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32LE(at + 4)) tags.push(bytes.readUInt16LE(at + 2));
  return tags;
}

describe('decodeCommand', () => {
  it('reads a C-ECHO and answers it', () => {
    const command = decodeCommand(echoCommand(7));
    expect(command).toEqual({
      commandField: 0x30,
      messageId: 7,
      affectedSopClassUid: '1.2.840.10008.1.1',
      hasDataSet: false,
    });
    if (command === undefined) throw new Error('not decoded');
    expect(decodeCommand(encodeResponse(command, 0, 'fine'))).toMatchObject({
      commandField: 0x8030,
      hasDataSet: false,
    });
  });

  it('never throws on a command cut at any byte', () => {
    const bytes = echoCommand(7);
    for (let at = 0; at < bytes.length; at++) expect(() => decodeCommand(bytes.subarray(0, at))).not.toThrow();
  });
});

describe('encodeCommand', () => {
  it('is read back as it was meant, whatever elements it has', () => {
    fc.assert(
      fc.property(command, (command) => {
        expect(decodeCommand(encodeCommand(command))).toEqual(command);
      }),
    );
  });

  it('writes its elements in ascending order, of even length, behind the length of the group', () => {
    fc.assert(
      fc.property(command, fc.string({ maxLength: 100, unit: 'grapheme-ascii' }), (command, comment) => {
        const bytes = encodeCommand(command, comment);
        const tags = tagsOf(bytes);
        expect(tags).toEqual(tags.toSorted((a, b) => a - b));
        expect(bytes.length % 2).toBe(0);
        expect(bytes.readUInt32LE(8)).toBe(bytes.length - 12);
      }),
    );
  });

  it('is a C-STORE as another SCU writes it', () => {
    const store = {
      commandField: commandField.cStoreRequest,
      messageId: 9,
      affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.7',
      affectedSopInstanceUid: '2.25.42',
      priority: 0,
      hasDataSet: true,
    };
    expect(encodeCommand(store)).toEqual(storeCommand(9, '1.2.840.10008.5.1.4.1.1.7', '2.25.42'));
  });
});

describe('encodeResponse', () => {
  it('answers any request under its message id, its SOP class and instance, and its event', () => {
    fc.assert(
      fc.property(command, short, (request, status) => {
        const answer = decodeCommand(encodeResponse(request, status));
        expect(answer).toEqual({
          commandField: request.commandField | 0x8000,
          messageIdBeingRespondedTo: request.messageId ?? 0,
          ...(request.affectedSopClassUid !== undefined && { affectedSopClassUid: request.affectedSopClassUid }),
          ...(request.affectedSopInstanceUid !== undefined && {
            affectedSopInstanceUid: request.affectedSopInstanceUid,
          }),
          ...(request.eventTypeId !== undefined && { eventTypeId: request.eventTypeId }),
          hasDataSet: false,
          status,
        });
      }),
    );
  });
});
