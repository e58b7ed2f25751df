// Thresholds as metrics. Judging takes the whole swarm's numbers, so one agent asks for them: the first in hash order.

import { firstInHashOrder } from "../core/rings.ts";
import type { Summary } from "../core/summary-type.ts";
import type { Measured } from "../load/report.ts";
import { RUN_METERS } from "../metrics/meters.ts";
import { labelValue, type Reading } from "../metrics/reading.ts";

/** However often metrics are read, the swarm is not asked more often; as often as they are pushed. */
const LOOK_EVERY_MS = 4500;

type Verdict = Pick<Summary, "thresholds">;

export class Verdicts {
  readonly #self: string;
  readonly #summary: (run: string) => Promise<Verdict>;
  readonly #known = new Map<string, { atMs: number; verdict: Verdict | null }>();

  constructor(self: string, summary: (run: string) => Promise<Verdict>) {
    this.#self = self;
    this.#summary = summary;
  }

  /** What is known of these runs' thresholds; asks anew, for the next reading, about those that are this agent's to judge. */
  read(runs: readonly Measured[], members: readonly string[], nowMs: number): Reading[] {
    for (const run of this.#known.keys())
      if (!runs.some(({ assignment }) => assignment.run === run)) this.#known.delete(run);
    return runs.flatMap(({ assignment }) => {
      const { run, plan, startAtMs } = assignment;
      const isMine = plan.thresholds.length > 0 && firstInHashOrder(run, members, 1).includes(this.#self);
      if (!isMine) {
        this.#known.delete(run);
        return [];
      }
      const verdict = this.#look(run, nowMs, nowMs >= startAtMs);
      return (verdict?.thresholds ?? []).map(({ metric, expression, ok }) => {
        return {
          meter: RUN_METERS.thresholdOk,
          labels: [run, labelValue(`${metric}: ${expression}`)],
          value: ok ? 1 : 0,
          startMs: startAtMs,
        };
      });
    });
  }

  #look(run: string, nowMs: number, hasBegun: boolean): Verdict | null {
    const known = this.#known.get(run) ?? { atMs: Number.NEGATIVE_INFINITY, verdict: null };
    if (hasBegun && nowMs - known.atMs >= LOOK_EVERY_MS) {
      const asked = { atMs: nowMs, verdict: known.verdict };
      this.#known.set(run, asked);
      this.#summary(run).then(
        (verdict) => {
          asked.verdict = verdict;
        },
        // Unknown for a moment, or leaving: the old verdict stands until the next look.
        () => {},
      );
    }
    return known.verdict;
  }
}
