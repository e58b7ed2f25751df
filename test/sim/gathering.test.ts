// Gathering in simulated swarms of the production core: within two seconds, over losses, the same from everybody.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import type { Plan } from "../../node/plan/types.ts";
import { World } from "../../sim/world.ts";
import { plan, threshold } from "../core/support.ts";

const AGENTS = 200;
const RATE = 1000;
const SECONDS = 3;

/** A swarm of so many with a run of that plan that began a moment ago. */
function during(agents: number, of: Plan): { world: World; run: string } {
  const world = new World(3);
  for (let i = 0; i < agents; i++) world.join();
  world.runFor(4000);
  let run = "";
  world.publish(world.living()[0]!, of, (answer) => {
    if (answer.kind === "published") run = answer.run.spec.id;
  });
  world.runFor(2500);
  return { world, run };
}

function ask(world: World, id: string, run: string): { summary: Summary; tookMs: number } {
  const fromMs = world.elapsedMs;
  const answer = world.summary(id, run);
  assert.equal(answer.kind, "summary");
  return { summary: (answer as { summary: Summary }).summary, tookMs: world.elapsedMs - fromMs };
}

describe("of many simulated agents", () => {
  it("any gives the same summary within two seconds, whoever crashes or stands still", () => {
    const { world, run } = during(AGENTS, plan(RATE, SECONDS));
    world.runFor(SECONDS * 1000 + 1000);
    const agents = { planned: AGENTS, reported: AGENTS, lost: 0, coverage: 1 };
    const texts = new Set<string>();
    const asks = (id: string): void => {
      const { summary, tookMs } = ask(world, id, run);
      assert.ok(tookMs < 2000, `${tookMs} ms`);
      assert.deepEqual(summary.agents, agents);
      assert.deepEqual([summary.iterations.started, summary.iterations.lost, summary.state], [RATE * SECONDS, 0, "finished"]);
      texts.add(JSON.stringify(summary));
    };
    const living = world.living();
    for (const i of [0, 50, 100, 150, 199]) asks(living[i]!);
    const [asker] = living;
    const [first, second] = world.wantedBy(asker!);
    world.crash(first!);
    asks(asker!);
    world.pause(second!, 3000);
    world.unplug(living[77] === asker ? living[78]! : living[77]!);
    asks(asker!);
    world.runFor(10_000);
    for (const id of world.living().slice(0, 3)) asks(id);
    assert.equal(texts.size, 1);
  });

  it("three judges see what all did together, and end a run within seconds", () => {
    const fails = threshold("count<500", "iterations", { abortOnFail: true });
    const { world, run } = during(60, plan(RATE, 60, { thresholds: [fails] }));
    world.runFor(6000);
    const control = world.living().map((id) => world.agent(id).runs.get(run)!.control);
    assert.equal(new Set(control.map(({ stopAtMs }) => stopAtMs)).size, 1);
    assert.equal(control[0]!.stopReason, "aborted");
    assert.ok(control[0]!.stopAtMs! < control[0]!.startAtMs! + 4500);
  });
});
