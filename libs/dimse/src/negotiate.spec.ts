import { describe, expect, it } from '@jest/globals';
import { explicitVrLittleEndian, implicitVrLittleEndian, storageSopClassUids } from '@sightline/dicom';
import { associateRequest } from '../../../tools/corpus/scu.ts';
import { decodeAssociateRequest } from './associate-pdu.ts';
import { negotiateContext, negotiateRoles, refuseAssociation } from './negotiate.ts';

const dx = '1.2.840.10008.5.1.4.1.1.1.1';
const commitment = '1.2.840.10008.1.20.1';
const storage = { storage: true, commitmentResults: false };
const reports = { storage: false, commitmentResults: true };

describe('negotiateContext', () => {
  it.each(storageSopClassUids())('accepts %s', (abstractSyntax) => {
    const transferSyntaxes = [explicitVrLittleEndian];
    expect(negotiateContext({ id: 1, abstractSyntax, transferSyntaxes }, [], storage).result).toBe('accepted');
  });

  it("takes the caller's first known transfer syntax, and implicit VR only where explicit is not offered", () => {
    const choose = (...transferSyntaxes: string[]): string => {
      const result = negotiateContext({ id: 1, abstractSyntax: dx, transferSyntaxes }, [], storage);
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

describe('negotiateRoles', () => {
  const asScp = { sopClassUid: commitment, scu: false, scp: true };

  it('lets a PACS that would report be SCP of storage commitment, and never SCU', () => {
    expect(negotiateRoles([asScp], reports)).toEqual([asScp]);
    expect(negotiateRoles([{ ...asScp, scu: true }], reports)).toEqual([asScp]);
    expect(negotiateRoles([{ ...asScp, scu: true, scp: false }], reports)).toEqual([]);
    expect(negotiateRoles([asScp], storage)).toEqual([]);
    expect(negotiateRoles([{ sopClassUid: dx, scu: false, scp: true }], { ...reports, storage: true })).toEqual([]);
  });

  it('accepts a context of storage commitment only from a caller that is its SCP', () => {
    const context = { id: 1, abstractSyntax: commitment, transferSyntaxes: [implicitVrLittleEndian] };
    expect(negotiateContext(context, negotiateRoles([asScp], reports), reports).result).toBe('accepted');
    expect(negotiateContext(context, [], reports).result).toBe('abstract-syntax-not-supported');
    expect(negotiateContext({ ...context, abstractSyntax: dx }, [], reports).result).toBe(
      'abstract-syntax-not-supported',
    );
  });
});
