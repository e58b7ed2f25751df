// The clock and the lease as threads share them: what another view of the same memory sees.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedClock } from "../../node/load/clock.ts";

const BASE = 1_700_000_000_000;
const HOUR = 3_600_000;

/** The main thread's view and a load thread's view of the same memory. */
function setUp(): { main: SharedClock; thread: SharedClock } {
  const main = new SharedClock(BASE);
  return { main, thread: new SharedClock(BASE, main.memory) };
}

/** [what, lease ends set one after the other, relative to now; leased in the end, gaps] */
const ROWS: readonly (readonly [string, readonly number[], boolean, number])[] = [
  ["nothing was ever leased", [], false, 0],
  ["the first lease", [HOUR], true, 1],
  ["an unbounded one", [Number.POSITIVE_INFINITY], true, 1],
  ["one that had passed when it came", [-1], false, 0],
  ["renewed in time", [HOUR, 2 * HOUR], true, 1],
  ["cut short, but not by now", [2 * HOUR, HOUR], true, 1],
  ["lapsed", [HOUR, -1000], false, 1],
  ["lapsed and renewed", [HOUR, -1000, HOUR], true, 2],
  ["lapsed, and renewed too late for it", [HOUR, -1000, -500], false, 1],
  ["lapsed twice", [HOUR, -1000, HOUR, -700, HOUR], true, 3],
];

for (const [what, ends, leased, generation] of ROWS) {
  test(`${what}: ${leased ? "load may be offered" : "nothing may be offered"}, ${generation} gaps`, () => {
    const { main, thread } = setUp();
    for (const end of ends) main.setLease(main.localMs() + end);
    assert.equal(thread.isLeased(), leased);
    assert.equal(thread.nowMs() <= thread.lease().untilMs, leased);
    assert.equal(thread.lease().generation, generation);
  });
}

test("the gap that a thread sees runs from the end of the lapsed lease to the moment of its renewal", () => {
  const { main, thread } = setUp();
  main.setLease(Number.POSITIVE_INFINITY);
  const lapsedAtMs = main.localMs() - 20_000;
  main.setLease(lapsedAtMs);
  main.setLease(main.localMs() - 10_000);
  const beforeMs = main.localMs();
  main.setLease(main.localMs() + HOUR);
  const lease = thread.lease();
  assert.equal(lease.lapsedAtMs, lapsedAtMs);
  assert.ok(lease.renewedAtMs >= beforeMs && lease.renewedAtMs <= main.localMs());
});

test("a step of swarm time moves what the lease is in swarm time, and not when it ends", () => {
  const { main, thread } = setUp();
  main.setLease(main.localMs() + HOUR);
  const before = thread.lease();
  for (const offsetMs of [5 * HOUR, -5 * HOUR, 0.25]) {
    main.setOffset(offsetMs);
    assert.ok(thread.isLeased());
    assert.equal(thread.lease().untilMs, before.untilMs + offsetMs);
    assert.equal(thread.lease().generation, before.generation);
    assert.ok(Math.abs(thread.nowMs() - thread.localMs() - offsetMs) < 1000);
    assert.ok(Math.abs(thread.monotonicOf(thread.swarmOf(12_345.5)) - 12_345.5) < 0.01);
  }
});
