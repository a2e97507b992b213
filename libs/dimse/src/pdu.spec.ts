import { describe, expect, it } from '@jest/globals';
import { explicitVrLittleEndian, implicitVrLittleEndian, storageSopClassUids } from '@sightline/dicom';
import { associateRequest, echoCommand } from '../../../tools/corpus/scu.ts';
import { decodeCommand, encodeResponse } from './command-set.ts';
import { negotiateContext, refuseAssociation } from './negotiate.ts';
import { decodeAssociateRequest, decodePresentationData, encodeCommandPdus } from './pdu.ts';

const dx = '1.2.840.10008.5.1.4.1.1.1.1';
const request = associateRequest('SIGHTLINE', [[dx, explicitVrLittleEndian]]).subarray(6);

describe('decodeAssociateRequest', () => {
  it('reads titles, contexts and the longest PDU the peer takes', () => {
    expect(decodeAssociateRequest(request)).toEqual({
      protocolVersion: 1,
      calledAeTitle: 'SIGHTLINE',
      callingAeTitle: 'CORPUS',
      applicationContext: '1.2.840.10008.3.1.1.1',
      contexts: [{ id: 1, abstractSyntax: dx, transferSyntaxes: [explicitVrLittleEndian] }],
      maxPduLength: 65_536,
    });
  });

  it('never throws on a request cut or changed at any byte', () => {
    for (let at = 0; at < request.length; at++) {
      expect(() => decodeAssociateRequest(request.subarray(0, at))).not.toThrow();
      const broken = Buffer.from(request);
      broken.writeUInt8(0xff, at);
      expect(() => decodeAssociateRequest(broken)).not.toThrow();
    }
  });
});

describe('decodePresentationData', () => {
  it('reads back what was written in pieces no longer than the peer takes', () => {
    const command = Buffer.alloc(100, 5);
    const pdus = encodeCommandPdus(3, command, 50);
    const parts = [];
    for (let at = 0; at < pdus.length; at += 6 + pdus.readUInt32BE(at + 2)) {
      const length = pdus.readUInt32BE(at + 2);
      expect(length).toBeLessThanOrEqual(50);
      parts.push(...(decodePresentationData(pdus.subarray(at + 6, at + 6 + length)) ?? []));
    }
    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(command)).toBe(true);
    expect(parts.map(({ isLast }) => isLast)).toEqual([false, false, true]);
  });

  it('refuses lengths that lead outside the PDU', () => {
    expect(decodePresentationData(Buffer.from([0, 0, 0, 9, 1, 3, 0]))).toBeUndefined();
    expect(decodePresentationData(Buffer.from([0, 0, 0, 0, 1, 3]))).toBeUndefined();
    expect(decodePresentationData(Buffer.from([0, 0]))).toBeUndefined();
  });
});

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

describe('negotiateContext', () => {
  it.each(storageSopClassUids())('accepts %s', (abstractSyntax) => {
    const transferSyntaxes = [explicitVrLittleEndian];
    expect(negotiateContext({ id: 1, abstractSyntax, transferSyntaxes }).result).toBe('accepted');
  });

  it("takes the caller's first known transfer syntax, and implicit VR only where explicit is not offered", () => {
    const choose = (...transferSyntaxes: string[]): string => {
      const result = negotiateContext({ id: 1, abstractSyntax: dx, transferSyntaxes });
      return result.result === 'accepted' ? result.transferSyntax : result.result;
    };
    expect(choose('1.2.3', '1.2.840.10008.1.2.4.90', explicitVrLittleEndian)).toBe('1.2.840.10008.1.2.4.90');
    expect(choose(implicitVrLittleEndian, explicitVrLittleEndian)).toBe(explicitVrLittleEndian);
    expect(choose(implicitVrLittleEndian)).toBe(implicitVrLittleEndian);
    expect(choose('1.2.840.10008.1.2.4.94')).toBe('transfer-syntaxes-not-supported');
    expect(choose()).toBe('transfer-syntaxes-not-supported');
  });
});

describe('refuseAssociation', () => {
  const rules = { aeTitle: 'SIGHTLINE', requireCalledAeTitle: false, callingAeTitles: [] };
  const asked = decodeAssociateRequest(associateRequest('OTHER', []).subarray(6));

  it('checks the called title only where it is told to, the calling one only against a list', () => {
    if (asked === undefined) throw new Error('not decoded');
    expect(refuseAssociation(asked, rules)).toBeUndefined();
    expect(refuseAssociation(asked, { ...rules, requireCalledAeTitle: true })).toBe('calledAeTitleNotRecognized');
    expect(refuseAssociation(asked, { ...rules, callingAeTitles: ['PACS'] })).toBe('callingAeTitleNotRecognized');
    expect(refuseAssociation({ ...asked, applicationContext: '1.2' }, rules)).toBe('applicationContextNotSupported');
    expect(refuseAssociation({ ...asked, protocolVersion: 2 }, rules)).toBe('protocolVersionNotSupported');
  });
});
