import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { codes, reportStates, stateOutside } from '@sightline/findings';
import { readAcknowledgement, readPatientEvents } from '@sightline/hl7v2';
import { tableUnder } from '../support/paper-table.ts';

let paper: string;

beforeAll(async () => {
  paper = await readFile(join(import.meta.dirname, '../../docs/conformance/hl7v2.md'), 'utf8');
});

/** The rows of the table under this heading, without its head. */
describe('the conformance statement of HL7 v2', () => {
  it('has the states as they are told', () => {
    expect(tableUnder(paper, '### States')).toEqual(
      reportStates.map((state) => {
        const only = stateOutside(state, { onlyReport: true });
        return [state, only.obr25, stateOutside(state, { onlyReport: false }).obr25, only.obx11];
      }),
    );
  });

  it('has the answers as they are taken', () => {
    const [accepted, forGood, later] = tableUnder(paper, '### Acknowledgements').map(([answer = '']) => answer);
    const answered = (code: string, error?: string) => {
      const err = error === undefined ? '' : `\rERR|||${error}|E`;
      return readAcknowledgement(`MSH|^~\\&|A|B|C|D|||ACK|1|P|2.5.1\rMSA|${code}|7${err}`, '7');
    };
    for (const code of ['AA', 'CA']) {
      expect(accepted).toContain(code);
      expect(answered(code).kind).toBe('accepted');
    }
    for (const code of ['AE', 'AR', 'CE', 'CR']) {
      expect(answered(code)).toMatchObject({ mayPass: later?.split(' without')[0]?.includes(code) });
      expect(answered(code)).toMatchObject({ mayPass: !forGood?.split(' without')[0]?.includes(code) });
      for (const error of ['101', '203', '206', '207']) {
        expect(answered(code, error)).toMatchObject({ mayPass: later?.includes(error) });
      }
    }
  });

  it('names the messages that are understood', () => {
    for (const [messages = '', event = ''] of tableUnder(paper, '## What is understood').slice(0, -1)) {
      const kind = /`([a-z-]+)`/.exec(event)?.[1];
      const controls = / with ORC-1 (.*)$/.exec(messages)?.[1]?.match(/[A-Z]{2}/g) ?? ['XO'];
      for (const type of messages.match(/[A-Z]{3}\^[A-Z]\d\d/g) ?? []) {
        for (const control of controls) {
          const read = readPatientEvents(
            `MSH|^~\\&|A|B|C|D|||${type}|1|P|2.5.1\rPID|||7\rMRG|8\rORC|${control}|PL1\rOBR|1`,
          );
          expect([type, read]).toMatchObject([type, { kind: 'events', events: [{ kind }] }]);
        }
      }
    }
  });

  it('names the codes that results are asked under', () => {
    const { dicomStudy, accessionNumber, certaintyOfFinding, trackingIdentifier, trackingUniqueIdentifier } =
      codes.dicom;
    const asked = [dicomStudy, accessionNumber, certaintyOfFinding, trackingIdentifier, trackingUniqueIdentifier];
    for (const { code } of [
      ...asked,
      codes.snomed.laterality,
      codes.snomed.findingSite,
      codes.local.decisionThreshold,
    ]) {
      expect(paper).toContain(code);
    }
  });
});
