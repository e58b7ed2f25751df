// A saturated agent's share: with the others within seconds, and back in small steps.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CAPACITY, WEIGHT_UNITS } from "../../node/core/limits.ts";
import { constantRate } from "../../sim/plan.ts";
import { World } from "../../sim/world.ts";

const AGENTS = 10;
const LASTS_MS = 15_000;
const MOVES_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;
/** What was too much is tried again after `retryMs`, and a step comes every `pauseMs` at most. */
const BACK_WITHIN_MS = CAPACITY.retryMs + 60_000;

interface Sample {
  /** Since the agent became saturated. */
  readonly atMs: number;
  /** Its share, and what all offer together. */
  readonly share: number;
  readonly offered: number;
}

/** One agent can send half of its share for a while. */
function saturated(seed: number): Sample[] {
  const world = new World(seed, { fidelity: "shares" });
  for (let i = 0; i < AGENTS; i++) world.join();
  world.runFor(3000);
  const [one] = world.living();
  world.publish(world.living()[1]!, constantRate("load", 1000, 600));
  world.runFor(7000);
  const fromMs = world.elapsedMs;
  world.saturate(one!, 0.5);
  world.at(fromMs + LASTS_MS, () => world.saturate(one!, 1));
  const samples: Sample[] = [];
  for (let atMs = 0; atMs <= LASTS_MS + BACK_WITHIN_MS; atMs += LOOK_EVERY_MS) {
    let [share, offered] = [0, 0];
    for (const agent of world.running()) {
      agent.engine.shares(agent.clock.at(world.elapsedMs), (_, held, offers) => {
        offered += offers;
        if (agent.id === one) share = held;
      });
    }
    samples.push({ atMs, share, offered });
    world.runFor(LOOK_EVERY_MS);
  }
  return samples;
}

describe("the share of a saturated agent", () => {
  for (const seed of [1, 2]) {
    const samples = saturated(seed);
    const [first] = samples;
    const rises = samples.slice(1).flatMap(({ share, atMs }, i) => (share > samples[i]!.share ? [{ atMs, by: share / samples[i]!.share }] : []));

    it(`is carried by the others within ${MOVES_WITHIN_MS / 1000} s, seed ${seed}`, () => {
      assert.ok(first!.offered < 0.99, "something is missing at first");
      const late = samples.filter(({ atMs, offered }) => atMs >= MOVES_WITHIN_MS && offered < 0.99);
      assert.deepEqual(late, []);
    });

    it(`comes back in the end, by a tenth at a time, after ${CAPACITY.goodMs / 1000} good seconds and with pauses, seed ${seed}`, () => {
      assert.ok(rises.length > 5 && Math.min(...samples.map(({ share }) => share)) < 0.6 * first!.share);
      const movedMs = samples.findLast(({ share }, i) => i > 0 && share < samples[i - 1]!.share)!.atMs;
      assert.ok(rises[0]!.atMs >= movedMs + CAPACITY.goodMs - 2 * LOOK_EVERY_MS, `${rises[0]!.atMs} after ${movedMs}`);
      // Weights are whole hundredths of a worker: a step may be rounded up.
      for (const { by } of rises) assert.ok(by <= 1 + CAPACITY.step + 1 / WEIGHT_UNITS, String(by));
      const pauses = rises.slice(1).map(({ atMs }, i) => atMs - rises[i]!.atMs);
      assert.ok(Math.min(...pauses) >= CAPACITY.pauseMs - 1000, String(pauses));
      assert.ok(Math.abs(samples.at(-1)!.share - first!.share) < 1e-6, String(samples.at(-1)!.share));
    });
  }
});
