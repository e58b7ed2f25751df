// Two swarms with a load each that meet: what each knows of the other's run, before they become one and after.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Answer, In } from "../../node/core/events.ts";
import { constantRate } from "../../sim/plan.ts";
import { World } from "../../sim/world.ts";

/** Swarms of three, of which the second one's run is the longer; they meet 5 s into both. */
function met(): { world: World; here: string[]; there: string[]; runs: string[] } {
  const world = new World(1);
  for (let i = 0; i < 3; i++) world.join();
  const there = world.joinApart(3);
  const here = world.living().slice(0, 3);
  world.runFor(5000);
  const runs: string[] = [];
  const published = (answer: Answer): void => {
    if (answer.kind === "published") runs.push(answer.run.spec.id);
  };
  world.publish(here[0]!, constantRate("short", 100, 20), published);
  world.publish(there[0]!, constantRate("long", 100, 50), published);
  world.runFor(7000);
  world.merge();
  world.runFor(8000);
  return { world, here, there, runs };
}

describe("an older swarm that another one joins", () => {
  for (const [before, more] of [[1, 1], [1, 3], [2, 6]] as const) {
    it(`of ${before} has the results of what ran among the ${more}, from every agent`, () => {
      const world = new World(1);
      for (let i = 0; i < before; i++) world.join();
      world.runFor(5000);
      world.joinApart(more);
      world.runFor(5000);
      let run = "";
      world.publish(world.living()[before]!, constantRate("over", 100, 5), (answer) => {
        if (answer.kind === "published") run = answer.run.spec.id;
      });
      world.runFor(20_000);
      world.merge();
      world.runFor(10_000);
      for (const id of world.living()) {
        const answer = world.summary(id, run);
        assert.equal(answer.kind === "summary" && answer.summary.iterations.started, 500);
      }
    });
  }
});

describe("a swarm that meets another one, while both have a run on", () => {
  it("knows of the other's run, and that its results are not here", () => {
    const { world, here, there, runs } = met();
    for (const id of [...here, ...there]) assert.deepEqual(world.agent(id).runs.all().map(({ spec }) => spec.id).sort(), [...runs].sort());
    assert.equal(world.summary(there[1]!, runs[0]!).kind, "unknownRun");
    assert.equal(world.summary(here[1]!, runs[0]!).kind, "summary");
  });

  it("can stop it", () => {
    const { world, here, there, runs } = met();
    world.stop(there[2]!, runs[0]!);
    world.runFor(1000);
    for (const id of here) assert.equal(world.agent(id).runs.get(runs[0]!)!.control.stopReason, "stopped");
  });

  it("has all of its results once both are one, and asks nobody again and again for what it knows", () => {
    const { world, here, there, runs } = met();
    world.runFor(20_000);
    let pulls = 0;
    for (const { machine } of world.agents) {
      const handle = machine.handle.bind(machine);
      machine.handle = (input: In, localMs: number) => {
        if (input.kind === "frame" && input.frame.pull === true) pulls++;
        return handle(input, localMs);
      };
    }
    world.runFor(10_000);
    assert.equal(pulls, 0);
    for (const id of [...here, ...there]) {
      const answer = world.summary(id, runs[0]!);
      assert.equal(answer.kind === "summary" && answer.summary.iterations.started, 2000);
    }
  });
});
