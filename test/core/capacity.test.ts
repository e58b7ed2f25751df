// Capacity: too much that is late lowers the weight, a good while raises it, and nothing else moves it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Capacity } from "../../node/core/capacity.ts";
import { CAPACITY } from "../../node/core/limits.ts";
import { DROP_REASONS, type DropReason } from "../../node/metrics/results.ts";
import { NOW, scenarioTotals, snapshot, totals } from "./support.ts";

const FULL = 4;

/** An engine that reports once a second. */
class Engine {
  readonly capacity = new Capacity(FULL);
  readonly run: string;
  nowMs = NOW;
  share = 0.5;
  #scheduled = 0;
  readonly #dropped = DROP_REASONS.map(() => 0);

  constructor(run = "r") {
    this.run = run;
  }

  /** A second in which this part of the arrivals was dropped. Returns the new weight, or null. */
  second(lateRate: number, { arrivals = 1000, reason = "late" as DropReason, stepMs = 1000 } = {}): number | null {
    this.nowMs += stepMs;
    this.#scheduled += arrivals;
    this.#dropped[DROP_REASONS.indexOf(reason)]! += Math.round(arrivals * lateRate);
    const scenario = scenarioTotals({ scheduled: this.#scheduled, dropped: [...this.#dropped] });
    return this.capacity.report(snapshot("a", 1, { run: this.run, totals: totals({ scenarios: [scenario] }) }), this.share, this.nowMs);
  }

  /** So many seconds alike; the weights that came of them. */
  seconds(count: number, lateRate: number): number[] {
    return Array.from({ length: count }, () => this.second(lateRate)).filter((weight) => weight !== null);
  }
}

/** After one step down from full weight, by half of what was due. */
function lowered(): Engine {
  const engine = new Engine();
  assert.equal(engine.seconds(CAPACITY.badReports, 0.5).length, 1);
  engine.share = 0.3;
  return engine;
}

const near = (actual: number | undefined, expected: number) => assert.ok(Math.abs(actual! - expected) < 1e-9, `${actual}, not ${expected}`);

describe("a step down", () => {
  it("comes when too much was late in several reports in a row, and not before", () => {
    const engine = new Engine();
    const weights = Array.from({ length: CAPACITY.badReports }, () => engine.second(0.1));
    assert.deepEqual(weights.slice(0, -1).filter((weight) => weight !== null), []);
    assert.notEqual(weights.at(-1), null);
  });

  const nothing: readonly [string, (engine: Engine) => (number | null)[]][] = [
    ["a single hiccup", (engine) => [engine.second(0.5), engine.second(0), engine.second(0.5), engine.second(0)]],
    ["as much as is still good", (engine) => engine.seconds(10, CAPACITY.badRate)],
    [
      "few arrivals",
      (engine) => Array.from({ length: 30 }, () => engine.second(1, { arrivals: CAPACITY.leastArrivals / 5 - 1 })),
    ],
  ];
  for (const [name, act] of nothing) {
    it(`does not come of ${name}`, () => assert.deepEqual(act(new Engine()).filter((weight) => weight !== null), []));
  }

  it("comes of few arrivals a second when they have added up to enough", () => {
    const engine = new Engine();
    const weights = Array.from({ length: 2 * CAPACITY.badReports }, () => engine.second(0.5, { arrivals: CAPACITY.leastArrivals / 2 }));
    assert.deepEqual(weights.map((weight) => weight !== null), [false, false, false, true]);
  });

  for (const reason of DROP_REASONS.filter((one) => one !== "late")) {
    it(`does not come of arrivals dropped for ${reason}: a slow target is what the test is about`, () => {
      const engine = new Engine();
      for (let i = 0; i < 10; i++) assert.equal(engine.second(0.5, { reason }), null);
    });
  }

  const sizes: readonly [string, number, number][] = [
    ["at least so much, if little was late", 0.03, 1 - CAPACITY.step],
    ["to well within what was managed, if much was late", 0.5, 0.5 * CAPACITY.margin],
    ["never to nothing", 1, CAPACITY.least],
  ];
  for (const [name, lateRate, kept] of sizes) {
    it(`goes down ${name}`, () => near(new Engine().seconds(CAPACITY.badReports, lateRate)[0], FULL * kept));
  }

  it("is followed by a pause, in which it takes effect", () => {
    const engine = lowered();
    const seconds = CAPACITY.pauseMs / 1000;
    assert.deepEqual(engine.seconds(seconds - 1, 0.5), []);
    assert.equal(engine.seconds(1, 0.5).length, 1);
  });

  it("does not follow one that was in vain: the others are saturated, too", () => {
    const engine = lowered();
    engine.share = 0.5;
    assert.deepEqual(engine.seconds(CAPACITY.retryMs / 1000 - 1, 0.5), []);
    engine.share = 0.3;
    assert.equal(engine.seconds(CAPACITY.pauseMs / 1000 + CAPACITY.badReports, 0.5).length, 1, "but is tried again some day");
  });
});

describe("a step up", () => {
  it("comes after a good while, and goes on until all is regained", () => {
    const engine = lowered();
    // What was too much is not tried again for a while.
    const weights = engine.seconds(CAPACITY.retryMs / 1000 + 100, 0);
    near(weights[0], FULL * 0.5 * CAPACITY.margin * (1 + CAPACITY.step));
    assert.deepEqual(weights, weights.toSorted((a, b) => a - b));
    assert.equal(weights.at(-1), FULL);
    assert.deepEqual(engine.seconds(100, 0), [], "and no further");
  });

  it("does not come before the good while is over, which a bad report begins anew", () => {
    const engine = lowered();
    const seconds = CAPACITY.goodMs / 1000;
    assert.deepEqual(engine.seconds(seconds, 0), []);
    assert.equal(engine.second(0.5), null);
    assert.deepEqual(engine.seconds(seconds, 0), []);
    assert.equal(engine.seconds(1, 0).length, 1);
  });

  it("does not try what was too much before some time has passed", () => {
    const engine = lowered();
    const before = engine.seconds(CAPACITY.retryMs / 1000 - 2, 0);
    assert.ok(Math.max(...before) < FULL, String(before));
  });
});

describe("what is counted", () => {
  it("is what was new in each report, for each run by itself", () => {
    const [one, other] = [new Engine("one"), new Engine("other")];
    const both = (engine: Engine, lateRate: number) => {
      Object.assign(engine, { nowMs: Math.max(one.nowMs, other.nowMs) });
      return engine.second(lateRate);
    };
    const capacity = one.capacity;
    Object.assign(other, { capacity });
    both(one, 0.5);
    assert.equal(both(other, 0), null, "a good report of another run");
    assert.equal(both(one, 0), null, "what was late before is not late again");
  });

  it("begins anew for a run that was forgotten", () => {
    const engine = new Engine();
    engine.seconds(20, 0);
    engine.capacity.forget("r");
    // All 21 seconds at once: nothing of it was late but what was late just now.
    assert.equal(engine.second(0.3), null);
    assert.equal(engine.second(0.3), null, "0.3 of one in 21 seconds is little");
  });
});
