// The rhythm: a swarm rests when nothing has gone on for a while anywhere, and one word wakes it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Rhythm, slackOf } from "../../../node/core/agreement/rhythm.ts";
import { AWAKE_WINDOWS, REST_WINDOWS, startOf, WAKING_WINDOWS, WINDOW_MS } from "../../../node/core/limits.ts";

/** A beat. */
const W = 100 * REST_WINDOWS;
const LATER = W + AWAKE_WINDOWS;
const at = (window: number) => startOf(window) + 1;

describe("an agent rests", () => {
  it("when nothing has gone on for a while, and not before", () => {
    const one = new Rhythm(at(W));
    assert.equal(one.restsFrom, LATER);
    assert.deepEqual([LATER - 1, LATER].map((window) => one.isResting(at(window))), [false, true]);
  });

  it("later, whenever something goes on", () => {
    const one = new Rhythm(at(W));
    assert.equal(one.disturb(at(W + 7)), false, "it was awake");
    assert.equal(one.restsFrom, LATER + 7);
  });

  const heard: readonly [string, number | undefined, number][] = [
    ["as late as anybody says", LATER + 3, LATER + 3],
    ["no sooner than it knows itself", LATER - 3, LATER],
    ["no later than if something went on now, whatever is said", Infinity, LATER + 5],
    ["not while one speaks that never rests", undefined, LATER + 5],
  ];
  for (const [name, told, expected] of heard) {
    it(name, () => {
      const one = new Rhythm(at(W));
      assert.equal(one.hear(told, at(W + 5)), false);
      assert.equal(one.restsFrom, expected);
    });
  }
});

describe("an agent at rest", () => {
  const resting = () => new Rhythm(at(W));

  it("wakes when something goes on, here or elsewhere", () => {
    assert.equal(resting().disturb(at(LATER)), true);
    assert.equal(resting().hear(LATER + 1, at(LATER)), true);
    assert.equal(resting().hear(undefined, at(LATER)), true);
  });

  it("sleeps on when another one says what is over, or nothing new", () => {
    const one = resting();
    assert.deepEqual([LATER, LATER + 2].map((told) => one.hear(told, at(LATER + 2))), [false, false]);
    assert.equal(one.isResting(at(LATER + 2)), true);
  });

  it("says that it has just been woken, for a moment", () => {
    const one = resting();
    assert.equal(one.isWaking(at(W)), false);
    one.disturb(at(LATER));
    assert.deepEqual([LATER, LATER + WAKING_WINDOWS - 1, LATER + WAKING_WINDOWS].map((window) => one.isWaking(at(window))), [true, true, false]);
    assert.equal(one.wokenWindow, LATER);
  });

  it("answers roll calls in one window of several, the same everywhere", () => {
    const beats = Array.from({ length: 3 * REST_WINDOWS }, (_, i) => LATER + i).filter((window) => resting().isBeat(window));
    assert.deepEqual(beats.map((window) => window % REST_WINDOWS), [0, 0, 0]);
    assert.equal(Array.from({ length: AWAKE_WINDOWS }, (_, i) => W + i).every((window) => resting().isBeat(window)), true, "awake in all");
  });

  it("has something to do at the next of these", () => {
    const one = resting();
    assert.equal(one.nextBeatMs(at(W)), startOf(W + 1), "awake");
    const rest = LATER - (LATER % REST_WINDOWS) + REST_WINDOWS;
    for (const window of [rest, rest + REST_WINDOWS - 1]) {
      assert.equal(one.lastBeatMs(at(window)), startOf(rest));
      assert.equal(one.nextBeatMs(at(window)), startOf(rest + REST_WINDOWS));
    }
  });
});

describe("the next word of another agent", () => {
  const rows: readonly [string, number | undefined, number][] = [
    ["comes in time if it is awake", W + 4, 0],
    ["may come later if it rests soon, and clocks differ", W + 3, (REST_WINDOWS - 1) * WINDOW_MS],
    ["may come later if it rests", W - 10, (REST_WINDOWS - 1) * WINDOW_MS],
    ["comes in time if it never rests", undefined, 0],
  ];
  for (const [name, told, slackMs] of rows) it(name, () => assert.equal(slackOf(told, at(W)), slackMs));
});
