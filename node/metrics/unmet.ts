// The part of the rate that is not met: arrivals that were due at agents which could not send them in time.

import { DROP_REASONS, type ScenarioTotals, type Snapshot } from "./results.ts";

/** The generator's own limits. A slow target keeps virtual users busy (max_vus); the plan or a person ends the rest. */
const OWN_LIMITS = (["late", "no_connection"] as const).map((reason) => DROP_REASONS.indexOf(reason));

/** From the start of a run to its first report, and between two: about a second. */
const REPORT_EVERY_MS = 1000;
/** Nothing is unmet any more when so long nothing was reported. */
const STALE_MS = 3000;

/** Arrivals that were due and not sent because agents had reached their own limits. */
export function unmetOf(scenarios: readonly Pick<ScenarioTotals, "dropped">[]): number {
  let unmet = 0;
  for (const { dropped } of scenarios) for (const index of OWN_LIMITS) unmet += dropped[index] ?? 0;
  return unmet;
}

interface Counted {
  readonly unmet: number;
  readonly perSecond: number;
  readonly atMs: number;
  readonly done: boolean;
}

/**
 * What one agent's latest reports leave unmet. While others have room its share moves to them within seconds; what stays,
 * added up over the agents, is the rate that nobody could carry.
 */
export class Unmet {
  readonly #runs = new Map<string, Counted>();

  take({ run, atMs, done, totals }: Snapshot): void {
    const unmet = unmetOf(totals.scenarios);
    const before = this.#runs.get(run) ?? { unmet: 0, atMs: atMs - REPORT_EVERY_MS };
    if (atMs <= before.atMs) return;
    this.#runs.set(run, { unmet, perSecond: (1000 * (unmet - before.unmet)) / (atMs - before.atMs), atMs, done });
  }

  /** Arrivals per second, in swarm time. */
  perSecond(nowMs: number): number {
    let sum = 0;
    for (const [run, { perSecond, atMs, done }] of this.#runs) {
      if (nowMs < atMs + STALE_MS) sum += perSecond;
      else if (done) this.#runs.delete(run);
    }
    return sum;
  }
}
