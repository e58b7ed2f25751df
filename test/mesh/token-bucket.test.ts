// A token bucket: the burst at once, the rate from then on, and never more.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TokenBucket } from "../../node/mesh/token-bucket.ts";

describe("a token bucket of 10 a second and 5 at once", () => {
  const bucket = (nowMs = 0) => new TokenBucket(10, 5, nowMs);

  it("gives the burst at once, and then on credit: the wait is as long as the debt", () => {
    const one = bucket();
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(() => one.take(1, 0)), [0, 0, 0, 0, 0, 100, 200]);
    assert.equal(one.take(1, 200), 100);
    assert.equal(one.take(1, 1000), 0);
  });

  it("gives what is there only, if asked so", () => {
    const one = bucket();
    assert.equal(one.takeIfAny(6, 0), false);
    assert.equal(one.takeIfAny(5, 0), true);
    assert.equal(one.takeIfAny(1, 99), false);
    assert.equal(one.takeIfAny(1, 101), true);
  });

  it("holds no more than the burst, however long it waits", () => {
    const one = bucket();
    assert.equal(one.take(6, 1e9), 100);
  });

  it("is full when all debts are paid", () => {
    const one = bucket(1000);
    assert.equal(one.isFull(1000), true);
    one.take(10, 1000);
    assert.equal(one.isFull(1999), false);
    assert.equal(one.isFull(2000), true);
  });

  it("gives nothing for a clock that falls", () => {
    const one = bucket(1000);
    one.take(5, 1000);
    assert.equal(one.takeIfAny(1, 0), false);
  });
});
