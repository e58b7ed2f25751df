// Stripes: exactly one owner of every arrival, and walks that agree with looking at every arrival in turn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CIRCLE, type Stripe, StripeWalk, cut, ownedBelow, owns, position } from "../../node/plan/stripe.ts";
import { type Random, forSeeds } from "../support/random.ts";

function weightsOf(random: Random): number[] {
  const count = random.pick([1, 2, 3, 7, 40]);
  return Array.from({ length: count }, () => random.pick([0, 1, 1, 1, 2, 0.3, 1000]) * (0.5 + random.next()));
}

function stripeOf(random: Random): Stripe {
  const width = Math.max(1, Math.floor(CIRCLE * random.pick([1, 0.5, 0.1, 0.01, 0.001]) * random.next()));
  return { low: Math.floor((CIRCLE - width) * random.next()), width };
}

test("the position of an arrival is k times the odd constant, modulo 2^32, also beyond 2^32", () => {
  for (const k of [0, 1, 2, 12345, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 2 ** 45 + 1, 2 ** 53 - 1]) {
    assert.equal(position(k), Number((BigInt(k) * 2654435769n) % 2n ** 32n), `k = ${k}`);
  }
});

test("the stripes of any weights tile the circle, in order, in proportion", () => {
  forSeeds(300, (random) => {
    const weights = weightsOf(random);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const within = random.next() < 0.5 ? { low: 0, width: CIRCLE } : stripeOf(random);
    const stripes = cut(weights, within);
    if (total === 0) return assert.ok(stripes.every((stripe) => stripe.width === 0));
    let low = within.low;
    for (const [i, stripe] of stripes.entries()) {
      assert.equal(stripe.low, low);
      assert.ok(Math.abs(stripe.width - (weights[i]! / total) * within.width) <= 1.001, "at most one unit off");
      low += stripe.width;
    }
    assert.equal(low, within.low + within.width);
  });
});

test("every arrival has exactly one owner, whatever the weights", () => {
  forSeeds(60, (random) => {
    const stripes = cut([...weightsOf(random), 1]);
    const from = random.pick([0, 2 ** 32 - 500, 2 ** 40, 2 ** 53 - 2000]);
    for (let k = from; k < from + 1000; k++) {
      assert.equal(stripes.filter((stripe) => owns(stripe, k)).length, 1, `k = ${k}`);
    }
  });
});

test("3,000 equal agents: each arrival is walked to by exactly one of them", () => {
  const owners = new Uint8Array(20_000);
  for (const stripe of cut(new Array<number>(3000).fill(1))) {
    const walk = new StripeWalk(stripe);
    for (let k = walk.seek(0); k < owners.length; k = walk.next()) owners[k]!++;
  }
  assert.ok(owners.every((count) => count === 1));
});

test("one agent owns every arrival in turn", () => {
  const walk = new StripeWalk(cut([5])[0]!);
  assert.deepEqual([walk.seek(17), walk.next(), walk.next()], [17, 18, 19]);
});

test("a walk visits what looking at every arrival finds, from any start, across 2^32", () => {
  forSeeds(300, (random, seed) => {
    const stripe = stripeOf(random);
    const from = random.pick([0, random.integer(1, 1e6), 2 ** 32 - random.integer(0, 5000), 2 ** 48 + 3]);
    const expected: number[] = [];
    for (let k = from; k < from + 10_000; k++) if (owns(stripe, k)) expected.push(k);
    const walk = new StripeWalk(stripe);
    const walked: number[] = [];
    for (let k = walk.seek(from); k < from + 10_000; k = walk.next()) walked.push(k);
    assert.deepEqual(walked, expected, `seed ${seed}`);
  });
});

test("the narrowest stripes: one or two positions of the circle come back after the whole period", () => {
  const one = new StripeWalk({ low: position(1234), width: 1 });
  assert.equal(one.seek(0), 1234);
  assert.equal(one.next(), 1234 + CIRCLE);
  const empty = new StripeWalk({ low: 77, width: 0 });
  assert.equal(empty.seek(0), Number.POSITIVE_INFINITY);
  forSeeds(50, (random) => {
    const low = random.integer(0, CIRCLE - 4);
    const stripe = { low, width: random.integer(1, 3) };
    const walk = new StripeWalk(stripe);
    const found = [walk.seek(0), ...Array.from({ length: stripe.width }, () => walk.next())];
    assert.ok(found.every((k) => owns(stripe, k)));
    assert.ok(
      found.every((k, i) => i === 0 || k > found[i - 1]!),
      "ascending",
    );
    assert.equal(found.at(-1)! - found[0]!, CIRCLE, "all positions once in a period");
  });
});

test("a share of 1 in 1,000 is met within one arrival in 1,000 of a million", () => {
  const [small, large] = cut([1, 1000]);
  const total = 1_000_000;
  const owned = ownedBelow(small!, total);
  assert.equal(owned + ownedBelow(large!, total), total);
  assert.ok(Math.abs(owned - total / 1001) <= 3, `owns ${owned}`);
});

test("an owner's gaps take at most three values", () => {
  forSeeds(50, (random) => {
    const walk = new StripeWalk(stripeOf(random));
    const gaps = new Set<number>();
    let last = walk.seek(0);
    for (let i = 0; i < 2000; i++) {
      const k = walk.next();
      gaps.add(k - last);
      last = k;
    }
    assert.ok(gaps.size <= 3, `${gaps.size} gaps`);
  });
});
