// Arrivals of owners over time: whatever the shares and however often they change, each arrival goes to exactly one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RateCurve } from "../../node/plan/curve.ts";
import { OwnArrivals, type Segment } from "../../node/plan/schedule.ts";
import { CIRCLE, cut } from "../../node/plan/stripe.ts";
import type { RateCurveSpec } from "../../node/plan/types.ts";
import { type Random, forSeeds } from "../support/random.ts";

const START_MS = 1_700_000_000_000;

function curveOf(random: Random): RateCurve {
  const rate = (): number => random.pick([0, 50, 500, 1000 * random.next()]);
  const spec: RateCurveSpec = {
    startPerSecond: rate(),
    stages: Array.from({ length: random.integer(1, 4) }, () => ({
      durationMs: random.pick([0, 500, 1000, 2000 * random.next()]),
      targetPerSecond: rate(),
    })),
  };
  return new RateCurve(spec);
}

/** When the shares change: on, just before and just after arrivals, and anywhere. */
function changesOf(random: Random, curve: RateCurve): number[] {
  const times = Array.from({ length: random.integer(0, 5) }, () => {
    const anyMs = START_MS + random.next() * curve.durationMs;
    if (curve.total === 0) return anyMs;
    const dueMs = START_MS + curve.timeOfMs(random.integer(0, curve.total - 1));
    return random.pick([anyMs, Math.round(anyMs), dueMs, dueMs + 0.001, START_MS - 1]);
  });
  return times.sort((a, b) => a - b);
}

function shares(random: Random, owners: number): number[] {
  const weights = Array.from({ length: owners }, () => random.pick([0, 1, 1, 3, 1000]));
  weights[random.integer(0, owners - 1)] = 1;
  return weights;
}

/** Segments of all owners: the same instants, each with shares of its own. */
function segmentsOf(random: Random, owners: number, changes: readonly number[]): Segment[][] {
  const all: Segment[][] = Array.from({ length: owners }, () => []);
  for (const fromMs of [Number.NEGATIVE_INFINITY, ...changes]) {
    for (const [i, stripe] of cut(shares(random, owners)).entries()) all[i]!.push({ fromMs, stripe });
  }
  return all;
}

function drain(arrivals: OwnArrivals, count: Uint8Array, untilMs = Number.POSITIVE_INFINITY): void {
  let lastMs = 0;
  for (let next = arrivals.peek(); next !== null && next.atMs < untilMs; next = arrivals.peek()) {
    count[next.k]!++;
    assert.ok(next.atMs >= lastMs, "in order of time");
    lastMs = next.atMs;
    arrivals.advance();
  }
}

function assertAllOnce(count: Uint8Array): void {
  const wrong = count.findIndex((owners) => owners !== 1);
  assert.equal(wrong, -1, `arrival ${wrong} of ${count.length} has ${count[wrong]} owners`);
}

test("shares that change at several instants: the owners' arrivals are all arrivals, each once", () => {
  forSeeds(300, (random) => {
    const curve = curveOf(random);
    const count = new Uint8Array(curve.total);
    const owners = random.pick([1, 2, 5, 20]);
    for (const segments of segmentsOf(random, owners, changesOf(random, curve))) {
      drain(new OwnArrivals(curve, START_MS, segments, START_MS), count);
    }
    assertAllOnce(count);
  });
});

test("news of a change, while the run goes on: the owners' arrivals are still all arrivals, each once", () => {
  forSeeds(300, (random) => {
    const curve = curveOf(random);
    const count = new Uint8Array(curve.total);
    const owners = random.pick([1, 2, 5]);
    const changes = changesOf(random, curve).filter((atMs) => atMs > START_MS);
    const segments = segmentsOf(random, owners, changes);
    for (const own of segments) {
      const arrivals = new OwnArrivals(curve, START_MS, own.slice(0, 1), START_MS - 1000);
      for (const [i, changeMs] of changes.entries()) {
        // Each learns of it at a time of its own, before it takes effect.
        const nowMs = Math.max(changes[i - 1] ?? 0, changeMs - random.next() * 300);
        drain(arrivals, count, nowMs);
        arrivals.retarget(own.slice(0, i + 2), nowMs);
      }
      drain(arrivals, count);
    }
    assertAllOnce(count);
  });
});

test("an owner that starts late passes over what was due before, and nothing else", () => {
  forSeeds(200, (random) => {
    const curve = curveOf(random);
    const nowMs = START_MS + random.next() * curve.durationMs;
    const count = new Uint8Array(curve.total);
    const segments = segmentsOf(random, 3, changesOf(random, curve));
    for (const own of segments) drain(new OwnArrivals(curve, START_MS, own, nowMs), count);
    assert.ok(count.every((owners, k) => owners === (START_MS + curve.timeOfMs(k) < nowMs ? 0 : 1)));
  });
});

test("what an owner passes over is due before that instant, and nothing else of it is lost, whatever the shares", () => {
  forSeeds(200, (random) => {
    const curve = curveOf(random);
    const count = new Uint8Array(curve.total);
    const fromMs = START_MS + random.next() * curve.durationMs;
    const dueMs = curve.total === 0 ? fromMs : START_MS + curve.timeOfMs(random.integer(0, curve.total - 1));
    const toMs = random.pick([fromMs + random.next() * 1000, dueMs, fromMs - 100]);
    for (const own of segmentsOf(random, 3, changesOf(random, curve))) {
      const arrivals = new OwnArrivals(curve, START_MS, own, START_MS);
      drain(arrivals, count, fromMs);
      arrivals.passOver(toMs);
      arrivals.passOver(toMs);
      drain(arrivals, count);
    }
    const passedOver = (k: number) => START_MS + curve.timeOfMs(k) >= fromMs && START_MS + curve.timeOfMs(k) < toMs;
    assert.ok(count.every((owners, k) => owners === (passedOver(k) ? 0 : 1)));
  });
});

test("the same segments again change nothing, however often they come", () => {
  const curve = new RateCurve({ startPerSecond: 1000, stages: [{ durationMs: 1000, targetPerSecond: 1000 }] });
  const segments = [{ fromMs: 0, stripe: { low: 0, width: CIRCLE } }];
  const arrivals = new OwnArrivals(curve, START_MS, segments, START_MS);
  const count = new Uint8Array(curve.total);
  for (let nowMs = START_MS; nowMs <= START_MS + 1000; nowMs += 10) {
    drain(arrivals, count, nowMs);
    arrivals.retarget(segments, nowMs);
  }
  assertAllOnce(count);
});

test("without segments, or with empty stripes only, there is nothing to do", () => {
  const curve = new RateCurve({ startPerSecond: 10, stages: [{ durationMs: 1000, targetPerSecond: 10 }] });
  for (const segments of [[], [{ fromMs: 0, stripe: { low: 0, width: 0 } }]]) {
    const arrivals = new OwnArrivals(curve, START_MS, segments, START_MS);
    assert.equal(arrivals.peek(), null);
    arrivals.advance();
    assert.equal(arrivals.peek(), null);
  }
});
