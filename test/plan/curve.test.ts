// The rate curve: integral, inverse, and their agreement to the last bit.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RateCurve } from "../../node/plan/curve.ts";
import type { RateCurveSpec } from "../../node/plan/types.ts";
import { type Random, forSeeds } from "../support/random.ts";

function spec(
  startPerSecond: number,
  ...stages: readonly (readonly [durationMs: number, targetPerSecond: number])[]
): RateCurveSpec {
  return { startPerSecond, stages: stages.map(([durationMs, targetPerSecond]) => ({ durationMs, targetPerSecond })) };
}

function specOf(random: Random): RateCurveSpec {
  const rate = (): number => random.pick([0, 0, 1, 7.3, 100, 333.333, 2000 * random.next()]);
  const stages = Array.from({ length: random.integer(1, 6) }, () => {
    const targetPerSecond = rate();
    return { durationMs: random.pick([0, 1, 250, 1000, 3000 * random.next(), 2000]), targetPerSecond };
  });
  return { startPerSecond: rate(), stages };
}

/** Midpoint sums, exact for straight lines. */
function areaOf({ startPerSecond, stages }: RateCurveSpec): number {
  let rate = startPerSecond;
  let area = 0;
  for (const stage of stages) {
    area += ((rate + stage.targetPerSecond) / 2) * (stage.durationMs / 1000);
    rate = stage.targetPerSecond;
  }
  return area;
}

const TABLE: readonly (readonly [
  name: string,
  spec: RateCurveSpec,
  total: number,
  times: readonly (readonly [number, number])[],
])[] = [
  [
    "constant",
    spec(600, [30_000, 600]),
    18_000,
    [
      [0, 0],
      [600, 1000],
      [17_999, 29_998.333],
    ],
  ],
  [
    "a rate below one a second",
    spec(0.5, [10_000, 0.5]),
    5,
    [
      [0, 0],
      [4, 8000],
    ],
  ],
  [
    "up from 0",
    spec(0, [10_000, 20]),
    100,
    [
      [0, 0],
      [25, 5000],
      [81, 9000],
    ],
  ],
  [
    "down to 0",
    spec(20, [10_000, 0]),
    100,
    [
      [0, 0],
      [75, 5000],
      [99, 9000],
    ],
  ],
  ["up and down again", spec(0, [1000, 10], [1000, 0]), 10, [[5, 1000]]],
  [
    "a plateau of 0 in between",
    spec(10, [1000, 10], [0, 0], [5000, 0], [0, 10], [1000, 10]),
    20,
    [
      [9, 900],
      [10, 6000],
      [11, 6100],
    ],
  ],
  [
    "a plateau of 0 first",
    spec(0, [2000, 0], [0, 5], [1000, 5]),
    5,
    [
      [0, 2000],
      [1, 2200],
    ],
  ],
  [
    "a jump",
    spec(10, [1000, 10], [0, 100], [1000, 100]),
    110,
    [
      [10, 1000],
      [11, 1010],
    ],
  ],
  ["nothing at all", spec(0, [1000, 0]), 0, []],
];

for (const [name, curveSpec, total, times] of TABLE) {
  test(`${name}: ${total} arrivals, each when it is due`, () => {
    const curve = new RateCurve(curveSpec);
    assert.equal(curve.total, total);
    for (const [k, atMs] of times)
      assert.ok(Math.abs(curve.timeOfMs(k) - atMs) < 0.001, `${k} is due at ${curve.timeOfMs(k)}`);
    assert.equal(curve.timeOfMs(total), Number.POSITIVE_INFINITY);
  });
}

test("the number of arrivals is the area under the curve, rounded up", () => {
  forSeeds(500, (random) => {
    const curveSpec = specOf(random);
    const { total } = new RateCurve(curveSpec);
    const area = areaOf(curveSpec);
    assert.ok(total >= area - 1e-5 && total < area + 1, `${total} arrivals, area ${area}`);
  });
});

test("times ascend, within the curve", () => {
  forSeeds(500, (random) => {
    const curve = new RateCurve(specOf(random));
    let last = 0;
    for (let k = 0; k < Math.min(curve.total, 3000); k++) {
      const atMs = curve.timeOfMs(k);
      assert.ok(atMs >= last, `${k} is due at ${atMs}, after ${last}`);
      assert.ok(atMs <= curve.durationMs, `${k} is due at ${atMs}, after the end`);
      last = atMs;
    }
  });
});

test("an arrival is due when the area has reached its number", () => {
  forSeeds(500, (random) => {
    const curveSpec = specOf(random);
    const curve = new RateCurve(curveSpec);
    for (let i = 0; i < 20 && curve.total > 0; i++) {
      const k = random.integer(0, curve.total - 1);
      const atMs = curve.timeOfMs(k);
      const until = areaOf(upTo(curveSpec, atMs));
      assert.ok(Math.abs(until - k) < 1e-4, `${k} is due at ${atMs}, where the area is ${until}`);
    }
  });
});

/** The curve cut off at `endMs`. */
function upTo({ startPerSecond, stages }: RateCurveSpec, endMs: number): RateCurveSpec {
  const kept: { durationMs: number; targetPerSecond: number }[] = [];
  let fromMs = 0;
  let rate = startPerSecond;
  for (const stage of stages) {
    const leftMs = endMs - fromMs;
    if (leftMs < stage.durationMs) {
      kept.push({
        durationMs: leftMs,
        targetPerSecond: rate + ((stage.targetPerSecond - rate) * leftMs) / stage.durationMs,
      });
      break;
    }
    kept.push(stage);
    fromMs += stage.durationMs;
    rate = stage.targetPerSecond;
  }
  return { startPerSecond, stages: kept };
}

test("the first arrival at or after a time is the one that looking at all of them finds", () => {
  forSeeds(300, (random) => {
    const curve = new RateCurve(specOf(random));
    const probes = [-5, 0, curve.durationMs, curve.durationMs + 1];
    for (let i = 0; i < 5 && curve.total > 0; i++) {
      const atMs = curve.timeOfMs(random.integer(0, curve.total - 1));
      probes.push(atMs, atMs + 1e-9, atMs - 1e-9, random.next() * curve.durationMs);
    }
    for (const probe of probes) {
      let expected = 0;
      while (expected < curve.total && curve.timeOfMs(expected) < probe) expected++;
      assert.equal(curve.firstAtOrAfter(probe), expected, `at ${probe}`);
    }
  });
});

test("the rate is the plan's within the curve, 0 outside it", () => {
  const curve = new RateCurve(spec(0, [10_000, 20], [5000, 20]));
  for (const [atMs, rate] of [
    [-1, 0],
    [0, 0],
    [5000, 10],
    [10_000, 20],
    [14_999, 20],
    [15_000, 0],
  ] as const) {
    assert.equal(curve.rateAt(atMs), rate, `at ${atMs}`);
  }
});
