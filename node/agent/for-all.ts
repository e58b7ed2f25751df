// What takes the whole swarm's numbers, as metrics: whether thresholds hold and, where agents leave names out, requests by name.
// One agent tells it for all: the first in hash order.

import { firstInHashOrder } from "../core/rings.ts";
import type { Summary } from "../core/summary-type.ts";
import type { Measured } from "../load/report.ts";
import { RUN_METERS as M } from "../metrics/meters.ts";
import { labelValue, type Reading } from "../metrics/reading.ts";
import type { Detail } from "../metrics/run-readings.ts";

/** However often metrics are read, the swarm is not asked more often; as often as they are pushed. */
const LOOK_EVERY_MS = 4500;

export type Gathered = Pick<Summary, "thresholds" | "steps">;

const QUANTILES = [
  ["0.5", "med"],
  ["0.95", "p(95)"],
  ["0.99", "p(99)"],
] as const;

interface Known {
  readonly atMs: number;
  gathered: Gathered | null;
  /** Highest counts so far, by request: a gathering that misses an agent for a moment does not make counters go back. */
  readonly counts: Map<string, { ok: number; fail: number }>;
}

export class ForAll {
  readonly #self: string;
  readonly #summary: (run: string) => Promise<Gathered>;
  readonly #known = new Map<string, Known>();

  constructor(self: string, summary: (run: string) => Promise<Gathered>) {
    this.#self = self;
    this.#summary = summary;
  }

  /** What is known of these runs; asks anew, for the next reading, about those that are this agent's to tell of. */
  read(
    runs: readonly Measured[],
    members: readonly string[],
    detailOf: (run: string) => Detail,
    nowMs: number,
  ): Reading[] {
    for (const run of this.#known.keys())
      if (!runs.some(({ assignment }) => assignment.run === run)) this.#known.delete(run);
    return runs.flatMap(({ assignment: { run, plan, startAtMs } }) => {
      const isLean = detailOf(run) === "lean";
      const isWanted = isLean || plan.thresholds.length > 0;
      if (!isWanted || !firstInHashOrder(run, members, 1).includes(this.#self)) {
        this.#known.delete(run);
        return [];
      }
      const { gathered, counts } = this.#look(run, nowMs, nowMs >= startAtMs);
      if (gathered === null) return [];
      return [...verdicts(run, gathered, startAtMs), ...(isLean ? requests(run, gathered, counts, startAtMs) : [])];
    });
  }

  #look(run: string, nowMs: number, hasBegun: boolean): Known {
    const known = this.#known.get(run) ?? { atMs: Number.NEGATIVE_INFINITY, gathered: null, counts: new Map() };
    if (!hasBegun || nowMs - known.atMs < LOOK_EVERY_MS) return known;
    const asked: Known = { ...known, atMs: nowMs };
    this.#known.set(run, asked);
    this.#summary(run).then(
      (gathered) => {
        asked.gathered = gathered;
      },
      // Unknown for a moment, or leaving: what was known stands until the next look.
      () => {},
    );
    return known;
  }
}

function verdicts(run: string, { thresholds }: Gathered, startMs: number): Reading[] {
  return thresholds.map(({ metric, expression, ok }) => {
    return { meter: M.thresholdOk, labels: [run, labelValue(`${metric}: ${expression}`)], value: ok ? 1 : 0, startMs };
  });
}

function requests(run: string, { steps }: Gathered, counts: Known["counts"], startMs: number): Reading[] {
  return Object.entries(steps).flatMap(([name, step]) => {
    const before = counts.get(name) ?? { ok: 0, fail: 0 };
    const fail = Math.max(before.fail, step.failed);
    const ok = Math.max(before.ok, step.requests - step.failed);
    counts.set(name, { ok, fail });
    const request = labelValue(name);
    return [
      { meter: M.swarmRequests, labels: [run, request, "ok"], value: ok, startMs },
      { meter: M.swarmRequests, labels: [run, request, "fail"], value: fail, startMs },
      ...(step.duration.count === 0 ? [] : QUANTILES).map(([quantile, name]) => {
        return { meter: M.swarmRequestDuration, labels: [run, request, quantile], value: step.duration[name] / 1000, startMs };
      }),
    ];
  });
}
