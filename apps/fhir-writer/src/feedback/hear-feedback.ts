import type { ReviewRecorded } from '@sightline/contracts';
import { codes, isSameVerdict, mayBecome, verdictOn, verdictSchema, type Verdict } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { counter } from '@sightline/platform';
import { z } from 'zod';
import { audit } from '../audit.ts';
import { partFromNewer } from '../reports/part-from-newer.ts';
import { addEdition, lockReports, readReport, type Report, type ReportKey } from '../reports/report-store.ts';
import { standsThere } from '../reports/stands-there.ts';
import type { ThereNow } from './there-now.ts';

const heardOf = counter('sightline_feedback_heard_total', 'Answers of people in charts to reports, by what they did', [
  'destination',
  'what',
]);

/** What was heard of a report last. */
const heardSchema = z.object({ whole: z.string(), verdicts: z.array(verdictSchema) });

type Heard = z.infer<typeof heardSchema>;

/** What people made of a report in its chart becomes known to the mesh: once, in the transaction that remembers it. */
export class HearFeedback {
  constructor(
    private readonly outbox: Outbox<Tx>,
    private readonly destinations: readonly string[],
  ) {}

  async hear(tx: Tx, key: ReportKey, destination: string, now: ThereNow): Promise<void> {
    await lockReports(tx, key.studyInstanceUid, key.model);
    const current = await readReport(tx, key);
    const told = await readReport(tx, key, now.edition);
    if (current === undefined || told === undefined) return;
    const { heard, heardAt } = await lastHeard(tx, key, destination);
    const { whole } = now.feedback;
    const verdicts = [...now.feedback.verdicts, ...undone(heard, now, told)];
    if (isSame(heard, { whole, verdicts: now.feedback.verdicts })) return;
    // Two that are heard one after the other never share a moment: the message's id has it.
    const at = new Date(
      Math.max(Date.parse(now.feedback.at ?? new Date().toISOString()), (heardAt?.getTime() ?? 0) + 1),
    );
    await keep(tx, key, destination, now, at);
    const isNews =
      whole === 'withdrawn'
        ? mayBecome(current.state, 'withdrawn')
        : verdicts.length > 0 && ((whole === 'signed' && current.state === 'unreviewed') || addsTo(current, verdicts));
    // Somebody there has signed what was signed here too.
    const isAgreed = !isNews && whole === 'signed' && verdicts.length > 0 && isAnsweredAsAWhole(current);
    if (!isNews && !isAgreed) return;
    heardOf.inc({ destination, what: whole === 'open' ? 'answered' : whole });
    await this.note(tx, told, destination, { at, detail: `${whole}, left as it is` });
    if (isAgreed) await standsThere(this.outbox, tx, current, destination);
    else if (whole === 'withdrawn') await this.withdraw(tx, current, told, destination);
    else await this.say(tx, told, destination, { ...now, feedback: { ...now.feedback, verdicts } }, at);
  }

  private async say(tx: Tx, told: Report, destination: string, { feedback }: ThereNow, at: Date): Promise<void> {
    const { answer, traceparent } = told;
    const shown = await shownThere(tx, told, destination);
    if (answer.model === undefined || shown === undefined) return;
    const signed = feedback.whole === 'signed';
    const message: ReviewRecorded = {
      studyInstanceUid: answer.study.studyInstanceUid,
      revision: answer.study.revision,
      model: answer.model,
      report: shown,
      reviewer: {
        subject: feedback.by?.reference ?? destination,
        // Only its radiologists close a report there.
        role: signed ? 'radiologist' : 'clinician',
        name: feedback.by?.name ?? `a reader in ${destination}`,
      },
      verdicts: feedback.verdicts,
      ...(signed ? { signed } : {}),
      recordedAt: at.toISOString(),
      destination,
    };
    await this.outbox.add(tx, 'review.recorded.v1', message, traceparent);
  }

  private async withdraw(tx: Tx, current: Report, told: Report, destination: string): Promise<void> {
    const report: Report = {
      ...(await partFromNewer(tx, current, told, this.destinations)),
      edition: current.edition + 1,
      state: 'withdrawn',
      reason: `entered in error in ${destination}`,
    };
    const others = this.destinations.filter((name) => name !== destination);
    await addEdition(tx, report, others);
    await standsThere(this.outbox, tx, report, destination);
  }

  private async note(tx: Tx, report: Report, destination: string, { at, detail }: { at: Date; detail: string }) {
    const { studyInstanceUid, model, generation, edition, traceparent } = report;
    await audit(
      this.outbox,
      tx,
      {
        type: codes.local.reportAnsweredThere,
        what: [studyInstanceUid, model, generation, edition, destination, at.toISOString()],
        subject: studyInstanceUid,
        action: 'U',
        agent: { kind: 'peer', name: destination },
        entities: [{ kind: 'report', id: `${studyInstanceUid}/${model}/${generation}`, detail }],
      },
      traceparent,
    );
  }
}

/** Which version of the report people saw, as every review names it. */
async function shownThere(tx: Tx, told: Report, destination: string): Promise<ReviewRecorded['report'] | undefined> {
  const [row] = await tx.query<{ report_url: string; version_id: string }[]>(
    `select report_url, coalesce(version_id, edition::text) as version_id from told_edition
     where study_instance_uid = $1 and model = $2 and generation = $3 and edition = $4 and destination = $5
       and report_url is not null`,
    [told.studyInstanceUid, told.model, told.generation, told.edition, destination],
  );
  return row && { url: row.report_url, versionId: row.version_id };
}

async function lastHeard(
  tx: Tx,
  { studyInstanceUid, model, generation }: ReportKey,
  destination: string,
): Promise<{ heard: Heard; heardAt: Date | undefined }> {
  const [row] = await tx.query<{ heard: unknown; heard_at: Date | null }[]>(
    `select heard, heard_at from chart_look
     where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4`,
    [studyInstanceUid, model, generation, destination],
  );
  const heard = heardSchema.safeParse(row?.heard);
  return { heard: heard.success ? heard.data : { whole: 'open', verdicts: [] }, heardAt: row?.heard_at ?? undefined };
}

/** Once somebody there has answered for the whole report, it stays closed to us, whatever they make of it later. */
async function keep(
  tx: Tx,
  { studyInstanceUid, model, generation }: ReportKey,
  destination: string,
  { feedback: { whole, verdicts }, seen }: ThereNow,
  at: Date,
): Promise<void> {
  await tx.query(
    `insert into chart_look (study_instance_uid, model, generation, destination, seen, heard, heard_at, closed)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (study_instance_uid, model, generation, destination) do update
     set seen = excluded.seen, heard = excluded.heard, heard_at = excluded.heard_at,
       closed = chart_look.closed or excluded.closed`,
    [
      studyInstanceUid,
      model,
      generation,
      destination,
      JSON.stringify(seen),
      JSON.stringify({ whole, verdicts }),
      at,
      whole !== 'open',
    ],
  );
}

/** Answers that somebody there has taken back: what they were given to stands again, and is said to. */
function undone(heard: Heard, { feedback }: ThereNow, told: Report): Verdict[] {
  if (heard.whole !== 'open' || feedback.whole !== 'open') return [];
  return heard.verdicts
    .filter(({ verdict }) => verdict !== 'accepted')
    .filter(({ trackingUid }) => !feedback.verdicts.some((one) => one.trackingUid === trackingUid))
    .filter((one) => {
      const since = verdictOn(told.review, one);
      return since === undefined || !isSameVerdict(since, one);
    })
    .map(({ trackingUid }) => ({ verdict: 'accepted', trackingUid }));
}

function isSame(one: Heard, other: Heard): boolean {
  return (
    one.whole === other.whole &&
    one.verdicts.length === other.verdicts.length &&
    one.verdicts.every((verdict) => other.verdicts.some((each) => isSameVerdict(verdict, each)))
  );
}

function isAnsweredAsAWhole({ state }: Report): boolean {
  return state === 'signed' || state === 'corrected' || state === 'rejected';
}

function addsTo({ review }: Report, verdicts: readonly Verdict[]): boolean {
  return verdicts.some((verdict) => {
    const before = verdictOn(review, verdict);
    return before === undefined || !isSameVerdict(before, verdict);
  });
}
