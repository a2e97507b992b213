import { failed } from '@sightline/messaging';
import { inTransaction, type DataSource } from '@sightline/persistence';
import { counter, type Logger, periodically, type Repeating } from '@sightline/platform';
import type { Circuits } from '../deliveries/circuit.ts';
import type { Destination, Errand } from '../deliveries/destination.ts';
import type { ChartFeedback, Way } from '../fhir/chart-feedback.ts';
import { FhirDestination } from '../fhir/fhir-destination.ts';
import type { KnownModels } from '../reports/known-models.ts';
import { readEditions } from '../reports/report-store.ts';
import { resultSetsOf } from '../reports/result-set-of.ts';
import type { FeedbackSettings, Site } from '../site.ts';
import { ChartLooks, type Look, type Round } from './chart-looks.ts';
import type { HearFeedback } from './hear-feedback.ts';

const rounds = counter('sightline_feedback_rounds_total', 'Rounds of asking a chart what people made of reports', [
  'destination',
  'ending',
]);

/** A round ends well before its lease does: two replicas never ask at once. */
const roundMs = 60_000;
const leaseMs = 90_000;

/** What a server can is proved anew after this; sooner where it failed to. */
const provedMs = { 'by-time': 3_600_000, 'by-report': 600_000 } as const;

/** What changed is asked for again for so long: a server may show late what it wrote before. */
const overlapMs = 60_000;

/** Stretches of time asked for in one round where all at once is too much; each is cut while it holds too much. */
const mostStretches = 40;
const firstStretchMs = 900_000;
const shortestStretchMs = 1_000;

/** Reports looked at one by one where time does not tell: those told before anybody asked, or too many changed in one second. */
const mostBefore = 1_000;

export interface WatchedChart {
  name: string;
  chart: ChartFeedback;
  settings: FeedbackSettings;
}

export interface WatchParts {
  hears: HearFeedback;
  models: KnownModels;
  dataSource: DataSource;
  circuits: Circuits;
  log: Logger;
  siteTimezone: string;
}

/** The destinations of a site that are asked for feedback. */
export function watchedCharts(site: Site, destinations: readonly Destination[]): WatchedChart[] {
  return destinations.flatMap((one) => {
    const settings = site.destinations.find(({ name }) => name === one.name);
    return one instanceof FhirDestination && settings?.kind === 'fhir' && settings.feedback !== 'off'
      ? [{ name: one.name, chart: one.feedback, settings: settings.feedback }]
      : [];
  });
}

/** Asks every chart now and then what people there made of the reports it was told, and lets the mesh hear it. */
export class WatchCharts {
  private readonly stopping = new AbortController();
  private readonly looks: ChartLooks;
  private readonly proved = new Map<string, { way: Way; shown: Date; until: number }>();
  private jobs: Repeating[] = [];

  constructor(
    private readonly watched: readonly WatchedChart[],
    private readonly parts: WatchParts,
  ) {
    this.looks = new ChartLooks(parts.dataSource);
  }

  onApplicationBootstrap(): void {
    this.jobs = this.watched.map((one) =>
      periodically(`feedback-${one.name}`, Math.ceil(one.settings.everyMs / 4), this.parts.log, () => this.ask(one)),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.jobs.map((job) => job.stop()));
  }

  private async ask(one: WatchedChart): Promise<void> {
    const { circuits, log } = this.parts;
    const { name, settings } = one;
    const circuit = circuits.of(name);
    if (circuit.allows(1) === 0) return;
    const round = await this.looks.begin(name, settings.everyMs, leaseMs);
    if (round === undefined) return;
    const errand: Errand = {
      signal: AbortSignal.any([AbortSignal.timeout(roundMs), this.stopping.signal]),
      secrets: [],
    };
    try {
      const ended = await this.round(one, round, errand);
      rounds.inc({ destination: name, ending: ended.kind === 'failed' ? 'failed' : ended.way });
      if (ended.kind === 'failed') {
        circuit.failed();
        log.warn('feedback-not-heard', { destination: name, reason: ended.reason });
      } else if (ended.way !== 'nothing-told') circuit.succeeded();
    } finally {
      await this.looks.end(round);
    }
  }

  private async round(one: WatchedChart, round: Round, errand: Errand): Promise<Ended> {
    const way = await this.way(one, errand);
    if (way.kind === 'failed') return failedWith(way.failure.message);
    if (way.kind === 'nothing') return { kind: 'asked', way: 'nothing-told' };
    const { days, atOnce } = one.settings;
    const noticed =
      way.way === 'by-time' ? await this.noticeByTime(one, round, way.shown, errand) : { kind: 'not-by-time' as const };
    if (noticed.kind === 'failed') return noticed;
    if (noticed.kind === 'not-by-time') {
      if (way.way === 'by-time') this.proved.delete(one.name);
      await this.looks.noticeOldest(round, days, atOnce);
    }
    for (const look of await this.looks.due(one.name, atOnce)) {
      const looked = await this.look(one, round, look, errand);
      if (looked.kind === 'failed') return looked;
    }
    return { kind: 'asked', way: noticed.kind === 'not-by-time' ? 'by-report' : 'by-time' };
  }

  private async way({ name, chart }: WatchedChart, errand: Errand) {
    const known = this.proved.get(name);
    if (known !== undefined && Date.now() < known.until) return { kind: 'way' as const, ...known };
    const told = await this.looks.anyTold(name);
    if (told === undefined) return { kind: 'nothing' as const };
    const found = await chart.way(told, errand);
    if (found.kind !== 'way') return found;
    if (known?.way !== found.way) this.parts.log.info('feedback-asked', { destination: name, way: found.way });
    this.proved.set(name, { way: found.way, shown: found.shown, until: Date.now() + provedMs[found.way] });
    return found;
  }

  /** Asks from where the last round ended, by the server's clock alone. */
  private async noticeByTime(
    { chart, settings }: WatchedChart,
    round: Round,
    shown: Date,
    errand: Errand,
  ): Promise<{ kind: 'noticed' | 'not-by-time' } | Failed> {
    // What people did before anybody asked.
    if (round.since === undefined) await this.looks.noticeOldest(round, settings.days, mostBefore);
    let since = round.since ?? new Date(shown.getTime() - overlapMs);
    let stretchMs: number | undefined;
    for (let stretch = 1; stretch <= mostStretches; stretch++) {
      const until = stretchMs === undefined ? undefined : new Date(since.getTime() + stretchMs);
      const found = await chart.changed(since, until, errand);
      if (found.kind === 'failed') return failedWith(found.failure.message);
      if (found.kind === 'not-by-time') return { kind: 'not-by-time' };
      if (found.kind === 'too-many' && (stretchMs ?? Infinity) > shortestStretchMs) {
        stretchMs = Math.max(shortestStretchMs, (stretchMs ?? firstStretchMs * 4) / 4);
        continue;
      }
      if (found.kind === 'too-many') await this.looks.noticeOldest(round, settings.days, mostBefore);
      const hits = found.kind === 'changed' ? found.hits : [];
      const date = found.kind === 'changed' ? found.date : undefined;
      const shownTo: Date =
        date === undefined ? since : new Date(Math.max(date.getTime() - overlapMs, since.getTime()));
      const isPast: boolean = until !== undefined && (date === undefined || until < shownTo);
      const next: Date = until !== undefined && isPast ? until : shownTo;
      await this.looks.notice(round, hits, next);
      if (!isPast) return { kind: 'noticed' };
      since = next;
    }
    return { kind: 'noticed' };
  }

  private async look(
    one: WatchedChart,
    round: Round,
    look: Look,
    errand: Errand,
  ): Promise<{ kind: 'looked' } | Failed> {
    const { dataSource, models, siteTimezone, hears, log } = this.parts;
    const editions = await readEditions(dataSource, look, look.toldEdition, look.edition);
    const [told, ...tried] = await resultSetsOf(editions, models, siteTimezone);
    const seen =
      told === undefined
        ? failed('defect', 'no manifest of this model version here')
        : await one.chart.look({ editions: [told, ...tried], memory: look.memory }, errand).catch(failedBy);
    if (seen.kind === 'failed' && (errand.signal.aborted || seen.failure.kind === 'unavailable')) {
      return failedWith(seen.failure.message);
    }
    const heard =
      seen.kind === 'failed'
        ? seen
        : await inTransaction(dataSource, async (tx) => {
            const isCurrent = await this.looks.looked(tx, round, look, seen.now?.seen ?? {});
            if (isCurrent && seen.now !== undefined) await hears.hear(tx, look, one.name, seen.now);
          }).catch(failedBy);
    if (heard === undefined) return { kind: 'looked' };
    // What breaks us in one report, or is refused of one, is not to keep the others waiting: it is looked at again after them.
    const { studyInstanceUid, model } = look;
    const reason = wordless(heard.failure.message);
    log.warn('feedback-not-understood', { studyInstanceUid, model, destination: one.name, reason });
    await this.looks.postpone(look);
    return { kind: 'looked' };
  }
}

type Failed = { kind: 'failed'; reason: string };
type Ended = { kind: 'asked'; way: Way | 'nothing-told' } | Failed;

/** An error's own message may quote what is held there. */
function failedBy(error: unknown) {
  return failed('defect', error instanceof Error ? error.name : 'unknown error');
}

/** Of what a server says only how it failed: in its own words there may be anybody's name. */
function failedWith(reason: string): Failed {
  return { kind: 'failed', reason: wordless(reason) };
}

function wordless(reason: string): string {
  return reason.split(':')[0] ?? '';
}
