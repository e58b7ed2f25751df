// The open model in one worker: what happens to an arrival for which there is no room.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { UNBOUNDED } from "../../node/load/clock.ts";
import { IN_FLIGHT_PER_WORKER } from "../../node/load/limits.ts";
import { OpenLoad } from "../../node/load/open.ts";
import type { InFlight } from "../../node/load/scenario.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { DROP_REASONS } from "../../node/metrics/results.ts";
import type { ArrivalRateExecutor } from "../../node/plan/types.ts";
import { ALL, gateOf, planOf, rate, scenario, step } from "./support.ts";

const START = 1_000_000;

/** [what, maxVUs of the plan, iterations in flight here, in the whole worker, what the arrival is dropped as] */
const ROWS = [
  ["room", 5, 4, 4, null],
  ["the plan's bound", 5, 5, 5, "max_vus"],
  ["the worker's own bound, where the plan sets none", null, 7, IN_FLIGHT_PER_WORKER, "no_connection"],
  ["the plan's bound before the worker's", 5, 5, IN_FLIGHT_PER_WORKER, "max_vus"],
] as const;

for (const [what, maxVUs, own, all, reason] of ROWS) {
  test(`${what}: ${reason ?? "started"}`, () => {
    const executor = rate(1, 1, 1_000, maxVUs) as ArrivalRateExecutor;
    const shape = shapeOf(planOf("http://127.0.0.1", scenario(executor, [step("/")])));
    const arena = new Arena(shape, allocateArena(shape));
    let started = 0;
    const inFlight = { size: own, start: () => void started++ } as unknown as InFlight;
    const load = new OpenLoad({
      scenario: 0,
      executor,
      span: { startMs: START, endMs: START + 1_000, hardEndMs: START + 2_000 },
      segments: [{ fromMs: 0, stripe: ALL }],
      fromMs: START,
      clock: { monotonicOf: (swarmMs) => swarmMs },
      gate: gateOf(),
      arena,
      inFlight,
      worker: { inFlight: all },
      intervalAt: () => 0,
    });
    load.turn(START, 64, UNBOUNDED);
    const dropped = arena.totals().scenarios[0]!.dropped;
    assert.deepEqual(DROP_REASONS.filter((_, index) => dropped[index]! > 0), reason === null ? [] : [reason]);
    assert.equal(started, reason === null ? 1 : 0);
  });
}
