import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, gauge, type Logger, periodically } from '@sightline/platform';
import type { Circuit, Circuits } from './circuit.ts';
import type { Deliver } from './deliver.ts';
import type { DeliveryLease, DeliveryStore } from './delivery-store.ts';
import type { Destination } from './destination.ts';

const open = gauge('sightline_filing_circuit_open', '1 while a destination is left in peace', ['destination']);

/** A delivery whose process dies is taken by another after this; one that lives is held on to. */
const leaseMs = 15_000;
const renewMs = 5_000;

/** How often a destination that has nothing to hear is looked after. */
const idleMs = 250;

/** How long others wait for half of those under way to end. */
const companyMs = 1_000;

/** Keeps a destination told: as many reports at once as it bears, none while it keeps being unavailable. */
export class RunDeliveries {
  private readonly stopping = new AbortController();
  private loops: Promise<void>[] = [];

  constructor(
    private readonly destinations: readonly Destination[],
    private readonly store: DeliveryStore,
    private readonly deliver: Deliver,
    private readonly circuits: Circuits,
    private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loops = this.destinations.map((destination) => this.run(destination));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async run(destination: Destination): Promise<void> {
    const { signal } = this.stopping;
    const circuit = this.circuits.of(destination.name);
    const underWay = new Map<DeliveryLease, Promise<void>>();
    const renewing = periodically(`hold-${destination.name}`, renewMs, this.log, () =>
      this.store.renew([...underWay.keys()], leaseMs),
    );
    let tookAt = 0;
    while (!signal.aborted) {
      const free = destination.atOnce - underWay.size;
      // Half of them at a time: reports that start together look things up together. What hangs holds the others up for a moment only.
      const waitsForMore = free < destination.atOnce / 2 && performance.now() < tookAt + companyMs;
      const room = waitsForMore ? 0 : circuit.allows(free);
      const taken = room === 0 ? [] : await this.take(destination, room);
      if (taken.length > 0) tookAt = performance.now();
      for (const lease of taken) {
        const done = this.one(lease, destination, circuit).finally(() => underWay.delete(lease));
        underWay.set(lease, done);
      }
      // Where there was as much as there was room for, there may be more as soon as there is room.
      await this.pause(taken.length > 0 && underWay.size < destination.atOnce ? 0 : idleMs, underWay.values());
    }
    await Promise.all(underWay.values());
    await renewing.stop();
  }

  private async one(lease: DeliveryLease, destination: Destination, circuit: Circuit): Promise<void> {
    const { signal } = this.stopping;
    try {
      const available = await this.deliver.deliver(lease, destination, signal);
      if (available === true) circuit.succeeded();
      if (available === false) circuit.failed();
    } catch (error) {
      // Its lease runs out, and it is taken again.
      if (!signal.aborted) {
        this.log.error('delivery-failed', { destination: destination.name, error: describeError(error) });
      }
    }
    open.set({ destination: destination.name }, circuit.isOpen ? 1 : 0);
  }

  private async take(destination: Destination, limit: number): ReturnType<DeliveryStore['take']> {
    return this.store.take(destination.name, limit, leaseMs).catch((error: unknown) => {
      this.log.warn('deliveries-not-taken', { destination: destination.name, error: describeError(error) });
      return [];
    });
  }

  /** Until time is up, one under way has ended, or the app stops. */
  private async pause(ms: number, underWay: Iterable<Promise<void>>): Promise<void> {
    const ended = new AbortController();
    const idle = sleep(ms, undefined, { signal: AbortSignal.any([this.stopping.signal, ended.signal]) });
    await Promise.race([idle.catch(() => undefined), ...underWay]);
    ended.abort();
  }
}
