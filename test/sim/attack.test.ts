// From a scenario to what happens: mixtures are drawn by the seed, and changes of the network last as long as each says.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Attack } from "../../sim/attack.ts";
import { expand } from "../../sim/expand.ts";
import type { Fault, Scenario } from "../../sim/scenario.ts";
import { scenarioNamed } from "../../sim/scenarios/all.ts";
import { World } from "../../sim/world.ts";

const SEEDS = Array.from({ length: 200 }, (_, i) => i + 1);
const NONE = new Set<number>();

describe("a mixture", () => {
  const scenario = scenarioNamed("mixture");
  const { of, count, atS } = scenario.mixture!;
  const drawn = SEEDS.map((seed) => expand(scenario, seed, NONE));

  it("is as many different faults as it says, at such times, each now and then", () => {
    for (const faults of drawn) {
      assert.equal(new Set(faults.map(({ fault }) => fault)).size, faults.length);
      for (const { atMs } of faults) assert.ok(atMs >= 1000 * (atS as [number, number])[0] && atMs <= 1000 * (atS as [number, number])[1]);
    }
    const counts = new Set(drawn.map(({ length }) => length));
    assert.deepEqual([...counts].sort(), Array.from({ length: count[1] - count[0] + 1 }, (_, i) => count[0] + i));
    assert.equal(new Set(drawn.flat().map(({ fault }) => fault)).size, of.length);
  });

  it("is the same with the same seed, and without one of its faults the others stay as they are", () => {
    assert.deepEqual(expand(scenario, 7, NONE), drawn[6]);
    assert.deepEqual(expand(scenario, 7, new Set([1])), drawn[6]!.filter(({ number }) => number !== 1));
  });

  it("comes on top of what the scenario says anyway", () => {
    const stop: Fault = { kind: "stop" };
    const both: Scenario = { ...scenario, timeline: [{ atS: 30, fault: stop }] };
    assert.equal(expand(both, 7, NONE).at(-1)!.fault, stop);
  });
});

describe("two changes of the network that overlap", () => {
  const lossy: Fault = { kind: "network", change: { lossRate: 0.2 }, forS: 3 };
  const doubling: Fault = { kind: "network", change: { duplicateRate: 0.1 }, forS: 3 };
  for (const [first, second] of [[lossy, doubling], [doubling, lossy]] as const) {
    it(`end one by one: ${Object.keys(first.change)} first`, () => {
      const world = new World(1);
      const before = world.network.conditions;
      const attack = new Attack(world, 1, { stop: () => {}, republish: () => {} }, []);
      attack.apply({ number: 1, atMs: 0, fault: first, seed: 1 });
      world.runFor(2000);
      attack.apply({ number: 2, atMs: 0, fault: second, seed: 1 });
      assert.deepEqual(world.network.conditions, { ...before, ...first.change, ...second.change });
      world.runFor(2000);
      assert.deepEqual(world.network.conditions, { ...before, ...second.change });
      world.runFor(2000);
      assert.deepEqual(world.network.conditions, before);
    });
  }
});
