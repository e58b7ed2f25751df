// From the load thread to the weight: a target that does not answer costs an agent nothing of its share, a late thread does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Capacity } from "../../node/core/capacity.ts";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { UNBOUNDED } from "../../node/load/clock.ts";
import { RunDiagnosis } from "../../node/load/diagnosis.ts";
import { IN_FLIGHT_PER_WORKER } from "../../node/load/limits.ts";
import { OpenLoad } from "../../node/load/open.ts";
import type { InFlight } from "../../node/load/scenario.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { DROP_REASONS } from "../../node/metrics/results.ts";
import type { ArrivalRateExecutor } from "../../node/plan/types.ts";
import { ALL, gateOf, planOf, rate, scenario, step } from "./support.ts";

const START = 1_000_000;
const SECONDS = 20;
const RATE = 1_000;

/** A load thread that has a turn every `turnMs`, and a target that answers nothing; what becomes of the agent's weight. */
function weights(maxVUs: number | null, turnMs: number): { weights: number[]; reasons: string[]; verdicts: Set<string> } {
  const executor = rate(RATE, RATE, SECONDS * 1000, maxVUs) as ArrivalRateExecutor;
  const plan = planOf("http://127.0.0.1", scenario(executor, [step("/")]));
  const shape = shapeOf(plan);
  const arena = new Arena(shape, allocateArena(shape));
  const worker = { inFlight: 0 };
  let nowMs = START;
  const inFlight = {
    get size() {
      return worker.inFlight;
    },
    start(_k: number, _vu: number, intendedMs: number) {
      worker.inFlight++;
      arena.started(0, 0, nowMs - intendedMs);
    },
  } as unknown as InFlight;
  const load = new OpenLoad({
    scenario: 0,
    executor,
    span: { startMs: START, endMs: START + SECONDS * 1000, hardEndMs: START + SECONDS * 1000 },
    segments: [{ fromMs: 0, stripe: ALL }],
    fromMs: START,
    clock: { monotonicOf: (swarmMs) => swarmMs, swarmOf: () => nowMs },
    gate: gateOf(),
    arena,
    inFlight,
    worker,
    intervalAt: () => 0,
  });
  const capacity = new Capacity(4);
  const diagnosis = new RunDiagnosis(() => 0);
  const idle = { performance: { eventLoopUtilization: () => ({ active: 0, idle: 1, utilization: 0.1 }) } };
  const found: number[] = [];
  const verdicts = new Set<string>();
  for (let second = 1; second <= SECONDS; second++) {
    for (; nowMs < START + second * 1000; nowMs += turnMs) while (load.turn(nowMs, 64, UNBOUNDED));
    const points = { sequence: second, atMs: nowMs, done: false, totals: arena.totals(), points: [] };
    const weight = capacity.report({ run: "r", member: "a", ...points }, 0.5, nowMs);
    if (weight !== null) found.push(weight);
    verdicts.add(diagnosis.look([{ arena, thread: idle }])[0]!.verdict);
  }
  const { dropped } = arena.totals().scenarios[0]!;
  return { weights: found, reasons: DROP_REASONS.filter((_, i) => dropped[i]! > 0), verdicts };
}

test("virtual users that wait for the target: their number is the plan's, and the agent is fine", () => {
  assert.deepEqual(weights(50, 1), { weights: [], reasons: ["max_vus"], verdicts: new Set(["ok"]) });
});

test("more iterations in flight than a worker holds limit the test, but others would have no more luck with that target", () => {
  const { weights: found, reasons, verdicts } = weights(null, 1);
  assert.deepEqual([found, reasons], [[], ["no_connection"]]);
  assert.ok(RATE * SECONDS > IN_FLIGHT_PER_WORKER && verdicts.has("bottleneck"));
});

test("a thread that comes too late for what is due has less of it, whatever the target does", () => {
  const { weights: found, reasons, verdicts } = weights(50, 200);
  assert.ok(found.length > 0 && found.every((weight) => weight < 4), String(found));
  assert.deepEqual([reasons.includes("late"), verdicts], [true, new Set(["bottleneck"])]);
});
