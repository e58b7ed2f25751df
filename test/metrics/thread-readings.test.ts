// Verdicts on load threads as metrics: one by one, or together where there are many.

import assert from "node:assert/strict";
import { it } from "node:test";
import { MOST_THREADS, type Thread, threadReadings } from "../../node/metrics/thread-readings.ts";

const told = (threads: readonly Thread[]) =>
  threadReadings("r-1", threads, 5).map(({ meter, labels, value }) => [meter.name, ...labels, value]);
const VERDICT = "loadswarm_generator_verdict";
const UTILIZATION = "loadswarm_load_thread_utilization_ratio";

it("each thread has a verdict and a utilization", () => {
  assert.deepEqual(
    told([
      { verdict: "ok", utilization: 0.25 },
      { verdict: "bottleneck", utilization: 0.99 },
      { verdict: "strained", utilization: 0.5 },
    ]),
    [
      [VERDICT, "r-1", "1", 0],
      [UTILIZATION, "r-1", "1", 0.25],
      [VERDICT, "r-1", "2", 2],
      [UTILIZATION, "r-1", "2", 0.99],
      [VERDICT, "r-1", "3", 1],
      [UTILIZATION, "r-1", "3", 0.5],
    ],
  );
});

it("many threads are told by the worst of them", () => {
  const threads = Array.from({ length: MOST_THREADS + 1 }, (_, i): Thread => ({ verdict: i === 7 ? "strained" : "ok", utilization: i / 100 }));
  assert.deepEqual(told(threads), [
    [VERDICT, "r-1", "worst", 1],
    [UTILIZATION, "r-1", "worst", MOST_THREADS / 100],
  ]);
});

it("before the first second nothing is told", () => assert.deepEqual(told([]), []));
