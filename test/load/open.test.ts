// The open model in one worker: arrivals for which there is no room, and arrivals without a lease.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { type Lease, UNBOUNDED } from "../../node/load/clock.ts";
import { Gate } from "../../node/load/gate.ts";
import type { Iteration } from "../../node/load/iteration.ts";
import { IN_FLIGHT_PER_WORKER } from "../../node/load/limits.ts";
import { OpenLoad } from "../../node/load/open.ts";
import type { InFlight } from "../../node/load/scenario.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { DROP_REASONS } from "../../node/metrics/results.ts";
import type { ArrivalRateExecutor } from "../../node/plan/types.ts";
import { ALL, gateOf, planOf, rate, scenario, step } from "./support.ts";

const START = 1_000_000;
const WHOLE = [{ fromMs: 0, stripe: ALL }];

/** [what, maxVUs of the plan, iterations in flight here, in the whole worker, what the arrival is dropped as] */
const ROWS = [
  ["room", 5, 4, 4, null],
  ["the plan's bound", 5, 5, 5, "max_vus"],
  ["the worker's own bound, where the plan sets none", null, 7, IN_FLIGHT_PER_WORKER, "no_connection"],
  ["the plan's bound before the worker's", 5, 5, IN_FLIGHT_PER_WORKER, "max_vus"],
] as const;

type Ended = Parameters<InFlight["start"]>[3];

/** A load of `perSecond` arrivals from START on; what starts and what is dropped as what. */
function setUp(executor: ArrivalRateExecutor, more: { size?: number; inFlight?: number; gate?: Gate; nowMs?: () => number; diesAt?: number } = {}) {
  const shape = shapeOf(planOf("http://127.0.0.1", scenario(executor, [step("/")])));
  const arena = new Arena(shape, allocateArena(shape));
  const ks: number[] = [];
  const ends: Ended[] = [];
  const start = (k: number, _vu: number, _intendedMs: number | null, ended: Ended): void => {
    if (ks.length === more.diesAt) throw new Error("the thread ends");
    ks.push(k);
    ends.push(ended);
    arena.started(0, 0, null);
  };
  const inFlight = { size: more.size ?? 0, start } as unknown as InFlight;
  const load = new OpenLoad({
    scenario: 0,
    executor,
    span: { startMs: START, endMs: START + 1_000, hardEndMs: START + 2_000 },
    segments: WHOLE,
    fromMs: START,
    clock: { monotonicOf: (swarmMs) => swarmMs, swarmOf: more.nowMs ?? (() => 0) },
    gate: more.gate ?? gateOf(),
    arena,
    inFlight,
    worker: { inFlight: more.inFlight ?? 0 },
    intervalAt: () => 0,
  });
  const drops = () => {
    const { dropped } = arena.totals().scenarios[0]!;
    return Object.fromEntries(DROP_REASONS.map((reason, i) => [reason, dropped[i]!]).filter(([, count]) => count !== 0));
  };
  return { load, ks, ends, drops, arena, resumeAtMs: () => arena.resumeAtMs(0) - START };
}

for (const [what, maxVUs, size, inFlight, reason] of ROWS) {
  test(`${what}: ${reason ?? "started"}`, () => {
    const { load, ks, drops } = setUp(rate(1, 1, 1_000, maxVUs) as ArrivalRateExecutor, { size, inFlight });
    load.turn(START, 64, UNBOUNDED);
    assert.deepEqual(drops(), reason === null ? {} : { [reason]: 1 });
    assert.deepEqual(ks, reason === null ? [0] : []);
  });
}

/** One arrival a millisecond, at each full one. */
const dense = rate(1_000, 1_000, 1_000) as ArrivalRateExecutor;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const until = (ms: number, generation = 0, lapsedMs = -1, renewedMs = -1): Lease => ({
  untilMs: START + ms,
  generation,
  lapsedAtMs: START + lapsedMs,
  renewedAtMs: START + renewedMs,
});

test("one that was about to start when its thread ended is in flight, and the next one is the first of another thread", () => {
  const { load, arena, resumeAtMs } = setUp(dense, { diesAt: 3 });
  assert.throws(() => load.turn(START + 9, 64, UNBOUNDED), /the thread ends/);
  arena.abandon();
  const { scheduled, started, interrupted } = arena.totals().scenarios[0]!;
  assert.deepEqual([scheduled, started, interrupted, resumeAtMs()], [4, 4, 4, 4]);
});

test("nothing starts while the lease has lapsed: what was due before is late, what falls due is nobody's business here", () => {
  const { load, ks, drops, resumeAtMs } = setUp(dense);
  load.turn(START + 10.5, 64, until(20.5));
  assert.deepEqual(ks, range(0, 11));
  for (const ms of [30.5, 100.5, 299.5]) assert.equal(load.turn(START + ms, 64, until(20.5)), false);
  assert.deepEqual([ks.length, drops()], [11, { late: 10 }]);
  assert.equal(resumeAtMs(), 300);
  // Renewed at 310, seen at 315: what is due since then is ours again, and in time.
  load.turn(START + 315.5, 64, until(9_000, 1, 20.5, 310));
  assert.deepEqual(ks.slice(11), range(310, 316));
  assert.deepEqual(drops(), { late: 10 });
});

test("a thread that slept through a lapse starts nothing of it, and drops only what was its own", () => {
  const { load, ks, drops } = setUp(dense);
  load.turn(START + 10.5, 64, until(40.5));
  load.turn(START + 420.5, 64, until(9_000, 1, 40.5, 400));
  assert.deepEqual(ks, [...range(0, 11), ...range(400, 421)]);
  assert.deepEqual(drops(), { late: 30 });
});

test("a stall after the renewal drops what is late, and there is no burst", () => {
  const { load, ks, drops } = setUp(dense);
  load.turn(START + 0.5, 64, until(0.5));
  load.turn(START + 700.5, 64, until(9_000, 1, 0.5, 400));
  assert.deepEqual(ks, [0, ...range(651, 701)]);
  assert.deepEqual(drops(), { late: 251 });
});

test("the share changes while the lease has lapsed: what fell due before is not started under either share", () => {
  const { load, ks, drops } = setUp(dense);
  load.turn(START + 10.5, 64, until(20.5));
  load.retarget({ segments: WHOLE, dealt: ALL, endAtMs: START + 1_000 }, START + 60.5, until(20.5));
  load.turn(START + 80.5, 64, until(9_000, 1, 20.5, 70));
  assert.deepEqual(ks, [...range(0, 11), ...range(70, 81)]);
  assert.deepEqual(drops(), { late: 10 });
});

test("a batch that is interrupted by the end of the lease ends there", () => {
  let asked = 0;
  const gate = gateOf(() => ++asked <= 3);
  const { load, ks, drops } = setUp(dense, { gate });
  load.turn(START + 9.5, 64, until(9_000));
  assert.deepEqual([ks, drops()], [[0, 1, 2], { late: 7 }]);
});

test("a batch in which the process stands still starts nothing more that is too late by then", () => {
  let starts = 0;
  const nowMs = () => START + (starts++ < 3 ? 9.5 : 56.5);
  const { load, ks, drops } = setUp(dense, { nowMs });
  load.turn(START + 9.5, 64, until(9_000));
  assert.deepEqual([ks, drops()], [[0, 1, 2, 7, 8, 9], { late: 4 }]);
});

test("a lapse that lasts until the end leaves nothing to start", () => {
  const { load, ks, drops } = setUp(dense);
  load.turn(START - 100, 64, until(-200));
  load.turn(START + 1_200, 64, until(-200));
  assert.equal(load.nextAtMs(), Number.POSITIVE_INFINITY);
  assert.deepEqual([ks, drops()], [[], {}]);
});

/** [what, when the answer comes, whether a turn is asked for], with an arrival due at 10 */
const ANSWERS = [
  ["while nothing is due", 9.9, false],
  ["just as something falls due: the timer will not be late for it", 10.2, false],
  ["while something has been due for a while", 10.3, true],
] as const;

for (const [what, atMs, asks] of ANSWERS) {
  test(`an answer ${what}: ${asks ? "it starts at once" : "it waits for its turn"}`, () => {
    let wakes = 0;
    const gate = new Gate(() => true, () => wakes++);
    let nowMs = START;
    const { load, ends } = setUp(dense, { gate, nowMs: () => nowMs });
    load.turn(START + 9.5, 64, UNBOUNDED);
    nowMs = START + atMs;
    ends[0]!({ vu: 0 } as Iteration, atMs);
    assert.equal(wakes, asks ? 1 : 0);
  });
}

test("an answer after the last arrival asks for nothing", () => {
  let wakes = 0;
  const gate = new Gate(() => true, () => wakes++);
  let nowMs = START;
  const { load, ends } = setUp(rate(1, 1, 1_000) as ArrivalRateExecutor, { gate, nowMs: () => nowMs });
  load.turn(START, 64, UNBOUNDED);
  nowMs = START + 900;
  ends[0]!({ vu: 0 } as Iteration, 900);
  assert.equal(wakes, 0);
});
