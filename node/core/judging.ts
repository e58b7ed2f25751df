// Runs that end before their planned end: a threshold aborts them, or all iterations there were to do have ended. The first
// members in hash order look every two seconds; any of them suffices.

import type { MemberId, RunId, RunRecord } from "./events.ts";
import { JUDGE_EVERY_MS, JUDGES } from "./limits.ts";
import type { Membership } from "./membership.ts";
import { firstInHashOrder } from "./rings.ts";
import { endAtMs, type Runs } from "./runs.ts";
import { isDealt } from "../plan/deal.ts";
import type { Plan } from "../plan/types.ts";
import type { Summary } from "./summary-type.ts";

export class Judging {
  readonly #self: MemberId;
  readonly #runs: Runs;
  readonly #membership: Membership;
  /** When this agent looks at a run again. */
  readonly #nextLookMs = new Map<RunId, number>();

  constructor(self: MemberId, runs: Runs, membership: Membership) {
    this.#self = self;
    this.#runs = runs;
    this.#membership = membership;
  }

  /** Runs to gather now. Every member keeps the rhythm, so that one that becomes a judge does not start late. */
  due(nowMs: number): RunRecord[] {
    const due: RunRecord[] = [];
    for (const run of this.#judged(nowMs)) {
      const startAtMs = run.control.startAtMs!;
      const next = this.#nextLookMs.get(run.spec.id) ?? startAtMs + JUDGE_EVERY_MS;
      if (nowMs < next) continue;
      this.#nextLookMs.set(run.spec.id, nowMs + JUDGE_EVERY_MS);
      if (this.isJudge(run.spec.id)) due.push(run);
    }
    return due;
  }

  nextDueMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const run of this.#judged(nowMs)) {
      next = Math.min(next, this.#nextLookMs.get(run.spec.id) ?? run.control.startAtMs! + JUDGE_EVERY_MS);
    }
    return next;
  }

  /** The run stopped, if one of its aborting thresholds fails or nothing is left to do; else null. */
  verdict(run: RunRecord, summary: Summary, nowMs: number): RunRecord | null {
    if (nowMs >= endAtMs(run)) return null;
    const elapsedMs = nowMs - run.control.startAtMs!;
    const failed = run.spec.plan.thresholds.some(
      (threshold, index) =>
        threshold.abortOnFail && elapsedMs >= threshold.delayAbortEvalMs && summary.thresholds[index]?.ok === false,
    );
    if (!failed && summary.state !== "finished") return null;
    const stopReason = failed ? "aborted" : "finished";
    const sequence = run.control.sequence + 1;
    return { spec: run.spec, control: { ...run.control, sequence, author: this.#self, stopAtMs: nowMs, stopReason } };
  }

  forget(run: RunId): void {
    this.#nextLookMs.delete(run);
  }

  #judged(nowMs: number): RunRecord[] {
    return this.#runs
      .active(nowMs)
      .filter(({ control, spec }) => control.startAtMs !== null && mayEndEarly(spec.plan));
  }

  /** Whether this agent is one of those who look. */
  isJudge(run: RunId): boolean {
    const { agreement } = this.#membership;
    const ids = agreement.view.members.map(({ id }) => id).filter((id) => !agreement.isExcluded(id));
    return firstInHashOrder(run, ids, JUDGES).includes(this.#self);
  }
}

function mayEndEarly({ thresholds, scenarios }: Plan): boolean {
  return thresholds.some(({ abortOnFail }) => abortOnFail) || scenarios.some(({ executor }) => isDealt(executor));
}
