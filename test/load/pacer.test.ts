// The pacer by table: what starts, what is dropped, and what survives a change of shares.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LATE_LIMIT_MS } from "../../node/load/limits.ts";
import { type Due, Pacer } from "../../node/load/pacer.ts";
import { RateCurve } from "../../node/plan/curve.ts";
import { OwnArrivals, type Segment } from "../../node/plan/schedule.ts";
import { cut, owns } from "../../node/plan/stripe.ts";
import { ALL } from "./support.ts";

const START = 1_000_000;
const FOREVER = Number.POSITIVE_INFINITY;
const whole: Segment[] = [{ fromMs: 0, stripe: ALL }];

class Recorder implements Due {
  readonly started: { k: number; atMs: number; onMs: number }[] = [];
  readonly dropped = { late: 0, stopped: 0 };
  nowMs = 0;
  resumeAtMs = 0;
  isOneInHand = false;

  start(k: number, atMs: number): void {
    this.#putDown();
    this.started.push({ k, atMs, onMs: this.nowMs });
  }

  drop(reason: "late" | "stopped"): void {
    this.#putDown();
    this.dropped[reason]++;
  }

  taken(nextAtMs: number): void {
    assert.ok(!this.isOneInHand);
    this.isOneInHand = true;
    this.resumeAtMs = nextAtMs;
  }

  advanced(atMs: number): void {
    this.resumeAtMs = atMs;
  }

  #putDown(): void {
    assert.ok(this.isOneInHand, "a thread that had ended here would have forgotten one, or done it twice");
    this.isOneInHand = false;
  }

  get ks(): number[] {
    return this.started.map(({ k }) => k);
  }
}

/** Instants between two arrivals of a thousand a second, one after each. */
function* ticks(from: number, to: number): Generator<number> {
  for (let atMs = from; atMs < to; atMs++) yield atMs + 0.5;
}

/** A pacer of `perSecond` arrivals over `seconds`, and somebody who takes them. */
function setUp(perSecond: number, seconds: number, segments = whole, endAtMs = FOREVER) {
  const curve = new RateCurve({
    startPerSecond: perSecond,
    stages: [{ durationMs: seconds * 1000, targetPerSecond: perSecond }],
  });
  const pacer = new Pacer(new OwnArrivals(curve, START, segments, START), endAtMs);
  const taken = new Recorder();
  const turn = (atMs: number, limit = 1_000_000): boolean => {
    taken.nowMs = START + atMs;
    return pacer.turn(START + atMs, limit, taken);
  };
  return { pacer, taken, turn };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("nothing starts before it is due, and what is due starts in order", () => {
  const { taken, turn, pacer } = setUp(100, 1);
  assert.equal(turn(-1), false);
  assert.deepEqual(taken.ks, []);
  assert.equal(pacer.nextAtMs(), START);
  turn(0);
  assert.deepEqual(taken.ks, [0]);
  turn(9);
  assert.deepEqual(taken.ks, [0]);
  turn(35);
  assert.deepEqual(taken.ks, [0, 1, 2, 3]);
  assert.equal(pacer.nextAtMs(), START + 40);
});

test("over the whole curve every arrival comes up exactly once", () => {
  const { taken, turn, pacer } = setUp(1000, 2);
  for (let atMs = 0.5; atMs < 2_010; atMs += 7) turn(atMs);
  assert.deepEqual(taken.ks, range(0, 2_000));
  assert.equal(pacer.nextAtMs(), FOREVER);
});

for (const { stallMs, late } of [
  { stallMs: 0, late: 0 },
  { stallMs: LATE_LIMIT_MS, late: 0 },
  { stallMs: LATE_LIMIT_MS + 10, late: 10 },
  { stallMs: 700, late: 650 },
  { stallMs: 5_000, late: 4_950 },
]) {
  test(`a stall of ${stallMs} ms drops ${late} of the arrivals it covers, and the others start`, () => {
    const { taken, turn } = setUp(1000, 10);
    for (const atMs of ticks(0, 1_000)) turn(atMs);
    const before = taken.started.length;
    turn(999.5 + stallMs);
    assert.equal(taken.dropped.late, late);
    assert.equal(taken.started.length - before, stallMs - late);
  });

  test(`after a stall of ${stallMs} ms no second sees more than 1.05 times the rate`, () => {
    const { taken, turn } = setUp(1000, 10);
    for (let atMs = 0; atMs <= 10_000; atMs += atMs === 1_000 ? Math.max(1, stallMs) : 1) turn(atMs);
    let first = 0;
    taken.started.forEach(({ onMs }, i) => {
      while (taken.started[first]!.onMs <= onMs - 1_000) first++;
      assert.ok(i - first + 1 <= 1_050, `${i - first + 1} in the second before ${onMs - START}`);
    });
  });
}

test("a turn starts no more than its limit and says that more is due", () => {
  const { taken, turn } = setUp(10_000, 1);
  assert.equal(turn(20, 64), true);
  assert.equal(taken.ks.length, 64);
  assert.equal(turn(20, 64), true);
  assert.equal(turn(20, 64), true);
  assert.equal(turn(20, 64), false);
  assert.deepEqual(taken.ks, range(0, 201));
});

test("what is due at a change of shares is started once, under the old share", () => {
  const [left, right] = cut([1, 1]);
  const { taken, turn, pacer } = setUp(1000, 1, [{ fromMs: 0, stripe: left! }]);
  for (const atMs of ticks(0, 100)) turn(atMs);
  // Not yet taken at 120 ms, when the news comes: owed under the old share all the same.
  pacer.retarget([{ fromMs: 0, stripe: right! }], START + 120.5, taken);
  for (const atMs of ticks(120, 1_000)) turn(atMs, 5);
  const expected = range(0, 1_000).filter((k) => owns(k <= 120 ? left! : right!, k));
  assert.deepEqual(taken.ks, expected);
  assert.deepEqual(taken.dropped, { late: 0, stopped: 0 });
});

test("what is too late when the share changes is dropped, not forgotten", () => {
  const { taken, pacer, turn } = setUp(1000, 1);
  pacer.retarget(whole, START + 200.5, taken);
  turn(200.5);
  assert.equal(taken.dropped.late, 151);
  assert.deepEqual(taken.ks, range(151, 201));
});

test("two shares that change at an agreed instant leave no arrival out and take none twice", () => {
  const [first, second, third] = cut([3, 1, 2]);
  const [half, other] = cut([1, 1]);
  const change = START + 500.25;
  const owners = [
    setUp(1000, 1, [
      { fromMs: 0, stripe: first! },
      { fromMs: change, stripe: half! },
    ]),
    setUp(1000, 1, [{ fromMs: 0, stripe: second! }]),
    setUp(1000, 1, [
      { fromMs: 0, stripe: third! },
      { fromMs: change, stripe: other! },
    ]),
  ];
  for (let atMs = 0; atMs <= 1_000; atMs += 3) {
    // The second one hears of the change only while it is on its way.
    if (atMs === 450) {
      const known = [
        { fromMs: 0, stripe: second! },
        { fromMs: change, stripe: { low: 0, width: 0 } },
      ];
      owners[1]!.pacer.retarget(known, START + atMs, owners[1]!.taken);
    }
    for (const { turn } of owners) turn(atMs);
  }
  const all = owners.flatMap(({ taken }) => taken.ks).sort((a, b) => a - b);
  assert.deepEqual(all, range(0, 1_000));
});

/** A lapse from 100.5 ms on, of a thousand arrivals a second. [until, taken until, dropped as late, first one after it] */
for (const [what, toMs, takenMs, late, next] of [
  ["what was due before it and not taken is late", 300.5, 90.5, 10, 301],
  ["nothing that was taken is dropped", 300.5, 100.5, 0, 301],
  ["one that ends at an arrival leaves that arrival", 300, 100.5, 0, 300],
  ["of no length changes nothing", 100.5, 100.5, 0, 101],
  ["beyond the curve leaves nothing", 5_000, 100.5, 0, null],
] as const) {
  test(`a lapse: ${what}, and the rest of it is passed over`, () => {
    const { taken, turn, pacer } = setUp(1000, 1);
    for (const atMs of ticks(0, takenMs + 0.5)) turn(atMs);
    const before = taken.started.length;
    pacer.lapse(START + 100.5, START + toMs, taken);
    assert.deepEqual(taken.dropped, { late, stopped: 0 });
    assert.equal(pacer.nextAtMs(), next === null ? FOREVER : START + next);
    assert.equal(taken.resumeAtMs, pacer.nextAtMs());
    for (const atMs of ticks(Math.floor(toMs), 1_010)) turn(atMs);
    assert.deepEqual(taken.ks.slice(before), next === null ? [] : range(next, 1_000));
    assert.deepEqual(taken.dropped, { late, stopped: 0 });
  });
}

test("a lapse passes over what a change of shares had put aside, and drops what of it was due before", () => {
  const { taken, turn, pacer } = setUp(1000, 1);
  for (const atMs of ticks(0, 100)) turn(atMs);
  pacer.retarget(whole, START + 120.5, taken);
  pacer.lapse(START + 110.5, START + 200.5, taken);
  turn(205.5);
  assert.equal(taken.dropped.late, 11);
  assert.deepEqual(taken.ks, [...range(0, 100), ...range(201, 206)]);
});

test("a lapse told in pieces is the same as told at once", () => {
  const { taken, turn, pacer } = setUp(1000, 1);
  for (const atMs of ticks(0, 90)) turn(atMs);
  for (const toMs of [110.5, 150.5, 150.5, 299.5]) pacer.lapse(START + 100.5, START + toMs, taken);
  turn(320.5);
  assert.equal(taken.dropped.late, 11);
  assert.deepEqual(taken.ks, [...range(0, 90), ...range(300, 321)]);
});

test("arrivals at or after the end do not exist", () => {
  const { taken, turn, pacer } = setUp(1000, 1, whole, START + 300);
  for (const atMs of ticks(0, 1_000)) turn(atMs);
  assert.deepEqual(taken.ks, range(0, 300));
  assert.deepEqual(taken.dropped, { late: 0, stopped: 0 });
  assert.equal(pacer.nextAtMs(), FOREVER);
});

test("what was due before the end still starts just after it", () => {
  const { taken, turn } = setUp(1000, 1, whole, START + 300);
  for (const atMs of ticks(0, 280)) turn(atMs);
  turn(301);
  assert.deepEqual(taken.ks, range(0, 300));
});

test("a stop in the past starts nothing more and drops what was due before it", () => {
  const { taken, turn, pacer } = setUp(1000, 1);
  for (const atMs of ticks(0, 101)) turn(atMs);
  pacer.end(START + 109.5, START + 115, taken);
  turn(120);
  assert.deepEqual(taken.ks, range(0, 101));
  assert.deepEqual(taken.dropped, { late: 0, stopped: 9 });
  assert.equal(pacer.nextAtMs(), FOREVER);
});

test("news that repeats an end which has come is no stop", () => {
  const { taken, turn, pacer } = setUp(1000, 1, whole, START + 300);
  for (const atMs of ticks(0, 290)) turn(atMs);
  pacer.end(START + 300, START + 301, taken);
  turn(301);
  assert.deepEqual(taken.ks, range(0, 300));
});

test("the instant to resume from is that of the first arrival not dealt with", () => {
  const { taken, turn } = setUp(100, 1);
  turn(35);
  assert.equal(taken.resumeAtMs, START + 40);
  turn(990);
  assert.equal(taken.resumeAtMs, FOREVER);
});

test("a ramp is followed exactly: at any instant so much has started as the area under it, over all its owners", () => {
  const stages = [
    { durationMs: 2_000, targetPerSecond: 900 },
    { durationMs: 0, targetPerSecond: 300 },
    { durationMs: 1_000, targetPerSecond: 300 },
    { durationMs: 3_000, targetPerSecond: 0 },
  ];
  const curve = new RateCurve({ startPerSecond: 100, stages });
  const area = (s: number): number => {
    const first = Math.min(s, 2);
    const second = Math.min(Math.max(0, s - 2), 1);
    const third = Math.min(Math.max(0, s - 3), 3);
    return 100 * first + 200 * first ** 2 + 300 * second + 300 * third - 50 * third ** 2;
  };
  const owners = cut([1, 5, 2]).map((stripe) => ({
    pacer: new Pacer(new OwnArrivals(curve, START, [{ fromMs: 0, stripe }], START), FOREVER),
    taken: new Recorder(),
  }));
  for (let ms = 0.37; ms < 6_000; ms += 0.73) {
    for (const { pacer, taken } of owners) pacer.turn(START + ms, 1_000, taken);
    const started = owners.reduce((sum, { taken }) => sum + taken.started.length, 0);
    assert.equal(started, Math.floor(area(ms / 1000)) + 1, `${ms} ms`);
  }
});
