// What the load threads show of themselves in a run, second by second.

import type { EventLoopUtilization } from "node:perf_hooks";
import { type CpuQuota, cpuQuota, throttling } from "../metrics/cgroup.ts";
import type { SketchData } from "../metrics/results.ts";
import { type GeneratorVerdict, type Signs, verdictOf } from "../metrics/self-diagnosis.ts";
import { differenceOf, EMPTY_SKETCH, quantile, sketchCount } from "../metrics/sketch.ts";
import type { Arena, Ledger } from "./arena.ts";

/** A load thread as far as it shows how busy it is. */
export interface Busy {
  readonly performance: { eventLoopUtilization(now?: EventLoopUtilization, before?: EventLoopUtilization): EventLoopUtilization };
}

/** A load thread in the last second. */
export interface Diagnosed extends Signs {
  readonly verdict: GeneratorVerdict;
}

/** Where a thread stood a second ago. */
interface Mark {
  readonly arena: Arena;
  readonly thread: Busy | null;
  readonly utilization: EventLoopUtilization | null;
  readonly ledger: Ledger;
  readonly pacing: SketchData;
}

const NOTHING: Ledger = { scheduled: 0, started: 0, missed: 0 };

/** No thread is there: it is being replaced, and nothing is started. */
const ABSENT = 1;

export class RunDiagnosis {
  readonly #quota: CpuQuota;
  readonly #readThrottled: () => number;
  #throttled: number;
  #marks: (Mark | undefined)[] = [];

  /** `readThrottled`: how often the process has used up its quota so far. */
  constructor(readThrottled?: () => number) {
    this.#quota = cpuQuota();
    this.#readThrottled = readThrottled ?? (() => throttling(this.#quota)?.periods ?? 0);
    this.#throttled = this.#readThrottled();
  }

  /** What has happened since the last call, or since the beginning, by thread. */
  look(threads: readonly { readonly arena: Arena; readonly thread: Busy | null }[]): Diagnosed[] {
    const throttledBefore = this.#throttled;
    this.#throttled = this.#readThrottled();
    return threads.map(({ arena, thread }, index) => {
      const mark = this.#marks[index];
      const utilization = thread?.performance.eventLoopUtilization() ?? null;
      const now: Mark = { arena, thread, utilization, ledger: arena.ledger(), pacing: arena.pacing() };
      this.#marks[index] = now;
      const signs = signsOf(now, mark, this.#throttled - throttledBefore);
      return { ...signs, verdict: verdictOf(signs) };
    });
  }
}

function signsOf(now: Mark, before: Mark | undefined, throttled: number): Signs {
  const isSame = before?.arena === now.arena;
  const { scheduled, started, missed } = isSame ? before.ledger : NOTHING;
  const pacing = differenceOf(now.pacing, isSame ? before.pacing : EMPTY_SKETCH);
  return {
    utilization: utilizationOf(now, before),
    started: now.ledger.started - started,
    pacingP99Ms: sketchCount(pacing) === 0 ? 0 : quantile(pacing, 0.99),
    scheduled: now.ledger.scheduled - scheduled,
    missed: now.ledger.missed - missed,
    throttled,
  };
}

/** Since the last look; a thread that was not there then began in between, which takes all it has and says nothing. */
function utilizationOf({ thread, utilization }: Mark, before: Mark | undefined): number {
  if (thread === null || utilization === null) return ABSENT;
  if (before?.thread !== thread || before.utilization === null) return 0;
  return thread.performance.eventLoopUtilization(utilization, before.utilization).utilization;
}
