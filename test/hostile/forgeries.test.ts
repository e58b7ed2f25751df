// Well-formed lies from peers that have the swarm key, against real agents with a run on.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Arena, type Attack, FRAMES } from "./attack.ts";
import { fakes, fates, floodOfRuns, lineages, records, reports, runOf, runs, times, views } from "./lies.ts";

let arena: Arena;
before(async () => {
  arena = await Arena.open({ isTimed: true });
});
after(() => arena?.[Symbol.asyncDispose]());

const LIES: readonly [string, Attack, number][] = [
  ["times and windows of the far future, and votes on what is not", times, 0],
  ["in lineages that claim to be older and as busy", lineages, 0],
  ["that living members are gone, or had shares at other times", fates, 0],
  ["reports of members that do not exist", reports, FRAMES / 20],
  ["in members that nobody is linked to, whether or not they have keys", fakes, Math.min(10_000, FRAMES / 20)],
];

describe("a swarm with a run on does not believe", () => {
  it("what members have not said of themselves", async () => {
    const metrics = await arena.endures("records", () => records(arena, 0));
    assert.ok(metrics[0]!.membersRefused > 10, `${metrics[0]!.membersRefused} were told apart by their signatures`);
  });

  it("what strangers say of votes, roll calls and views", async () => {
    const [before] = await arena.swarm.metrics();
    const [now] = await arena.endures("views", () => views(arena, 0));
    assert.ok(now!.framesUnheard >= before!.framesUnheard + 6, "it was counted");
  });

  it("in other plans for its run, or in starts in the far future", async () => {
    const [now] = await arena.endures("runs", () => runs(arena, 0));
    assert.ok(now!.runsRefused > 0, "it was counted");
    // To whoever comes next they tell the plan that is on.
    for (const agent of arena.swarm.agents.keys()) {
      const peer = await arena.peer(agent);
      await peer.stop();
      assert.equal(JSON.stringify(runOf(arena, peer).spec.plan).includes("500"), false);
      assert.ok((await arena.swarm.runs(agent)).every(({ startsAt }) => startsAt === null || startsAt < "2100"), "no far start");
    }
  });

  it("in more runs than it would take from a person", async () => {
    await arena.endures("flood of runs", () => floodOfRuns(arena, FRAMES / 200));
    const kept = await arena.swarm.runs(1);
    assert.ok(kept.length <= 220, `${kept.length} runs are kept`);
  });

  for (const [name, attack, howMany] of LIES) {
    it(name, () => arena.endures(attack.name, () => attack(arena, howMany)).then(() => {}));
  }
});
