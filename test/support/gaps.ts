// Whether a Prometheus has every sample that agents pushed.

import { SWARM_METERS } from "../../node/metrics/meters.ts";
import type { Prometheus, Result } from "./prometheus.ts";

export interface Pushed {
  /** When each agent pushed, seconds since the epoch, by instance. */
  readonly pushes: ReadonlyMap<string, readonly number[]>;
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
  for (const series of await over(SWARM_METERS.agentInfo.name)) pushes.set(series.metric["instance"]!, timesOf(series));
  const counters = await over(`{__name__=~"loadswarm_.*_total|process_cpu_seconds_total"}`);
  const gaps = counters.flatMap((series) => {
    const times = new Set(timesOf(series));
    const [first = Number.POSITIVE_INFINITY] = times;
    const due = (pushes.get(series.metric["instance"]!) ?? []).filter((at) => at >= first);
    return due.filter((at) => !times.has(at)).map((atS) => ({ metric: series.metric, atS }));
  });
  return { pushes, counters: counters.length, gaps };
}
