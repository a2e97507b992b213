import { describe, expect, it } from '@jest/globals';
import {
  encodeDataSet,
  encodeFileMeta,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  readDataset,
  type WritableDataset,
} from '@sightline/dicom';
import fc from 'fast-check';
import {
  decodeCommitmentResult,
  encodeCommitmentRequest,
  storageCommitmentInstance,
  storageCommitmentPushModel,
  type CommitmentResult,
} from './commitment.ts';

const uid = fc.stringMatching(/^[1-9](\.[1-9]{1,3}){1,8}$/);
const reason = fc.integer({ min: 1, max: 0xffff });
const syntax = fc.constantFrom(implicitVrLittleEndian, explicitVrLittleEndian);
const sr = '1.2.840.10008.5.1.4.1.1.88.34';

function datasetOf({ transactionUid, committed, failed }: CommitmentResult): WritableDataset {
  const item = (sopInstanceUid: string): WritableDataset => ({
    ReferencedSOPClassUID: sr,
    ReferencedSOPInstanceUID: sopInstanceUid,
  });
  return {
    TransactionUID: transactionUid,
    ...(committed.length > 0 && { ReferencedSOPSequence: committed.map(item) }),
    ...(failed.length > 0 && {
      FailedSOPSequence: failed.map(({ sopInstanceUid, reason }) => ({
        ...item(sopInstanceUid),
        FailureReason: reason,
      })),
    }),
  };
}

function encode(dataset: WritableDataset, transferSyntax: string): Buffer {
  return encodeDataSet(dataset, { explicitVr: transferSyntax !== implicitVrLittleEndian });
}

describe('encodeCommitmentRequest', () => {
  it('names the transaction and every instance with its class, in either transfer syntax', () => {
    const instances = fc.array(fc.record({ sopClassUid: uid, sopInstanceUid: uid }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(uid, instances, syntax, (transactionUid, instances, transferSyntaxUid) => {
        const meta = encodeFileMeta({
          sopClassUid: storageCommitmentPushModel,
          sopInstanceUid: storageCommitmentInstance,
          transferSyntaxUid,
        });
        const bytes = encodeCommitmentRequest({ transactionUid, instances }, transferSyntaxUid);
        expect(readDataset(Buffer.concat([meta, bytes]))).toEqual({
          kind: 'dataset',
          dataset: {
            TransactionUID: transactionUid,
            ReferencedSOPSequence: instances.map(({ sopClassUid, sopInstanceUid }) => ({
              ReferencedSOPClassUID: sopClassUid,
              ReferencedSOPInstanceUID: sopInstanceUid,
            })),
          },
        });
      }),
    );
  });
});

describe('decodeCommitmentResult', () => {
  const failed = fc.array(fc.record({ sopInstanceUid: uid, reason }), { maxLength: 10 });
  const result: fc.Arbitrary<CommitmentResult> = fc.record({
    transactionUid: uid,
    committed: fc.array(uid, { maxLength: 10 }),
    failed,
  });

  it('reads what was committed to and what was not, in either transfer syntax', () => {
    fc.assert(
      fc.property(result, syntax, (result, transferSyntax) => {
        expect(decodeCommitmentResult(encode(datasetOf(result), transferSyntax), transferSyntax)).toEqual(result);
      }),
    );
  });

  it('takes a failure without a reason for a processing failure', () => {
    const dataset = { TransactionUID: '2.25.1', FailedSOPSequence: [{ ReferencedSOPInstanceUID: '2.25.2' }] };
    expect(decodeCommitmentResult(encode(dataset, implicitVrLittleEndian), implicitVrLittleEndian)).toEqual({
      transactionUid: '2.25.1',
      committed: [],
      failed: [{ sopInstanceUid: '2.25.2', reason: 0x0110 }],
    });
  });

  it.each<[what: string, dataset: WritableDataset]>([
    ['has no transaction', { ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: '2.25.2' }] }],
    ['commits to nobody knows what', { TransactionUID: '2.25.1', ReferencedSOPSequence: [{}] }],
    ['fails nobody knows what', { TransactionUID: '2.25.1', FailedSOPSequence: [{ FailureReason: 0x0112 }] }],
  ])('takes nothing from a result that %s', (_, dataset) => {
    expect(decodeCommitmentResult(encode(dataset, explicitVrLittleEndian), explicitVrLittleEndian)).toBeUndefined();
  });

  it('never throws, whatever comes and wherever it is cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), syntax, (bytes, transferSyntax) => {
        expect(() => decodeCommitmentResult(bytes, transferSyntax)).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(result, syntax, fc.nat(), (result, transferSyntax, cut) => {
        const whole = encode(datasetOf(result), transferSyntax);
        const part = whole.subarray(0, cut % whole.length);
        expect(() => decodeCommitmentResult(part, transferSyntax)).not.toThrow();
      }),
    );
  });
});
