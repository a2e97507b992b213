import { describe, expect, it } from '@jest/globals';
import type { ReportState, Verdict } from '@sightline/findings';
import type { FiledReport } from './filed-reports.ts';
import { lastVerdict, standingOf } from './report-standing.ts';
import type { SentReview } from './sent-reviews.ts';

const base = 'https://ehr.example.org/fhir';
const shown = { studyInstanceUid: '1.2.3', model: 'reader@1.0.0', revision: 2 };
const uid = '2.25.7' as Verdict['trackingUid'];
const accepted: Verdict = { verdict: 'accepted', trackingUid: uid };
const rejected: Verdict = { verdict: 'rejected', trackingUid: uid, reason: 'Artefact' };

function filed(changes: Partial<FiledReport> = {}): FiledReport {
  return {
    model_name: 'reader',
    model: 'reader@1.0.0',
    revision: 2,
    destination: 'ehr',
    generation: 1,
    edition: 1,
    state: 'unreviewed',
    report_url: `${base}/DiagnosticReport/17`,
    version_id: '3',
    verdicts: [],
    closed: false,
    filed_at: new Date('2026-01-02T03:04:05Z'),
    ...changes,
  };
}

function sent(verdict: Verdict, changes: Partial<SentReview> = {}): SentReview {
  return {
    id: 'a',
    model_name: 'reader',
    model: 'reader@1.0.0',
    revision: 2,
    seen_url: `${base}/DiagnosticReport/17`,
    seen_version_id: '3',
    seen_state: 'unreviewed',
    subject: 'robin',
    name: 'Robin Radiologist',
    role: 'radiologist',
    given: [verdict],
    verdicts: [verdict],
    signed: false,
    recorded_at: new Date('2026-01-02T04:00:00Z'),
    ...changes,
  };
}

const standing = (reports: FiledReport[], reviews: SentReview[] = []) => standingOf(shown, reports, reviews, base);
const pendingOf = (reports: FiledReport[], reviews: SentReview[]) =>
  standing(reports, reviews).pending.get(uid)?.pending;

describe('which version of a report a person sees', () => {
  it('the one in the chart, by its URL and version', () => {
    expect(standing([filed()]).seen).toEqual({ url: `${base}/DiagnosticReport/17`, versionId: '3' });
  });

  it('the answer itself where it was filed nowhere', () => {
    expect(standing([]).seen).toEqual({
      url: `urn:sightline:answer:${encodeURIComponent('1.2.3/reader@1.0.0/2')}`,
      versionId: '2',
    });
  });

  it('the answer itself where the chart has the report of an earlier one, or another model has one', () => {
    for (const other of [filed({ revision: 1 }), filed({ model: 'reader@0.9.0' }), filed({ model_name: 'other' })])
      expect(standing([other]).seen.url).toMatch(/^urn:/);
  });

  it('the edition where the chart keeps no versions', () => {
    expect(standing([filed({ version_id: null, edition: 4 })]).seen.versionId).toBe('4');
  });

  it('never one of another destination, whose name is told beside it', () => {
    const elsewhere = filed({ destination: 'archive', report_url: `${base}-two/DiagnosticReport/17` });
    expect(standing([elsewhere])).toMatchObject({ seen: { versionId: '2' }, alsoSentTo: ['archive'] });
    expect(standing([elsewhere, filed()])).toMatchObject({ seen: { versionId: '3' }, alsoSentTo: ['archive'] });
  });

  it('the one of a message that names no destination', () => {
    expect(standing([filed({ destination: '', report_url: 'http://internal/fhir/DiagnosticReport/9' })]).seen.url).toBe(
      'http://internal/fhir/DiagnosticReport/9',
    );
  });
});

describe('a verdict', () => {
  it('is in force once a filed report has it, with who gave it here', () => {
    const { inForce, pending, reviewedBy } = standing([filed({ verdicts: [accepted] })], [sent(accepted)]);
    expect(inForce.get(uid)).toMatchObject({ verdict: accepted, by: { subject: 'robin' } });
    expect(pending.size).toBe(0);
    expect(reviewedBy?.subject).toBe('robin');
  });

  it('is in force without a name where it was not given here', () => {
    expect(standing([filed({ verdicts: [accepted] })]).inForce.get(uid)).toEqual({ verdict: accepted });
  });

  it('is on its way until then, in the chart and before the report is filed anywhere', () => {
    expect(pendingOf([filed()], [sent(accepted)])).toBe('on-its-way');
    expect(pendingOf([], [sent(accepted, { seen_url: 'urn:sightline:answer:x' })])).toBe('on-its-way');
  });

  it('of a held report is on its way while that is being filed', () => {
    expect(pendingOf([filed()], [sent(accepted, { seen_url: 'urn:sightline:answer:x' })])).toBe('on-its-way');
    expect(pendingOf([filed({ verdicts: [accepted] })], [sent(accepted, { seen_url: 'urn:x' })])).toBeUndefined();
  });

  it('of another kind, reason or concept is another', () => {
    expect(pendingOf([filed({ verdicts: [accepted] })], [sent(rejected)])).toBe('on-its-way');
    expect(pendingOf([filed({ verdicts: [{ ...rejected, reason: 'Wrong place' }] })], [sent(rejected)])).toBe(
      'on-its-way',
    );
  });

  it('is replaced by a later one of anybody: only the last is on its way', () => {
    const later = sent(rejected, { id: 'b', subject: 'casey' });
    const { pending } = standing([filed({ verdicts: [rejected] })], [later, sent(accepted)]);
    expect(pending.size).toBe(0);
    expect(standing([filed()], [later, sent(accepted)]).pending.get(uid)?.verdict).toEqual(rejected);
  });

  it.each<[string, FiledReport[]]>([
    ['a newer report stands in the chart', [filed({ generation: 2, report_url: `${base}/DiagnosticReport/18` })]],
    ['somebody signed it otherwise', [filed({ state: 'signed', verdicts: [rejected] })]],
    ['it was withdrawn', [filed({ state: 'withdrawn' })]],
  ])('is out of date where %s', (_what, reports) => {
    expect(pendingOf(reports, [sent(accepted)])).toBe('out-of-date');
  });

  it('on a report that somebody closed in the chart is not in the chart, and counts all the same', () => {
    const closed = filed({ state: 'signed', verdicts: [accepted], closed: true });
    const correction = sent(rejected, { seen_state: 'signed', signed: true });
    expect(pendingOf([closed], [correction])).toBe('not-in-chart');
    expect(standing([closed], [correction]).signature).toBe('not-in-chart');
    expect(lastVerdict(standing([closed], [correction]), uid)).toEqual(rejected);
    expect(pendingOf([closed], [sent(accepted, { seen_state: 'signed', signed: true })])).toBeUndefined();
  });

  it('from before somebody closed the report in the chart otherwise is out of date', () => {
    expect(pendingOf([filed({ state: 'signed', verdicts: [rejected], closed: true })], [sent(accepted)])).toBe(
      'out-of-date',
    );
  });

  it('is out of date where it was given on an earlier revision and no report has it', () => {
    expect(pendingOf([filed()], [sent(accepted, { revision: 1 })])).toBe('out-of-date');
  });

  it('given on an earlier revision is no concern of the newer report where the earlier one has it', () => {
    const before = filed({ revision: 1, state: 'signed', verdicts: [accepted] });
    const now = filed({ generation: 2, report_url: `${base}/DiagnosticReport/18` });
    expect(pendingOf([now, before], [sent(accepted, { revision: 1, signed: true })])).toBeUndefined();
  });

  it('counts as the answer while it is on its way, and not once it is out of date', () => {
    expect(lastVerdict(standing([filed()], [sent(accepted)]), uid)).toEqual(accepted);
    expect(lastVerdict(standing([filed({ verdicts: [rejected] })], [sent(accepted)]), uid)).toEqual(accepted);
    expect(lastVerdict(standing([filed({ state: 'withdrawn' })], [sent(accepted)]), uid)).toBeUndefined();
  });
});

describe('a signature', () => {
  const signed = sent(accepted, { signed: true });

  it('is on its way until the report is signed in the chart, even where its verdicts are there already', () => {
    expect(standing([filed({ verdicts: [accepted] })], [signed]).signature).toBe('on-its-way');
    for (const state of ['signed', 'corrected'] as ReportState[])
      expect(standing([filed({ verdicts: [accepted], state })], [signed]).signature).toBeUndefined();
    expect(
      standing([filed({ verdicts: [rejected], state: 'rejected' })], [sent(rejected, { signed: true })]).signature,
    ).toBeUndefined();
  });

  it('leaves a verdict to who gave it, and tells who answers for the whole', () => {
    const casey = sent(accepted, { id: 'c', subject: 'casey' });
    const robin = sent(accepted, { signed: true, given: [] });
    const { inForce, reviewedBy } = standing([filed({ verdicts: [accepted], state: 'signed' })], [robin, casey]);
    expect(inForce.get(uid)?.by?.subject).toBe('casey');
    expect(reviewedBy?.subject).toBe('robin');
  });

  it('on an earlier answer is told beside the newer one, filed or not', () => {
    const before = filed({ revision: 1, state: 'signed', verdicts: [accepted] });
    const by = { ...signed, revision: 1 };
    for (const reports of [[before], [filed({ generation: 2 }), before]])
      expect(standing(reports, [by]).signedBefore).toMatchObject({ report: { revision: 1 }, by: { subject: 'robin' } });
  });

  it('is of no earlier report where the signed one is the one that is shown, or nobody signed', () => {
    expect(standing([filed({ state: 'signed' })], [signed]).signedBefore).toBeUndefined();
    expect(standing([filed({ generation: 2 }), filed({ revision: 1 })]).signedBefore).toBeUndefined();
  });
});
