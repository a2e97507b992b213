import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readPatientEvents } from './index.ts';

const message = (type: string, ...segments: string[]): string =>
  [`MSH|^~\\&|ADT|HOSP|SIGHTLINE|HOSP|20260203||${type}|M1|P|2.5.1`, ...segments].join('\r');

const hosp = { namespace: 'HOSP', universalId: '1.2.3', universalIdType: 'ISO' };
const pid = (...ids: string[]): string =>
  `PID|1||${ids.map((id) => `${id}^^^HOSP&1.2.3&ISO^MR`).join('~')}||DOE^JOHN||19700101|M`;
const mrg = (id: string): string => `MRG|${id}^^^HOSP&1.2.3&ISO^MR`;
const known = (value: string) => ({ value, authority: hosp, type: 'MR' });

const events = (text: string): unknown => {
  const read = readPatientEvents(text);
  expect(read).toMatchObject({ kind: 'events', controlId: 'M1' });
  return 'events' in read ? read.events : undefined;
};

describe('what a message says of a patient', () => {
  it.each(['ADT^A40^ADT_A39', 'ADT^A40', 'ADT^A47^ADT_A30'])(
    '%s: the prior identifier belongs to the surviving patient',
    (type) => {
      expect(events(message(type, 'EVN|A40|2026', pid('7', 'N7'), mrg('8')))).toEqual([
        { kind: 'merged', gone: [known('8')], surviving: [known('7'), known('N7')] },
      ]);
    },
  );

  it('A40 may merge several, each with its own survivor', () => {
    expect(events(message('ADT^A40^ADT_A39', pid('7'), mrg('8'), pid('1'), 'PD1', mrg('2')))).toEqual([
      { kind: 'merged', gone: [known('8')], surviving: [known('7')] },
      { kind: 'merged', gone: [known('2')], surviving: [known('1')] },
    ]);
  });

  it.each(['ADT^A08^ADT_A01', 'ADT^A31^ADT_A05'])('%s: the patient may be another than was known', (type) => {
    expect(events(message(type, 'EVN|A08|2026', pid('7'), 'PV1|1|I'))).toEqual([
      { kind: 'updated', patient: [known('7')] },
    ]);
  });

  it.each(['ADT^A44^ADT_A43', 'ADT^A45^ADT_A45'])(
    '%s: orders of an account or visit are another patient now',
    (type) => {
      expect(events(message(type, 'EVN|A44|2026', pid('7'), `${mrg('8')}||ACC1||V1`))).toEqual([
        { kind: 'order-moved', orders: [], patient: [known('7')], from: [known('8')] },
      ]);
    },
  );

  it("ORM^O01 with XO: the order with this accession number is the patient's now", () => {
    const obr = 'OBR|1|PL1^EHR|FI1^RIS|XR^Chest^L||||||||||||||A1';
    expect(
      events(
        message('ORM^O01', pid('7'), 'PV1|1|O', 'ORC|XO|PL1^EHR|FI1^RIS', obr, 'ZDS|1.2.3.4^RIS^Application^DICOM'),
      ),
    ).toEqual([
      {
        kind: 'order-moved',
        orders: [
          {
            placer: { value: 'PL1', authority: { namespace: 'EHR' } },
            filler: { value: 'FI1', authority: { namespace: 'RIS' } },
            accession: { value: 'A1' },
            studyInstanceUid: '1.2.3.4',
          },
        ],
        patient: [known('7')],
        from: [],
      },
    ]);
  });

  it('OMI^O23 with XO: accession number with its issuer, and the study, of IPC', () => {
    const read = events(
      message(
        'OMI^O23^OMI_O23',
        pid('7'),
        'ORC|XO|PL1',
        'OBR|1|PL1||X',
        'IPC|A1^RIS^1.2.4^ISO|RP1^RIS|1.2.3.4^RIS|SPS1',
      ),
    );
    expect(read).toMatchObject([
      {
        orders: [
          {
            accession: { value: 'A1', authority: { namespace: 'RIS', universalId: '1.2.4', universalIdType: 'ISO' } },
            studyInstanceUid: '1.2.3.4',
          },
        ],
      },
    ]);
  });

  it('of several orders in a message only those that were changed count, each with its own numbers', () => {
    const read = events(
      message(
        'OMG^O19^OMG_O19',
        pid('7'),
        'ORC|NW|PL1',
        'OBR|1|PL1||X||||||||||||||A1',
        'ORC|XO|PL2',
        'OBR|2|PL2||X||||||||||||||A2',
        'ORC|XO|PL3',
      ),
    );
    expect(read).toMatchObject([{ orders: [{ accession: { value: 'A2' } }, { placer: { value: 'PL3' } }] }]);
    expect((read as { orders: object[] }[])[0]?.orders[1]).toEqual({ placer: { value: 'PL3' } });
  });

  it.each(['NW', 'CA', 'SC', 'OC'])('an order with %s moves nothing', (control) => {
    expect(events(message('ORM^O01', pid('7'), `ORC|${control}|PL1`, 'OBR|1|PL1'))).toEqual([]);
  });

  it('an identifier that names no authority is told without one', () => {
    expect(events(message('ADT^A31', 'PID|1||7'))).toEqual([{ kind: 'updated', patient: [{ value: '7' }] }]);
  });

  it.each([
    ['an admission', message('ADT^A01', pid('7')), '201'],
    ['another type', message('SIU^S12', pid('7')), '200'],
    ['a name that is inherited by every object', message('toString^', pid('7')), '200'],
    ['no type', message('', pid('7')), '200'],
    ['a merge without its prior patient', message('ADT^A40', pid('7')), '101'],
    ['a merge whose prior identifier is empty', message('ADT^A40', pid('7'), 'MRG|^^^HOSP'), '101'],
    ['a merge into nobody', message('ADT^A40', 'PID|1', mrg('8')), '101'],
    ['a merge whose second pair is broken', message('ADT^A40', pid('7'), mrg('8'), pid('1'), 'MRG|'), '101'],
    ['an update of nobody', message('ADT^A08', 'EVN|A08'), '101'],
    ['an identifier to be deleted', message('ADT^A08', 'PID|1||""'), '101'],
    ['a changed order of nobody', message('ORM^O01', 'ORC|XO|PL1'), '101'],
    ['no control id', 'MSH|^~\\&|A|B|C|D|2026||ADT^A08||P|2.5.1', '101'],
    ['no message', 'GET / HTTP/1.1', '102'],
  ])('%s is not understood, and says why without the patient', (_, text, error) => {
    const read = readPatientEvents(text);
    expect(read).toMatchObject({ kind: 'not-understood', error });
    expect(JSON.stringify(read)).not.toMatch(/DOE|1970/);
  });

  it('never throws, whatever comes', () => {
    const parts = fc.constantFrom(
      'MSH|^~\\&|||||||ADT^A40|1',
      'PID|||7',
      'MRG|',
      'ORC|XO',
      'OBR',
      '\r',
      '|',
      '^',
      '~',
      '&',
      '\\',
    );
    fc.assert(
      fc.property(fc.string({ unit: parts }), (text) => {
        expect(readPatientEvents(text).kind).toMatch(/^(events|not-understood)$/);
      }),
    );
  });
});
