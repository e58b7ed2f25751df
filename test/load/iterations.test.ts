// A fixed number of iterations: each is started once, by as many users as there are, or dropped by name.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { UNBOUNDED } from "../../node/load/clock.ts";
import type { Gate } from "../../node/load/gate.ts";
import { allocateProgress, IterationsLoad } from "../../node/load/iterations.ts";
import { IN_FLIGHT_PER_WORKER } from "../../node/load/limits.ts";
import type { Iteration } from "../../node/load/iteration.ts";
import type { InFlight } from "../../node/load/scenario.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { DROP_REASONS, type Snapshot } from "../../node/metrics/results.ts";
import { cut } from "../../node/plan/stripe.ts";
import type { IterationsExecutor } from "../../node/plan/types.ts";
import { ALL, assignmentOf, gateOf, planOf, run, scenario, startEngine, startTarget, step } from "./support.ts";

const shared = (vus: number, iterations: number, maxDurationMs = 10_000): IterationsExecutor => ({
  kind: "shared-iterations",
  vus,
  iterations,
  maxDurationMs,
});
const perVu = (vus: number, iterations: number, maxDurationMs = 10_000): IterationsExecutor => ({
  ...shared(vus, iterations, maxDurationMs),
  kind: "per-vu-iterations",
});
const COUNTED = step("/{{ vu }}/{{ iterationInTest }}");
const range = (length: number) => Array.from({ length }, (_, i) => i);
const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

/** Iterations that end when the test says so. */
function setUp(executor: IterationsExecutor, gate: Gate = gateOf(), progress = allocateProgress(executor), diesAt = Number.POSITIVE_INFINITY) {
  const shape = shapeOf(planOf("http://127.0.0.1", scenario(executor, [COUNTED])));
  const arena = new Arena(shape, allocateArena(shape));
  const open = new Map<number, (iteration: Iteration) => void>();
  const started: { k: number; vu: number }[] = [];
  const clock = { nowMs: 0 };
  const worker = { inFlight: 0 };
  const inFlight = {
    get size() {
      return open.size;
    },
    start(k: number, vu: number, _intended: null, onEnd: (iteration: Iteration) => void) {
      if (started.length === diesAt) throw new Error("the thread ends");
      started.push({ k, vu });
      open.set(vu, onEnd);
      arena.started(0, 0, null);
    },
  } as unknown as InFlight;
  const span = { startMs: 0, endMs: executor.maxDurationMs, hardEndMs: executor.maxDurationMs + 1_000 };
  const common = { scenario: 0, executor, span, dealt: ALL, progress, arena, inFlight, worker, gate, clock: { swarmOf: () => clock.nowMs } };
  const load = new IterationsLoad({ ...common, intervalAt: () => 0 });
  const end = (vu: number): void => {
    const onEnd = open.get(vu)!;
    open.delete(vu);
    onEnd({ vu } as Iteration);
  };
  const turn = (nowMs: number, limit = 64, lease = UNBOUNDED): boolean => {
    clock.nowMs = nowMs;
    return load.turn(nowMs, limit, lease);
  };
  const ledger = () => arena.totals().scenarios[0]!;
  const drops = () => {
    const { dropped } = ledger();
    return Object.fromEntries(DROP_REASONS.flatMap((reason, i) => (dropped[i]! > 0 ? [[reason, dropped[i]!]] : [])));
  };
  return { load, turn, end, open, started, worker, arena, ledger, drops, progress };
}

test("a user that is fast takes more of the shared iterations, and none is taken twice", () => {
  const { load, turn, end, started, drops } = setUp(shared(3, 8));
  turn(1);
  assert.deepEqual(started.map(({ vu }) => vu), [0, 1, 2]);
  for (let i = 0; i < 5; i++) end(1);
  assert.equal(started.filter(({ vu }) => vu === 1).length, 6);
  for (const vu of [0, 1, 2]) end(vu);
  assert.equal(load.isOver(), false, "the turn finds out");
  turn(2);
  assert.deepEqual([load.isOver(), load.nextAtMs(2), drops()], [true, Number.POSITIVE_INFINITY, {}]);
  assert.deepEqual(sorted(started.map(({ k }) => k)), range(8));
});

test("every user has its own iterations, however fast it is", () => {
  const { load, turn, end, started } = setUp(perVu(3, 2));
  turn(1);
  for (const vu of [0, 0, 1, 1, 2]) end(vu);
  turn(2);
  assert.deepEqual(started.map(({ vu }) => vu), [0, 1, 2, 0, 1, 2]);
  assert.equal(load.isOver(), false);
  end(2);
  turn(3);
  assert.ok(load.isOver());
  assert.deepEqual(sorted(started.map(({ k }) => k)), range(6));
});

for (const [executor, left] of [
  [shared(2, 10, 100), 7],
  [perVu(2, 5, 100), 7],
] as const) {
  test(`${executor.kind}: what has not started when the time is over is dropped, once, by the reason`, () => {
    for (const [endAtMs, reason] of [
      [100, "max_duration"],
      [60, "stopped"],
    ] as const) {
      const { load, turn, end, drops } = setUp(executor);
      turn(1);
      end(0);
      if (endAtMs < 100) load.retarget({ endAtMs, dealt: ALL });
      turn(endAtMs);
      turn(endAtMs + 1);
      end(0);
      end(1);
      turn(endAtMs + 2);
      assert.deepEqual([load.isOver(), drops()], [true, { [reason]: left }]);
    }
  });

  test(`${executor.kind}: a thread that takes the place of another goes on from where that was`, () => {
    const first = setUp(executor);
    first.turn(1);
    first.end(0);
    const second = setUp(executor, gateOf(), first.progress);
    second.turn(2);
    for (let more = true; more; ) {
      more = second.open.size > 0;
      for (const vu of Array.from(second.open.keys())) second.end(vu);
    }
    second.turn(3);
    assert.ok(second.load.isOver());
    assert.deepEqual(sorted([...first.started, ...second.started].map(({ k }) => k)), range(10));
    assert.deepEqual(second.drops(), {});
  });

  test(`${executor.kind}: one that was about to start when its thread ended is in flight, and is not started again`, () => {
    const first = setUp(executor, gateOf(), allocateProgress(executor), 3);
    first.turn(1);
    first.end(0);
    assert.throws(() => first.end(0), /the thread ends/);
    first.arena.abandon();
    const second = setUp(executor, gateOf(), first.progress);
    second.turn(2);
    while (second.open.size > 0) for (const vu of Array.from(second.open.keys())) second.end(vu);
    second.turn(3);
    const { scheduled, started, interrupted } = first.ledger();
    assert.deepEqual([scheduled, started, interrupted, second.ledger().scheduled], [4, 4, 4, 6]);
    assert.equal(new Set([...first.started, ...second.started].map(({ k }) => k)).size, 9);
  });
}

test("no iteration starts while the gate is shut, and nothing is lost by it", () => {
  let shut = false;
  const gate = gateOf(() => !shut);
  const { load, turn, end, started } = setUp(shared(2, 4), gate);
  turn(1);
  shut = true;
  end(0);
  end(1);
  turn(2);
  assert.equal(started.length, 2);
  shut = false;
  turn(3);
  end(0);
  end(1);
  turn(4);
  assert.ok(load.isOver());
  assert.equal(started.length, 4);
});

test("a worker that is full starts the rest when there is room", () => {
  const { load, turn, started, worker } = setUp(perVu(3, 1));
  worker.inFlight = IN_FLIGHT_PER_WORKER;
  turn(1);
  assert.deepEqual([started, load.isOver()], [[], false]);
  assert.ok(load.nextAtMs(1) > 1 && load.nextAtMs(1) < 1_000);
  worker.inFlight = 0;
  turn(11);
  assert.equal(started.length, 3);
});

test("users beyond what a worker can hold do not run: their own iterations are dropped, shared ones are others'", () => {
  for (const [executor, expected] of [
    [perVu(IN_FLIGHT_PER_WORKER + 5, 1), { max_vus: 5 }],
    [shared(IN_FLIGHT_PER_WORKER + 5, IN_FLIGHT_PER_WORKER + 5), {}],
  ] as const) {
    const { load, turn, end, open, drops } = setUp(executor);
    turn(1, IN_FLIGHT_PER_WORKER);
    while (open.size > 0) for (const vu of Array.from(open.keys())) end(vu);
    turn(2);
    assert.deepEqual([load.isOver(), drops()], [true, expected]);
  }
});

test("a share that changes after the start changes nothing, one before it does", () => {
  const [none, all] = [{ low: 0, width: 0 }, ALL];
  const before = setUp(shared(2, 4));
  before.load.retarget({ endAtMs: 10_000, dealt: none });
  before.turn(1);
  assert.deepEqual([before.load.isOver(), before.started], [true, []]);
  const after = setUp(shared(2, 4));
  after.turn(1);
  after.load.retarget({ endAtMs: 10_000, dealt: none });
  for (const vu of [0, 1, 0, 1]) after.end(vu);
  assert.equal(after.started.length, 4);
  assert.equal(all.width > 0, true);
});

for (const [what, lease, isMine] of [
  ["covers it", { untilMs: 500, lapsedAtMs: -900, renewedAtMs: -800 }, true],
  ["lapses right after it", { untilMs: 0, lapsedAtMs: -900, renewedAtMs: -800 }, true],
  ["had lapsed before it", { untilMs: -1, lapsedAtMs: -900, renewedAtMs: -800 }, false],
  ["had lapsed before it and was renewed after it", { untilMs: 9_000, lapsedAtMs: -1, renewedAtMs: 5 }, false],
  ["lapsed after it and was renewed", { untilMs: 9_000, lapsedAtMs: 1, renewedAtMs: 8 }, true],
] as const) {
  test(`a lease that ${what}: the iterations are ${isMine ? "ours, also later" : "none of ours, ever"}`, () => {
    const { load, turn, end, started, drops, progress } = setUp(shared(2, 4));
    turn(10, 64, { generation: 1, ...lease });
    assert.equal(load.isOver(), !isMine);
    turn(20);
    for (const vu of isMine ? [0, 1, 0, 1] : []) end(vu);
    turn(30);
    assert.deepEqual([started.length, drops(), load.isOver()], [isMine ? 4 : 0, {}, true]);
    const successor = setUp(shared(2, 4), gateOf(), progress);
    successor.turn(40);
    assert.deepEqual([successor.started, successor.drops()], [[], {}]);
  });
}

const first = ({ totals }: Snapshot) => totals.scenarios[0]!;
const numbersOf = (urls: readonly string[]) => sorted(urls.map((url) => Number(url.split("/")[2])));

suite("iterations in threads", { concurrency: 3 }, () => {
  for (const executor of [shared(5, 83), perVu(5, 9)]) {
    test(`${executor.kind}: the target counts each once, over several workers, and the run ends early`, async () => {
      await using target = await startTarget();
      const { last } = await run(planOf(target.url, scenario(executor, [COUNTED])), { workers: 2 });
      const due = executor.kind === "shared-iterations" ? 83 : 45;
      assert.deepEqual(numbersOf(target.seen), range(due));
      const { scheduled, started, completed } = first(last);
      assert.deepEqual([scheduled, started, completed], [due, due, due]);
    });
  }

  test("three agents share iterations by their weights at the start, whatever becomes of the shares later", async () => {
    await using target = await startTarget((_, response) => setTimeout(() => response.end(), 5));
    const stripes = cut([1, 2, 4]);
    const agents = stripes.map((_, i) => startEngine({ member: `agent-${i}` }));
    await Promise.all(agents.map((agent) => agent.warmUp()));
    const base = assignmentOf(planOf(target.url, scenario(shared(40, 400), [COUNTED])), 150);
    agents.forEach(({ engine }, i) => engine.assign({ ...base, segments: [{ fromMs: 0, stripe: stripes[i]! }] }));
    const changeAtMs = base.startAtMs + 20;
    // The first one has gone, and what it had is the others'; assignments soon tell nothing of before.
    cut([0, 1, 1]).forEach((stripe, i) => {
      const segments = [{ fromMs: changeAtMs, stripe }];
      setTimeout(() => agents[i]!.engine.assign({ ...base, segments }), 300);
    });
    const totals = (await Promise.all(agents.map(({ done }) => done))).map(first);
    await Promise.all(agents.map(({ engine }) => engine.close()));
    assert.deepEqual(numbersOf(target.seen), range(400));
    assert.equal(totals.reduce((sum, { scheduled }) => sum + scheduled, 0), 400);
  });

  test("a crashed thread is replaced: no iteration is started twice and none is forgotten", async () => {
    const { promise: busy, resolve } = Promise.withResolvers<void>();
    await using target = await startTarget((_, response) => {
      setTimeout(() => response.end(), 5);
      if (target.seen.length > 40) resolve();
    });
    const spawned: Worker[] = [];
    await using harness = startEngine({}, (settings) => {
      const worker = new Worker(new URL("../../node/load/worker.ts", import.meta.url), { workerData: settings });
      spawned.push(worker);
      return worker;
    });
    await harness.warmUp();
    harness.engine.assign(assignmentOf(planOf(target.url, scenario(perVu(4, 50), [COUNTED])), 100));
    await busy;
    await spawned[0]!.terminate();
    const { scheduled, started, completed, interrupted } = first(await harness.done);
    assert.deepEqual([scheduled, started, completed + interrupted], [200, 200, 200]);
    const numbers = numbersOf(target.seen);
    assert.equal(new Set(numbers).size, numbers.length);
    // Those in flight when the thread died may not have reached the target.
    assert.ok(numbers.length >= 200 - interrupted && interrupted <= 4, `${numbers.length} seen, ${interrupted} interrupted`);
  });

  test("what is not done by maxDuration is dropped by that name, and what is in flight has its graceful stop", async () => {
    await using target = await startTarget(() => {});
    const plan = planOf(target.url, scenario(shared(3, 10, 1_500), [COUNTED], { gracefulStopMs: 100 }));
    const { last } = await run(plan);
    const { scheduled, started, interrupted, dropped } = first(last);
    assert.deepEqual([scheduled, started, interrupted], [10, 3, 3]);
    assert.equal(dropped[DROP_REASONS.indexOf("max_duration")], 7);
  });
});
