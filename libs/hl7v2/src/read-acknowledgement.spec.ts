import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acknowledge, readAcknowledgement, readMessage } from './index.ts';

const answer = (...segments: string[]): string =>
  ['MSH|^~\\&|EHR|HOSP|SIGHTLINE|HOSP|20260203||ACK^R01^ACK|99|P|2.5.1', ...segments].join('\r');

describe('the answer to a message', () => {
  it.each(['AA', 'CA'])('%s accepts it', (code) => {
    expect(readAcknowledgement(answer(`MSA|${code}|7`), '7')).toEqual({ kind: 'accepted' });
  });

  it.each([
    ['AE', '', false, 'AE without an error code'],
    ['AR', '', true, 'AR without an error code'],
    ['CE', '', true, 'CE without an error code'],
    ['CR', '', false, 'CR without an error code'],
    ['AE', 'ERR||PID^1^3^1|101^Required field missing^HL70357|E', false, 'AE: 101 required field missing at PID-3'],
    ['AE', 'ERR|||206^^HL70357|E', true, 'AE: 206 application record locked'],
    ['AR', 'ERR||MSH^1^12|203|E', false, 'AR: 203 unsupported version id at MSH-12'],
    ['AE', 'ERR|||207|E\rERR||OBX|102|E', false, 'AE: 207 application internal error; 102 data type error at OBX'],
  ])('%s %s may pass: %s', (code, err, mayPass, text) => {
    expect(readAcknowledgement(answer(`MSA|${code}|7`, err), '7')).toEqual({ kind: 'rejected', code, text, mayPass });
  });

  it('is repeated in our words only: what a peer writes may quote the patient', () => {
    const quoting = answer(
      'MSA|AE|7|Patient DOE^JOHN unknown',
      'ERR|DOE^JOHN|DOE^JOHN^DOE|101^DOE^JOHN|E||JOHN|DOE, JOHN, born 1970|DOE',
      'ERR||PID^1^DOE|DOE|E',
    );
    expect(readAcknowledgement(quoting, '7')).toEqual({
      kind: 'rejected',
      code: 'AE',
      text: 'AE: 101 required field missing',
      mayPass: false,
    });
  });

  it('counts only for the message it names', () => {
    expect(readAcknowledgement(answer('MSA|AA|8'), '7')).toEqual({ kind: 'of-another' });
    expect(readAcknowledgement(answer('MSA|AA'), '7')).toEqual({ kind: 'of-another' });
  });

  it.each(['', 'HTTP/1.1 400 Bad Request', answer(), answer('MSA'), answer('MSA|ZZ|7'), answer('MSA||7')])(
    '%j is none',
    (text) => {
      expect(readAcknowledgement(text, '7')).toEqual({ kind: 'unreadable' });
    },
  );

  it('never throws, whatever is answered', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('MSH|', 'MSA|', 'ERR|', 'AA', '^', '~', '&', '\\', '\r', '7') }),
        (text) => {
          expect(readAcknowledgement(text, '7').kind).toMatch(/^(accepted|rejected|of-another|unreadable)$/);
        },
      ),
    );
  });
});

describe('our answer to a message', () => {
  const received =
    'MSH|^~\\&|ADT&1.2&ISO|HOSP|SIGHTLINE|H2|20260203||ADT^A08^ADT_A01|M1|T|2.4\rPID|1||7^^^HOSP||DOE^JOHN';
  const at = '2026-02-03T04:05:06.000Z';

  it('goes back to where it came from, in its version, and names its control id', () => {
    const ack = readMessage(acknowledge(received, { code: 'AA' }, at));
    const msh = ack?.first('MSH');
    expect([3, 4, 5, 6].map((field) => msh?.text(field))).toEqual(['SIGHTLINE', 'H2', 'ADT', 'HOSP']);
    expect(msh?.field(5)).toEqual([[['ADT', '1.2', 'ISO']]]);
    expect([7, 9, 11, 12].map((field) => msh?.field(field).flat(2).join('^'))).toEqual([
      '20260203040506+0000',
      'ACK^A08^ACK',
      'T',
      '2.4',
    ]);
    expect(readAcknowledgement(acknowledge(received, { code: 'AA' }, at), 'M1')).toEqual({ kind: 'accepted' });
    expect(ack?.first('ERR')).toBeUndefined();
  });

  it('says what was wrong and repeats nothing of the patient', () => {
    const ack = acknowledge(received, { code: 'AR', error: '201' }, at);
    expect(readAcknowledgement(ack, 'M1')).toMatchObject({ code: 'AR', text: 'AR: 201 unsupported event code' });
    expect(ack).not.toMatch(/DOE|JOHN/);
  });

  it('is given even where there is no header to answer to', () => {
    const ack = readMessage(acknowledge('garbage', { code: 'AR', error: '102' }, at));
    expect(ack?.first('MSA')?.text(1)).toBe('AR');
    expect(ack?.first('MSH')?.text(12)).toBe('2.5.1');
  });
});
