// A swarm at rest: hardly a word is said, and all are awake as soon as anything goes on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame } from "../../node/core/frame.ts";
import {
  AWAKE_WINDOWS, DISSOLVE_MS, FLUSH_SOON_MS, REST_WINDOWS, RESTING_MAJORITY_WINDOWS, SILENT_MS, startOf, WINDOW_MS, windowOf,
} from "../../node/core/limits.ts";
import { World } from "../../sim/world.ts";
import { agreementOf, W } from "./agreement/room.ts";
import { set, viewOf } from "./agreement/support.ts";
import { frames, One } from "./gossip-one.ts";
import { member, NOW, plan } from "./support.ts";

const REST_MS = REST_WINDOWS * WINDOW_MS;
const STEP_MS = 10;

describe("an agent at rest speaks", () => {
  /** When it says something to `b`, ms since NOW, while `says` is what `b` says all the time. */
  function spoken(a: One, forMs: number, says: (a: One) => Frame = (one) => ({ standing: one.standing() })): number[] {
    const times: number[] = [];
    for (let ms = 0; ms < forMs; ms += STEP_MS) {
      a.membership.heard("b", a.nowMs, says(a).standing?.restsFrom);
      a.hear("b", says(a));
      // As `b` does: otherwise there is no majority.
      const { agreement } = a.membership;
      const rollCalls = [{ view: agreement.view.number, window: windowOf(a.nowMs), excluded: set(agreement.view, ""), present: set(agreement.view, "b") }];
      agreement.take({ rollCalls }, a.nowMs);
      a.membership.turn(a.nowMs, a.nowMs, true);
      if (frames(a.turn(STEP_MS), "b").length > 0) times.push(a.nowMs - NOW);
    }
    return times;
  }

  it("at the beats only, which are the same for all", () => {
    const a = new One("b").link("b");
    spoken(a, AWAKE_WINDOWS * WINDOW_MS + REST_MS);
    const times = spoken(a, 4 * REST_MS);
    assert.equal(times.length, 4);
    assert.ok(times.every((ms) => (NOW + ms) % REST_MS <= STEP_MS), String(times));
  });

  it("at once when something wakes it, and as often as ever from then on", () => {
    const a = new One("b").link("b");
    spoken(a, AWAKE_WINDOWS * WINDOW_MS + REST_MS + 600);
    const fromMs = a.nowMs - NOW;
    a.membership.agreement.disturb(a.nowMs);
    const times = spoken(a, AWAKE_WINDOWS * WINDOW_MS);
    assert.ok(times[0]! - fromMs <= FLUSH_SOON_MS + 2 * STEP_MS, `${times[0]! - fromMs}`);
    assert.ok(times.length >= AWAKE_WINDOWS);
  });

  const wakers: readonly [string, (a: One) => Frame][] = [
    ["is of an older version, which says nothing of rest", (a) => ({ standing: { ...a.standing({}), restsFrom: undefined } as never })],
    ["is in another lineage", (a) => ({ standing: a.standing({ lineage: "other", bornMs: NOW + 1 }) })],
  ];
  for (const [name, says] of wakers) {
    it(`as often as ever while one of its peers ${name}`, () => {
      const a = new One("b").link("b");
      spoken(a, 2 * AWAKE_WINDOWS * WINDOW_MS, says);
      assert.ok(spoken(a, 4 * REST_MS, says).length >= 4 * REST_WINDOWS);
    });
  }

  it("as often as ever again when there are news of members", () => {
    const a = new One("b").link("b");
    spoken(a, AWAKE_WINDOWS * WINDOW_MS + REST_MS);
    a.membership.take([member("d")], a.nowMs);
    assert.ok(spoken(a, REST_MS).length >= REST_WINDOWS);
  });
});

describe("a member at rest", () => {
  const view = viewOf("abc", { fromWindow: 0 });
  const at = (window: number) => startOf(window) + 1;
  const present = (window: number): Frame => {
    return { rollCalls: [{ view: view.number, window, excluded: set(view, ""), present: set(view, "bc") }] };
  };

  it("wakes when it has seen no majority for long, and is no lonelier before", () => {
    const a = agreementOf("a", view, at(W));
    a.take(present(W), at(W));
    const until = (window: number) => {
      for (const id of "bc") a.heard(id, at(window), W);
      a.turn(at(window), at(window));
      return [a.rhythm.isResting(at(window)), a.hasLease(at(window)), a.seesMajority(at(window))];
    };
    const seen = Array.from({ length: RESTING_MAJORITY_WINDOWS + REST_WINDOWS }, (_, i) => until(W + 1 + i));
    assert.deepEqual(seen[RESTING_MAJORITY_WINDOWS - 1], [true, false, true]);
    // It looks at the next beat.
    assert.deepEqual(seen.at(-1), [false, false, false]);
  });

  it("answers the roll call of the very window in which it wakes", () => {
    const a = agreementOf("a", view, at(W));
    const window = W + AWAKE_WINDOWS + 1;
    assert.notEqual(window % REST_WINDOWS, 0);
    for (let u = W + 1; u <= window; u++) {
      for (const id of "bc") a.heard(id, at(u), W);
      a.take(present(u), at(u));
      a.turn(at(u), at(u));
    }
    assert.equal(a.rhythm.isResting(at(window)), true);
    for (const id of "bc") a.heard(id, at(window), W);
    a.takeNews();
    a.disturb(at(window));
    a.turn(at(window), at(window));
    assert.deepEqual(a.takeNews().rollCalls?.map((call) => call.window), [window]);
  });
});

describe("a swarm", () => {
  const AGENTS = 30;

  function rested(): World {
    const world = new World(7);
    for (let i = 0; i < AGENTS; i++) world.join();
    world.runFor(AWAKE_WINDOWS * WINDOW_MS + DISSOLVE_MS);
    return world;
  }

  const framesIn = (world: World, ms: number): number => {
    const before = world.frames;
    world.runFor(ms);
    return world.frames - before;
  };

  it("at rest sends a quarter of the frames of one that is awake, and stays one swarm", () => {
    const world = rested();
    const numbers = world.living().map((id) => world.agent(id).view().number);
    const atRest = framesIn(world, 10 * REST_MS);
    world.publish(world.living()[0]!, plan(10, 60));
    world.runFor(REST_MS);
    const awake = framesIn(world, 10 * REST_MS);
    assert.ok(atRest <= awake / (REST_WINDOWS - 1), `${atRest} of ${awake}`);
    assert.deepEqual(world.living().map((id) => world.agent(id).view().number), numbers);
    assert.equal(new Set(world.living().map((id) => world.agent(id).view().lineage)).size, 1);
  });

  it("notices a silent member as well, only later", () => {
    const world = rested();
    const [gone, ...rest] = world.living();
    world.unplug(gone!);
    world.runFor(REST_MS + 2 * SILENT_MS + 3000);
    assert.ok(rest.every((id) => !world.agent(id).view().members.includes(gone!)));
  });
});
