// Swarm time: where most neighbours' intervals overlap, followed at once or by a hair, and known to be known.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DRIFT, ECHO_EVERY_MS, FIRST_ECHOES, FIRST_ECHO_EVERY_MS, SAMPLES_KEPT, SLEW_MS, STAMPS_KEPT, SURE_MS,
} from "../../node/core/limits.ts";
import { type Neighbour, TimeSync } from "../../node/core/time-sync.ts";
import { NOW } from "./support.ts";

/** An exchange with a neighbour whose swarm time is ahead of mine by `aheadMs`, over a way of so long there and back. */
function exchange(time: TimeSync, neighbour: Neighbour, aheadMs: number, thereMs: number, backMs: number, localMs = NOW): void {
  const sentAtMs = time.stamp(localMs - thereMs - backMs);
  time.echoed(neighbour, { sentAtMs, heldMs: 0 }, time.swarmMs(localMs) - backMs + aheadMs, localMs);
}

/** One neighbour each, ahead by so much, its offset known to half the round trip. */
function timeWith(...neighbours: readonly (readonly [aheadMs: number, roundTripMs: number])[]): TimeSync {
  const time = new TimeSync();
  for (const [aheadMs, roundTripMs] of neighbours) {
    exchange(time, time.linkUp(NOW), aheadMs, roundTripMs / 2, roundTripMs / 2);
  }
  return time;
}

const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 0.01, `${actual}, not ${expected}`);

describe("the round trip to a middling neighbour", () => {
  const rows: readonly [string, readonly number[], number][] = [
    ["of none is not known", [], 0],
    ["of one is its own", [20], 20],
    ["of several is neither the least nor the longest", [500, 2, 20], 20],
  ];
  for (const [name, roundTripsMs, expected] of rows) {
    it(name, () => near(timeWith(...roundTripsMs.map((ms) => [0, ms] as const)).roundTripMs(), expected));
  }

  it("is the shortest of those remembered", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    for (const ms of [400, 30, 200]) exchange(time, neighbour, 0, ms / 2, ms / 2);
    near(time.roundTripMs(), 30);
  });
});

describe("an exchange of timestamps", () => {
  const ways: readonly [string, number, number][] = [["as long there as back", 5, 5], ["longer there", 9, 1], ["longer back", 1, 9]];
  for (const [name, thereMs, backMs] of ways) {
    it(`on a way ${name} tells the offset to half the round trip`, () => {
      const time = new TimeSync();
      exchange(time, time.linkUp(NOW), 100, thereMs, backMs);
      assert.equal(time.follow(true, NOW), true);
      near(time.offsetMs, 100 + (thereMs - backMs) / 2);
      assert.ok(Math.abs(time.offsetMs - 100) <= 5);
    });
  }

  it("does not count the time that the timestamp lay there", () => {
    const time = new TimeSync();
    time.echoed(time.linkUp(NOW), { sentAtMs: time.stamp(NOW - 1010), heldMs: 1000 }, NOW + 95, NOW);
    time.follow(true, NOW);
    near(time.offsetMs, 100);
  });

  it("is not misread if swarm time has moved since the timestamp was given out", () => {
    const time = new TimeSync();
    const sentAtMs = time.stamp(NOW - 10);
    time.adopt(NOW + 1000, NOW);
    time.echoed(time.linkUp(NOW), { sentAtMs, heldMs: 0 }, NOW + 95, NOW);
    time.follow(true, NOW);
    near(time.offsetMs, 100);
  });

  const forged: readonly [string, number, number][] = [
    ["was never sent", NOW - 11, 0],
    ["lay there for less than nothing", NOW - 10, -5],
    ["lay there for longer than the whole way", NOW - 10, 11],
    ["lies", NaN, 0],
  ];
  for (const [name, sentAtMs, heldMs] of forged) {
    it(`is ignored if the timestamp ${name}`, () => {
      const time = new TimeSync();
      time.stamp(NOW - 10);
      time.echoed(time.linkUp(NOW), { sentAtMs, heldMs }, NOW + 100, NOW);
      assert.deepEqual([time.follow(true, NOW), time.offsetMs, time.isSure(NOW)], [false, 0, false]);
    });

    it(`does not outdo an honest one if the timestamp ${name}`, () => {
      const time = new TimeSync();
      const neighbour = time.linkUp(NOW);
      exchange(time, neighbour, 50, 5, 5);
      time.echoed(neighbour, { sentAtMs, heldMs }, NOW + 100, NOW);
      time.follow(true, NOW);
      near(time.offsetMs, 50);
    });
  }

  it("is ignored if the timestamp is so old that it is forgotten", () => {
    const time = new TimeSync();
    const sentAtMs = time.stamp(NOW);
    for (let i = 1; i <= STAMPS_KEPT; i++) time.stamp(NOW + i);
    const laterMs = NOW + STAMPS_KEPT;
    time.echoed(time.linkUp(NOW), { sentAtMs, heldMs: 0 }, laterMs, laterMs);
    assert.equal(time.follow(true, laterMs), false);
  });
});

describe("the time that is followed", () => {
  const rows: readonly [string, (readonly [number, number])[], number][] = [
    ["is where the intervals overlap", [[100, 40], [110, 40]], 105],
    ["is that of most, not of one that is far off", [[100, 10], [101, 10], [5000, 10]], 100.5],
    ["of two who disagree is what is nearer to one's own", [[-700, 10], [20, 10]], 20],
    ["of two who disagree is what is nearer to one's own, whoever spoke first", [[20, 10], [-700, 10]], 20],
    ["of two who disagree is what is nearer to one's own, also if that is the earlier", [[700, 10], [-20, 10]], -20],
    ["is as narrow as the best knows it", [[100, 400], [130, 20]], 130],
    ["is that of the only one", [[-70, 10]], -70],
    ["goes no further than is certain if that is not much", [[2000, SURE_MS + 100]], 2000 - (SURE_MS + 100) / 2],
  ];
  for (const [name, neighbours, expected] of rows) {
    it(name, () => {
      const time = timeWith(...neighbours);
      assert.equal(time.follow(true, NOW), true);
      near(time.offsetMs, expected);
      near(time.localMs(time.swarmMs(NOW)), NOW);
    });
  }

  it("is one's own while nobody has told anything", () => {
    const time = timeWith();
    time.linkUp(NOW);
    assert.deepEqual([time.follow(true, NOW), time.offsetMs], [false, 0]);
  });

  it("of one neighbour is that of its best exchange", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    exchange(time, neighbour, 100, 5, 5);
    exchange(time, neighbour, 300, 500, 500);
    time.follow(true, NOW);
    near(time.offsetMs, 100);
  });

  it("of one neighbour forgets old exchanges, and trusts them less the older they are", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    exchange(time, neighbour, 100, 5, 5);
    for (let i = 1; i <= SAMPLES_KEPT; i++) exchange(time, neighbour, 200, 10, 10);
    time.follow(true, NOW);
    near(time.offsetMs, 200);

    const aged = new TimeSync();
    const other = aged.linkUp(NOW);
    exchange(aged, other, 100, 5, 5);
    const laterMs = NOW + 6 / DRIFT;
    exchange(aged, other, 200, 10, 10, laterMs);
    aged.follow(true, laterMs);
    near(aged.offsetMs, 200);
  });

  it("does not come from a link that is down", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    exchange(time, neighbour, 100, 5, 5);
    time.linkDown(neighbour);
    assert.equal(time.follow(true, NOW), false);
  });
});

describe("an agent with a share", () => {
  const rows: readonly [string, number, number, number][] = [
    ["follows by a hair at a time", 100, 10, SLEW_MS],
    ["backwards as well", -100, 10, -SLEW_MS],
    ["no further than what is certain", 5.2, 10, 0.2],
    ["not at all where it may be right", 4, 10, 0],
  ];
  for (const [name, aheadMs, roundTripMs, expected] of rows) {
    it(name, () => {
      const time = timeWith([aheadMs, roundTripMs]);
      assert.equal(time.follow(false, NOW), expected !== 0);
      near(time.offsetMs, expected);
    });
  }

  it("comes to rest at the edge of what is certain", () => {
    const time = timeWith([3, 2]);
    for (let i = 0; i < 20; i++) time.follow(false, NOW);
    near(time.offsetMs, 2);
    assert.equal(time.follow(false, NOW), false);
  });
});

describe("whether the time is known", () => {
  const rows: readonly [string, (readonly [number, number])[], boolean][] = [
    ["not while nobody has told it", [], false],
    ["by one who is near enough", [[100, SURE_MS]], true],
    ["not by one who is too far", [[100, SURE_MS + 1]], false],
    [
      "by two who are too far if both can be right in a short time only",
      [[0, SURE_MS + 100], [500, SURE_MS + 100]],
      true,
    ],
  ];
  for (const [name, neighbours, expected] of rows) {
    it(name, () => assert.equal(timeWith(...neighbours).isSure(NOW), expected));
  }

  it("no longer when it was long ago", () => {
    const time = timeWith([100, SURE_MS - 1]);
    assert.deepEqual([time.isSure(NOW), time.isSure(NOW + 2 / DRIFT)], [true, false]);
  });
});

describe("changing over to the time of another lineage", () => {
  it("is at once, and forgets what was measured before", () => {
    const time = timeWith([100, 10]);
    time.adopt(NOW - 3_600_000, NOW);
    assert.deepEqual([time.swarmMs(NOW), time.isSure(NOW), time.follow(true, NOW)], [NOW - 3_600_000, false, false]);
  });

  it("does not return timestamps of the old one", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    Object.assign(neighbour, { sentAtMs: NOW, receivedMs: NOW });
    time.adopt(NOW - 5, NOW);
    assert.equal(time.echo(neighbour, NOW), null);
  });
});

describe("timestamps are returned", () => {
  it("not before there is one", () => {
    const time = new TimeSync();
    assert.equal(time.echo(time.linkUp(NOW), NOW), null);
  });

  it("with the time for which they lay here", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    Object.assign(neighbour, { sentAtMs: 7, receivedMs: NOW });
    assert.deepEqual(time.echo(neighbour, NOW + 20), { sentAtMs: 7, heldMs: 20 });
  });

  it("often at first, seldom later", () => {
    const time = new TimeSync();
    const neighbour = time.linkUp(NOW);
    Object.assign(neighbour, { sentAtMs: 7, receivedMs: NOW });
    const told: number[] = [];
    for (let ms = 0; ms <= 15_000; ms += 10) if (time.echo(neighbour, NOW + ms) !== null) told.push(ms);
    const first = Array.from({ length: FIRST_ECHOES }, (_, i) => i * FIRST_ECHO_EVERY_MS);
    assert.deepEqual(told, [...first, first.at(-1)! + ECHO_EVERY_MS, first.at(-1)! + 2 * ECHO_EVERY_MS]);
  });
});
