// Virtual users: how many at once, where they live, when they go.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { ClosedLoad, vusAt } from "../../node/load/closed.ts";
import type { Gate } from "../../node/load/gate.ts";
import type { Iteration } from "../../node/load/iteration.ts";
import type { InFlight } from "../../node/load/scenario.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { cut, owns } from "../../node/plan/stripe.ts";
import type { ConstantVusExecutor, RampingVusExecutor } from "../../node/plan/types.ts";
import { ALL, assignmentOf, gateOf, planOf, run, scenario, startEngine, startTarget, step } from "./support.ts";

const constant = (vus: number, durationMs: number): ConstantVusExecutor => ({ kind: "constant-vus", vus, durationMs });
const COUNTED = step("/{{ vu }}/{{ iterationInTest }}");

/** An answer after a while, so that iterations overlap; keeps count of those open at the same time, by user. */
function slowly(afterMs: number) {
  const open = new Map<string, number>();
  const most = { users: 0, perUser: 0 };
  const answer: Parameters<typeof startTarget>[0] = (request, response) => {
    const vu = request.url!.split("/")[1]!;
    open.set(vu, (open.get(vu) ?? 0) + 1);
    most.users = Math.max(most.users, open.size);
    most.perUser = Math.max(most.perUser, open.get(vu)!);
    setTimeout(() => {
      open.set(vu, open.get(vu)! - 1);
      if (open.get(vu) === 0) open.delete(vu);
      response.end();
    }, afterMs);
  };
  return { answer, most };
}

const usersOf = (urls: readonly string[]) => new Set(urls.map((url) => Number(url.split("/")[1])));
const numbersOf = (urls: readonly string[]) => urls.map((url) => Number(url.split("/")[2]));

const RAMP: RampingVusExecutor = {
  kind: "ramping-vus",
  startVUs: 2,
  stages: [
    { durationMs: 1_000, target: 10 },
    { durationMs: 0, target: 4 },
    { durationMs: 500, target: 0 },
  ],
  gracefulRampDownMs: 0,
};

for (const [elapsedMs, vus] of [
  [0, 2],
  [500, 6],
  [999, 10],
  [1_000, 4],
  [1_250, 2],
  [1_500, 0],
  [9_999, 0],
] as const) {
  test(`${elapsedMs} ms into the ramp there are ${vus} users`, () => assert.equal(vusAt(RAMP, elapsedMs), vus));
}

/** A load of virtual users whose iterations end when the test says so. */
function setUp(executor: ConstantVusExecutor | RampingVusExecutor, gate: Gate) {
  const shape = shapeOf(planOf("http://127.0.0.1", scenario(executor, [COUNTED])));
  const open = new Map<number, (iteration: Iteration) => void>();
  const started: number[] = [];
  const clock = { nowMs: 0 };
  const inFlight = {
    start(_k: number, vu: number, _intended: null, onEnd: (iteration: Iteration) => void) {
      started.push(vu);
      open.set(vu, onEnd);
    },
    interrupt(which: (iteration: { vu: number }) => boolean) {
      for (const vu of Array.from(open.keys())) if (which({ vu })) end(vu);
    },
  } as unknown as InFlight;
  const load = new ClosedLoad({
    scenario: 0,
    executor,
    span: { startMs: 0, endMs: 10_000, hardEndMs: 11_000 },
    segments: [{ fromMs: 0, stripe: ALL }],
    arena: new Arena(shape, allocateArena(shape)),
    inFlight,
    worker: { inFlight: 0 },
    gate,
    clock: { swarmOf: () => clock.nowMs },
    intervalAt: () => 0,
  });
  function end(vu: number): void {
    const onEnd = open.get(vu)!;
    open.delete(vu);
    onEnd({ vu } as Iteration);
  }
  const turn = (nowMs: number, limit = 64): boolean => {
    clock.nowMs = nowMs;
    return load.turn(nowMs, limit);
  };
  return { load, turn, end, open, started };
}

test("no user starts an iteration while the gate is shut, and each starts one when it opens", () => {
  let shut = false;
  const gate = gateOf(() => !shut);
  const { load, turn, end, started, open } = setUp(constant(4, 10_000), gate);
  turn(10);
  assert.deepEqual(started, [0, 1, 2, 3]);
  shut = true;
  end(1);
  end(3);
  assert.equal(gate.wakes, 2);
  assert.equal(turn(20), false);
  assert.deepEqual([started.length, [...open.keys()]], [4, [0, 2]]);
  assert.equal(load.nextAtMs(20), 20);
  shut = false;
  turn(30);
  assert.deepEqual(started.slice(4), [1, 3]);
  end(0);
  assert.deepEqual(started.slice(6), [0], "open, the next iteration follows at once");
});

test("a gate that shuts in the middle of a batch stops it there", () => {
  let asked = 0;
  const { turn, started } = setUp(constant(5, 10_000), gateOf(() => ++asked !== 3));
  assert.equal(turn(10), false);
  assert.deepEqual(started, [0, 1]);
  turn(20);
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
});

test("users that are ramped away while the gate is shut are gone when it opens, and those in flight end in time", () => {
  let shut = false;
  const ramp: RampingVusExecutor = {
    kind: "ramping-vus",
    startVUs: 4,
    stages: [
      { durationMs: 100, target: 4 },
      { durationMs: 0, target: 1 },
      { durationMs: 900, target: 1 },
    ],
    gracefulRampDownMs: 50,
  };
  const { turn, end, started, open } = setUp(ramp, gateOf(() => !shut));
  turn(10);
  shut = true;
  end(0);
  end(3);
  turn(110);
  turn(170);
  assert.deepEqual([...open.keys()], []);
  shut = false;
  turn(200);
  assert.deepEqual(started, [0, 1, 2, 3, 0]);
});

test("users that were ramped away have their time to end also when the scenario ends meanwhile, and no more", () => {
  const ramp: RampingVusExecutor = {
    kind: "ramping-vus",
    startVUs: 3,
    stages: [
      { durationMs: 9_950, target: 3 },
      { durationMs: 0, target: 1 },
      { durationMs: 50, target: 1 },
    ],
    gracefulRampDownMs: 100,
  };
  const { turn, open, load } = setUp(ramp, gateOf());
  turn(10);
  turn(9_960);
  turn(10_010);
  assert.deepEqual([[...open.keys()], load.isOver(10_010)], [[0, 1, 2], true]);
  turn(10_060);
  assert.deepEqual([...open.keys()], [0], "the graceful stop is for those that were to stay");
});

suite("closed model", { concurrency: 3 }, () => {
  test("a number of users each have one iteration in flight, over several workers", async () => {
    const { answer, most } = slowly(20);
    await using target = await startTarget(answer);
    const { last } = await run(planOf(target.url, scenario(constant(6, 800), [COUNTED])), { workers: 2 });
    const { scheduled, started, completed, interrupted } = last.totals.scenarios[0]!;
    assert.deepEqual(usersOf(target.seen), new Set([0, 1, 2, 3, 4, 5]));
    assert.deepEqual(most, { users: 6, perUser: 1 });
    assert.equal(started, target.seen.length);
    assert.equal(scheduled, started);
    assert.equal(completed, started);
    assert.equal(interrupted, 0);
    assert.equal(new Set(numbersOf(target.seen)).size, target.seen.length);
  });

  test("a user that moves to another agent lives in one place at a time and repeats no number", async () => {
    const { answer, most } = slowly(5);
    await using target = await startTarget(answer);
    await using left = startEngine({ member: "left" });
    await using right = startEngine({ member: "right" });
    await Promise.all([left.warmUp(), right.warmUp()]);
    const base = assignmentOf(planOf(target.url, scenario(constant(8, 1_500), [COUNTED])), 100);
    const [all, none] = cut([1, 0]);
    const [half, other] = cut([1, 1]);
    const segments = (first: typeof all, then: typeof all) => [
      { fromMs: base.startAtMs, stripe: first! },
      { fromMs: base.startAtMs + 700, stripe: then! },
    ];
    left.engine.assign({ ...base, segments: segments(all, half) });
    right.engine.assign({ ...base, segments: segments(none, other) });
    const [kept, moved] = (await Promise.all([left.done, right.done])).map(({ totals }) => totals.scenarios[0]!);
    assert.equal(kept!.started + moved!.started, target.seen.length);
    assert.ok(moved!.started > 0, "nobody moved");
    assert.ok([...usersOf(target.seen)].some((v) => owns(half!, v)));
    assert.equal(new Set(numbersOf(target.seen)).size, target.seen.length);
    // The last iteration on the old agent may overlap with the first on the new one.
    assert.ok(most.perUser <= 2, `${most.perUser} at once`);
  });

  test("users whose target is blocked start again, but do not take the thread for themselves", async () => {
    await using target = await startTarget();
    const plan = planOf(target.url, scenario(constant(3, 1_500), [COUNTED]));
    const { last, faults } = await run(plan, { guard: { allow: [] } });
    const { started, completed } = last.totals.scenarios[0]!;
    assert.equal(completed, started);
    assert.ok(started > 3 && started <= 3 * 1_500, `${started} iterations`);
    assert.deepEqual([faults, target.seen], [[], []]);
  });

  test("iterations still running after the graceful stop are interrupted", async () => {
    await using target = await startTarget(() => {});
    const plan = planOf(target.url, scenario(constant(4, 300), [COUNTED], { gracefulStopMs: 100 }));
    const { last } = await run(plan);
    const { started, completed, interrupted } = last.totals.scenarios[0]!;
    assert.deepEqual([started, completed, interrupted], [4, 0, 4]);
  });

  test("users that are ramped away are interrupted when their time is over, the others go on", async () => {
    await using target = await startTarget(() => {});
    const executor: RampingVusExecutor = {
      kind: "ramping-vus",
      startVUs: 5,
      stages: [
        { durationMs: 0, target: 5 },
        { durationMs: 200, target: 5 },
        { durationMs: 0, target: 2 },
        { durationMs: 500, target: 2 },
      ],
      gracefulRampDownMs: 50,
    };
    await using harness = startEngine();
    await harness.warmUp();
    const plan = planOf(target.url, scenario(executor, [COUNTED], { gracefulStopMs: 800 }));
    harness.engine.assign(assignmentOf(plan, 100));
    const last = await harness.done;
    assert.deepEqual(usersOf(target.seen), new Set([0, 1, 2, 3, 4]));
    assert.equal(last.totals.scenarios[0]!.interrupted, 5);
    const early = harness.snapshots.find(({ done }) => !done)!.totals.scenarios[0]!;
    assert.deepEqual([early.started, early.interrupted], [5, 3]);
  });
});
