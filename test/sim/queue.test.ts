// Virtual time hands out events in order, whatever the order in which they were pushed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LocalClock } from "../../sim/clock.ts";
import { EventQueue } from "../../sim/queue.ts";
import { Random } from "../../sim/random.ts";

function taken(queue: EventQueue, untilMs = Infinity): unknown[] {
  const found: unknown[] = [];
  while (queue.take(untilMs)) found.push(queue.payload);
  return found;
}

describe("the event queue", () => {
  for (const seed of [1, 2, 3]) {
    it(`hands out 4,000 events by time, and by order of pushing at the same time (seed ${seed})`, () => {
      const random = new Random(seed);
      const queue = new EventQueue();
      const waiting: { atMs: number; order: number }[] = [];
      const found: unknown[] = [];
      const expected: unknown[] = [];
      // Pushing and taking by turns, at few different times, near and far.
      for (let order = 0; order < 4000; order++) {
        const atMs = queue.nowMs + random.pick([0, 0.1, 1, 1, 3.7, 50, 700, 20_000]) * random.below(4);
        queue.push(atMs, 0, null, order);
        waiting.push({ atMs, order });
        if (random.next() < 0.6) {
          waiting.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
          expected.push(waiting.shift()!.order);
          queue.take(Infinity);
          found.push(queue.payload);
        }
      }
      waiting.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      assert.deepEqual([...found, ...taken(queue)], [...expected, ...waiting.map(({ order }) => order)]);
    });
  }

  it("stops at the time it is given, that instant included", () => {
    const queue = new EventQueue();
    for (const atMs of [5, 10, 10.001]) queue.push(atMs, 0, null, atMs);
    assert.deepEqual(taken(queue, 10), [5, 10]);
    assert.equal(queue.nowMs, 10);
    assert.deepEqual(taken(queue, 11), [10.001]);
  });

  it("does what is due in the past now", () => {
    const queue = new EventQueue();
    queue.take(100);
    queue.push(50, 0, null, "late");
    assert.deepEqual(taken(queue), ["late"]);
    assert.equal(queue.nowMs, 100);
  });
});

describe("a local clock", () => {
  const clocks = [new LocalClock(0, 0), new LocalClock(-300_000, 200), new LocalClock(17.123, -200)];
  for (const clock of clocks) {
    it(`of ${clock.skewMs} ms and ${clock.driftPpm} ppm never fires a timer before its time, nor much after`, () => {
      const random = new Random(5);
      for (let i = 0; i < 10_000; i++) {
        const localMs = clock.at(random.between(0, 1e6)) + random.between(0, 1000);
        const late = clock.at(clock.fires(localMs)) - localMs;
        assert.ok(late >= 0 && late < 0.01, `${late} ms late`);
      }
    });
  }

  it("gains what it drifts, and begins as wrong as it is", () => {
    const clock = new LocalClock(1000, 200);
    assert.equal(clock.at(0) - new LocalClock(0, 0).at(0), 1000);
    assert.ok(Math.abs(clock.at(1e6) - clock.at(0) - 1_000_200) < 0.001);
  });
});
