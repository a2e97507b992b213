import { Counter, Gauge, Histogram, collectDefaultMetrics, register } from 'prom-client';

/** Names are `sightline_<step>_<what>_<unit>`; labels are small closed sets, never an identifier. */
export function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Counter<L> {
  return new Counter({ name, help, labelNames });
}

export function gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
  return new Gauge({ name, help, labelNames });
}

/** `buckets` in the unit the name ends with. */
export function histogram<L extends string = never>(
  name: string,
  help: string,
  buckets: number[] = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300],
  labelNames: readonly L[] = [],
): Histogram<L> {
  return new Histogram({ name, help, buckets, labelNames });
}

/** The text Prometheus scrapes, and its content type. */
export async function renderMetrics(): Promise<{ contentType: string; text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}

export function collectProcessMetrics(): void {
  if (register.getSingleMetric('process_cpu_seconds_total') === undefined) collectDefaultMetrics();
}
