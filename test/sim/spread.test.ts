// How soon what is published, and what is stopped, is known everywhere, over neighbour links alone: gossipsub can only be sooner.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { World } from "../../sim/world.ts";
import { plan } from "../core/support.ts";

const AGENTS = 200;
/** By as many different agents, one after the other. */
const PUBLISHED = 5;
const LIMIT_MS = 500;
const STEP_MS = 5;

/** Times from now until each agent says so, ascending; Infinity if it does not within a few seconds. */
function timesUntil(world: World, isSo: (id: string) => boolean): number[] {
  const open = new Set(world.living());
  const times: number[] = [];
  const fromMs = world.elapsedMs;
  while (open.size > 0 && world.elapsedMs < fromMs + 4000) {
    for (const id of open) {
      if (!isSo(id)) continue;
      open.delete(id);
      times.push(world.elapsedMs - fromMs);
    }
    world.runFor(STEP_MS);
  }
  return [...times, ...Array.from(open, () => Infinity)];
}

const quantile = (times: readonly number[], q: number) => times.toSorted((a, b) => a - b)[Math.ceil(q * times.length) - 1]!;

describe(`of ${AGENTS} agents`, () => {
  it(`99 % know a plan within ${LIMIT_MS} ms, and a stop as well`, (t) => {
    const world = new World(1);
    for (let i = 0; i < AGENTS; i++) world.join();
    world.runFor(8000);
    const known: number[] = [];
    const stopped: number[] = [];
    for (let i = 0; i < PUBLISHED; i++) {
      const by = world.living()[(i * 37) % AGENTS]!;
      let run = "";
      world.publish(by, { ...plan(10, 3600), name: `plan-${i}` }, (answer) => {
        if (answer.kind === "published") run = answer.run.spec.id;
      });
      known.push(...timesUntil(world, (id) => run !== "" && world.agent(id).runs.get(run) !== undefined));
      world.stop(world.living()[(i * 53) % AGENTS]!, run);
      stopped.push(...timesUntil(world, (id) => (world.agent(id).runs.get(run)?.control.stopAtMs ?? null) !== null));
    }
    t.diagnostic(`plan known: p50 ${quantile(known, 0.5)} ms, p99 ${quantile(known, 0.99)} ms; stop: p99 ${quantile(stopped, 0.99)} ms`);
    assert.equal(known.length, PUBLISHED * AGENTS);
    assert.ok(quantile(known, 0.99) < LIMIT_MS);
    assert.ok(quantile(stopped, 0.99) < LIMIT_MS);
  });
});
