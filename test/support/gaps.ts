// Whether a Prometheus has every sample that agents pushed.

import { HEALTH_METERS } from "../../node/metrics/meters.ts";
import type { Prometheus, Result } from "./prometheus.ts";

export interface Pushed {
  /** When each agent pushed, seconds since the epoch, by instance. */
  readonly pushes: ReadonlyMap<string, readonly number[]>;
  /** Pushes that are not there at all, by instance and number. */
  readonly missing: readonly string[];
  readonly counters: number;
  /** Samples that are not there although their push is. */
  readonly gaps: readonly { readonly metric: Result["metric"]; readonly atS: number }[];
}

const timesOf = ({ values = [] }: Result): number[] => values.map(([at]) => at);

/**
 * In the `windowS` seconds before `endS`. Every push has every counter, so each of them has to have a sample of every push
 * since its first one. (A counter that begins has a zero before its first value, which is no push of its own.)
 */
export async function pushedInto(prometheus: Prometheus, windowS: number, endS: number): Promise<Pushed> {
  const over = (selector: string) => prometheus.query(`${selector}[${Math.ceil(windowS)}s]`, endS);
  const pushes = new Map<string, number[]>();
  const missing: string[] = [];
  for (const series of await over(HEALTH_METERS.remoteWritePushes.name)) {
    const instance = series.metric["instance"]!;
    pushes.set(instance, timesOf(series));
    // Pushes are numbered one by one.
    let last = Number.NaN;
    for (const [, number] of series.values ?? []) {
      if (Number(number) > last + 1) missing.push(`${instance}: between ${last} and ${number}`);
      last = Number(number);
    }
  }
  const counters = await over(`{__name__=~"loadswarm_.*_total|process_cpu_seconds_total"}`);
  const gaps = counters.flatMap((series) => {
    const times = new Set(timesOf(series));
    const [first = Number.POSITIVE_INFINITY] = times;
    const due = (pushes.get(series.metric["instance"]!) ?? []).filter((at) => at >= first);
    return due.filter((at) => !times.has(at)).map((atS) => ({ metric: series.metric, atS }));
  });
  return { pushes, missing, counters: counters.length, gaps };
}
