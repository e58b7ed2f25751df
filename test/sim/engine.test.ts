// A simulated engine offers what a real one would: within its lease, on its own clock, and nothing late.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Assignment } from "../../node/plan/schedule.ts";
import { CIRCLE } from "../../node/plan/stripe.ts";
import { EPOCH_MS, LocalClock } from "../../sim/clock.ts";
import { SimulatedEngine } from "../../sim/engine.ts";
import { constantRate } from "../../sim/plan.ts";
import { Target } from "../../sim/target.ts";

const RATE = 100;

function assignment(more: Partial<Assignment> = {}): Assignment {
  const segments = [{ fromMs: 0, stripe: { low: 0, width: CIRCLE } }];
  return { run: "r", plan: constantRate("p", RATE, 10), startAtMs: EPOCH_MS, endAtMs: EPOCH_MS + 10_000, segments, ...more };
}

/** An engine that owns the whole rate from second 0 to 10. */
function engine(more: Partial<Assignment> = {}, skewMs = 0): { engine: SimulatedEngine; target: Target; at: (ms: number) => number } {
  const clock = new LocalClock(skewMs, 0);
  const target = new Target();
  const engine = new SimulatedEngine({ member: "a", clock, target, needsLease: true });
  engine.clock(-skewMs, clock.at(-5000));
  engine.assign(assignment(more), clock.at(-5000));
  return { engine, target, at: (ms) => clock.at(ms) };
}

function secondsOf(target: Target): number[] {
  return Array.from({ length: 10 }, (_, s) => target.between(EPOCH_MS + 1000 * s, EPOCH_MS + 1000 * (s + 1)));
}

describe("the simulated engine", () => {
  it("offers nothing before its first lease, and nothing due after one has ended", () => {
    const { engine: one, target, at } = engine();
    one.lease(at(4000), at(1999));
    one.run(at(10_000));
    assert.deepEqual(secondsOf(target), [0, 0, 100, 100, 1, 0, 0, 0, 0, 0], "what is due at the very end of the lease is sent");
  });

  it("passes over what was due without a lease when it gets another, and counts none of it as its own", () => {
    const { engine: one, target, at } = engine();
    one.lease(at(3000), at(-1));
    one.lease(at(9000), at(5999));
    one.run(at(10_000));
    assert.deepEqual(secondsOf(target), [100, 100, 100, 1, 0, 0, 100, 100, 100, 1]);
    assert.equal(one.reports(at(10_000))[0]?.totals.scenarios[0]?.scheduled, target.timesMs.length);
  });

  it("sends nothing of what a stop kept back longer than 50 ms, and counts it as late", () => {
    const { engine: one, target, at } = engine();
    one.lease(Infinity, at(-1));
    one.run(at(2000));
    one.thaw(at(4000));
    one.run(at(10_000));
    assert.deepEqual(secondsOf(target), [100, 100, 1, 0, 105, 100, 100, 100, 100, 100]);
    const [scenario] = one.reports(at(10_000))[0]!.totals.scenarios;
    assert.deepEqual([scenario?.scheduled, scenario?.started, scenario?.dropped[0]], [1000, 806, 194]);
  });

  it("that was stopped beyond its lease sends nothing when it goes on", () => {
    const { engine: one, target, at } = engine();
    one.lease(at(3000), at(-1));
    one.run(at(2000));
    one.thaw(at(8000));
    assert.equal(target.timesMs.length, 201);
    assert.equal(one.reports(at(8000))[0]?.totals.scenarios[0]?.dropped[0], 100, "due before the lease ended");
  });

  it("offers nothing more of a run that is over when swarm time steps back before its end", () => {
    const { engine: one, target, at } = engine();
    one.lease(Infinity, at(-1));
    one.assign(assignment({ endAtMs: EPOCH_MS + 3000 }), at(2000));
    one.run(at(4000));
    one.clock(-5000, at(4000));
    one.run(at(9000));
    assert.deepEqual(secondsOf(target), [100, 100, 100, 0, 0, 0, 0, 0, 0, 0]);
    let shares = 0;
    one.shares(at(7000), () => shares++);
    assert.deepEqual([shares, one.reports(at(9000))[0]?.done], [0, true]);
  });

  it("keeps swarm time by its own clock and the offset it is told", () => {
    const { engine: one, target, at } = engine({}, 300_000);
    one.lease(Infinity, at(-1));
    one.run(at(10_000));
    assert.deepEqual(secondsOf(target), new Array(10).fill(100));
  });

  it("goes by the clock alone for a plan that holds on", () => {
    const { engine: one, target, at } = engine({ ignoresLease: true });
    one.run(at(10_000));
    assert.equal(target.timesMs.length, 1000);
  });

  it("offers its share at each instant, whatever it simulates", () => {
    const segments = [
      { fromMs: 0, stripe: { low: 0, width: CIRCLE / 4 } },
      { fromMs: EPOCH_MS + 5000, stripe: { low: 0, width: CIRCLE / 2 } },
    ];
    const { engine: one, at } = engine({ segments });
    const shares = (ms: number): number[] => {
      const found: number[] = [];
      one.shares(at(ms), (_, held, offered) => found.push(held, offered));
      return found;
    };
    one.lease(at(7000), at(-1000));
    assert.deepEqual([-1, 0, 4999, 5000, 7000, 7001].map(shares), [
      [],
      [0.25, 0.25],
      [0.25, 0.25],
      [0.5, 0.5],
      [0.5, 0.5],
      [0.5, 0],
    ]);
    one.saturate(0.5, at(7001));
    one.lease(Infinity, at(7001));
    assert.deepEqual([7002, 10_000].map(shares), [[0.5, 0.25], []]);
  });
});
