import { describe, expect, it } from '@jest/globals';
import { explicitVrLittleEndian } from '@sightline/dicom';
import fc from 'fast-check';
import { associateRequest } from '../../../tools/corpus/scu.ts';
import {
  decodeAssociateAccept,
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeAssociateRequest,
  sayRejection,
} from './associate-pdu.ts';

const dx = '1.2.840.10008.5.1.4.1.1.1.1';
const request = associateRequest('SIGHTLINE', [[dx, explicitVrLittleEndian]]).subarray(6);
const own = { maxPduLength: 131_072, implementationClassUid: '2.25.1', implementationVersionName: 'TEST' };

const uid = fc.stringMatching(/^[1-9](\.[1-9]{1,3}){1,8}$/);
const title = fc.stringMatching(/^[A-Z][A-Z0-9]{0,15}$/);
const contexts = fc
  .array(fc.record({ abstractSyntax: uid, transferSyntaxes: fc.array(uid, { minLength: 1, maxLength: 3 }) }), {
    maxLength: 128,
  })
  .map((all) => all.map((context, at) => ({ id: at * 2 + 1, ...context })));
const role = fc.record({ sopClassUid: uid, scu: fc.boolean(), scp: fc.boolean() });

describe('decodeAssociateRequest', () => {
  it('reads titles, contexts and the longest PDU the peer takes', () => {
    expect(decodeAssociateRequest(request)).toEqual({
      protocolVersion: 1,
      calledAeTitle: 'SIGHTLINE',
      callingAeTitle: 'CORPUS',
      applicationContext: '1.2.840.10008.3.1.1.1',
      contexts: [{ id: 1, abstractSyntax: dx, transferSyntaxes: [explicitVrLittleEndian] }],
      roles: [],
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

describe('encodeAssociateRequest', () => {
  it('is read back as it was meant, with every number of contexts', () => {
    fc.assert(
      fc.property(title, title, contexts, (calledAeTitle, callingAeTitle, contexts) => {
        const bytes = encodeAssociateRequest({ calledAeTitle, callingAeTitle, contexts }, own);
        expect(bytes.readUInt32BE(2)).toBe(bytes.length - 6);
        expect(decodeAssociateRequest(bytes.subarray(6))).toEqual({
          protocolVersion: 1,
          calledAeTitle,
          callingAeTitle,
          applicationContext: '1.2.840.10008.3.1.1.1',
          contexts,
          roles: [],
          maxPduLength: own.maxPduLength,
        });
      }),
    );
  });
});

describe('decodeAssociateAccept', () => {
  const asked = decodeAssociateRequest(request);
  if (asked === undefined) throw new Error('not decoded');
  const accept = encodeAssociateAccept(
    asked,
    {
      contexts: [
        { id: 1, result: 'accepted', abstractSyntax: dx, transferSyntax: explicitVrLittleEndian },
        { id: 3, result: 'transfer-syntaxes-not-supported' },
      ],
      roles: [{ sopClassUid: dx, scu: false, scp: true }],
    },
    own,
  ).subarray(6);

  it('reads what became of each context, and the longest PDU the peer takes', () => {
    expect(decodeAssociateAccept(accept)).toEqual({
      contexts: [
        { id: 1, result: 0, transferSyntax: explicitVrLittleEndian },
        { id: 3, result: 4, transferSyntax: '1.2.840.10008.1.2' },
      ],
      maxPduLength: 131_072,
    });
  });

  it('never throws on an answer cut or changed at any byte, or on any bytes', () => {
    for (let at = 0; at < accept.length; at++) {
      expect(() => decodeAssociateAccept(accept.subarray(0, at))).not.toThrow();
      const broken = Buffer.from(accept);
      broken.writeUInt8(0xff, at);
      expect(() => decodeAssociateAccept(broken)).not.toThrow();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => decodeAssociateAccept(Buffer.from(bytes))).not.toThrow();
        expect(() => decodeAssociateRequest(Buffer.concat([accept.subarray(0, 68), bytes]))).not.toThrow();
        expect(() => sayRejection(Buffer.from(bytes))).not.toThrow();
      }),
    );
  });
});

describe('role selection', () => {
  it('is read back from the answer to it', () => {
    fc.assert(
      fc.property(fc.array(role, { maxLength: 4 }), (roles) => {
        const asked = decodeAssociateRequest(request);
        if (asked === undefined) throw new Error('not decoded');
        const bytes = encodeAssociateAccept(asked, { contexts: [], roles }, own);
        // Both PDUs hold their items alike.
        expect(decodeAssociateRequest(bytes.subarray(6))?.roles).toEqual(roles);
      }),
    );
  });
});

describe('sayRejection', () => {
  it('says why, and whether another try may do', () => {
    expect(sayRejection(Buffer.from([0, 1, 1, 7]))).toBe(
      'the association was rejected for good: calledAeTitleNotRecognized',
    );
    expect(sayRejection(Buffer.from([0, 2, 3, 2]))).toBe('the association was rejected for now: localLimitExceeded');
    expect(sayRejection(Buffer.from([0, 1, 9, 9]))).toBe('the association was rejected for good: source 9, reason 9');
    expect(sayRejection(Buffer.alloc(0))).toBe('the association was rejected for good: source ?, reason ?');
  });
});
