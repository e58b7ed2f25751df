// The load engine of a simulated agent: takes the very arrivals that a real worker would, exactly when they are due.

import type { Snapshot } from "../node/metrics/results.ts";
import { RateCurve } from "../node/plan/curve.ts";
import { type Assignment, OwnArrivals } from "../node/plan/schedule.ts";
import type { Target } from "./target.ts";

interface Work {
  assignment: Assignment;
  readonly arrivals: OwnArrivals;
  started: number;
  sequence: number;
  done: boolean;
}

const NO_SKETCH = { index: [], count: [], sum: 0, min: 0, max: 0 };

/** Plans in the simulator have one arrival-rate scenario of one step. */
export class SimulatedEngine {
  readonly #member: string;
  readonly #target: Target;
  readonly #work = new Map<string, Work>();

  constructor(member: string, target: Target) {
    this.#member = member;
    this.#target = target;
  }

  assign(assignment: Assignment, nowMs: number): void {
    const work = this.#work.get(assignment.run);
    const isAhead = nowMs < Math.min(assignment.startAtMs, work?.assignment.startAtMs ?? Number.POSITIVE_INFINITY);
    if (work === undefined || (isAhead && work.assignment.startAtMs !== assignment.startAtMs)) {
      const { executor } = assignment.plan.scenarios[0]!;
      if (!("curve" in executor)) throw new Error("the simulator runs arrival rates only");
      const curve = new RateCurve(executor.curve);
      const arrivals = new OwnArrivals(curve, assignment.startAtMs, assignment.segments, nowMs);
      this.#work.set(assignment.run, { assignment, arrivals, started: 0, sequence: 0, done: false });
      return;
    }
    this.#take(work, nowMs);
    work.assignment = assignment;
    work.arrivals.retarget(assignment.segments, nowMs);
  }

  /** Sends everything due by now. */
  run(nowMs: number): void {
    for (const work of this.#work.values()) this.#take(work, nowMs);
  }

  /** Cumulative reports of what is under way; the last of a run says that it is done. */
  reports(nowMs: number): Snapshot[] {
    const reports: Snapshot[] = [];
    for (const work of this.#work.values()) {
      const { assignment } = work;
      if (work.done || nowMs < assignment.startAtMs) continue;
      work.done = nowMs >= assignment.endAtMs;
      reports.push(this.#report(work, nowMs));
    }
    return reports;
  }

  #take(work: Work, nowMs: number): void {
    const { startAtMs, endAtMs, run } = work.assignment;
    for (;;) {
      const arrival = work.arrivals.peek();
      if (arrival === null || arrival.atMs >= endAtMs || arrival.atMs > nowMs || nowMs < startAtMs) return;
      work.arrivals.advance();
      work.started++;
      this.#target.hit(run, arrival.k, arrival.atMs);
    }
  }

  #report(work: Work, nowMs: number): Snapshot {
    const { started } = work;
    return {
      run: work.assignment.run,
      member: this.#member,
      sequence: ++work.sequence,
      atMs: nowMs,
      done: work.done,
      totals: {
        scenarios: [
          {
            scheduled: started,
            started,
            completed: started,
            interrupted: 0,
            dropped: [],
            iterationDuration: NO_SKETCH,
            pacing: NO_SKETCH,
          },
        ],
        steps: [
          {
            requests: started,
            failed: 0,
            bytesSent: 0,
            bytesReceived: 0,
            duration: NO_SKETCH,
            latency: NO_SKETCH,
            waiting: NO_SKETCH,
          },
        ],
        checks: [],
        status: [[200, started]],
        errors: [],
      },
      points: [],
    };
  }
}
