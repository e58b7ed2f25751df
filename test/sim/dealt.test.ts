// A fixed number of iterations over a simulated swarm: whatever happens none is started twice, and all is accounted for.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import type { Plan } from "../../node/plan/types.ts";
import { constantRate } from "../../sim/plan.ts";
import { World } from "../../sim/world.ts";

const ITERATIONS = 1_999;
const USERS = 60;
/** From publishing to the start. */
const LEAD_MS = 2_000;
/** As long as the users take for all iterations, if nobody goes. */
const BUSY_MS = (ITERATIONS / USERS) * 250;

function planOf(): Plan {
  const timed = constantRate("dealt", 1, 1);
  const executor = { kind: "shared-iterations", vus: USERS, iterations: ITERATIONS, maxDurationMs: 120_000 } as const;
  return { ...timed, scenarios: [{ ...timed.scenarios[0]!, executor }] };
}

interface Outcome {
  readonly world: World;
  readonly hits: number;
  readonly states: readonly unknown[];
  readonly summary: Summary;
}

/** A swarm to which something happens so long after the start, or before it. */
function outcomeOf(seed: number, agents: number, afterMs: number, what: (world: World, ids: readonly string[]) => void): Outcome {
  const world = new World(seed, { skewMs: 5_000, driftPpm: 100 });
  for (let i = 0; i < agents; i++) {
    world.join();
    world.runFor(100);
  }
  world.runFor(15_000);
  let run = "";
  world.publish(world.living()[0]!, planOf(), (answer) => {
    if (answer.kind === "published") run = answer.run.spec.id;
  });
  world.runFor(LEAD_MS + afterMs);
  what(world, world.living());
  world.runFor(40_000);
  const living = world.living();
  const answer = world.summary(living.at(-1)!, run);
  assert.equal(answer.kind, "summary");
  const states = living.map((id) => world.agent(id).runs.get(run)?.control.stopReason ?? null);
  return { world, hits: world.target.timesMs.length, states, summary: (answer as { summary: Summary }).summary };
}

function assertAccounted({ world, hits, states, summary }: Outcome, mayHide: number): void {
  const { scheduled, started, dropped, lost } = summary.iterations;
  const droppedTotal = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(world.target.duplicates, 0, "started twice");
  assert.ok(hits <= ITERATIONS);
  assert.deepEqual([summary.state, scheduled, started + droppedTotal + lost], ["finished", ITERATIONS, ITERATIONS]);
  assert.ok(hits >= started && hits - started <= mayHide, `the target counted ${hits}, reported are ${started}`);
  assert.deepEqual(new Set(states), new Set(["finished"]), "every agent knows that it is over, long before maxDuration");
}

/** [what happens, who makes it happen, whether all iterations are started for all that, what a second of it may hide] */
const EVENTS: readonly (readonly [string, (world: World, ids: readonly string[]) => void, boolean, number])[] = [
  ["nothing happens", () => {}, true, 0],
  ["two agents come", (world) => [world.join(), world.join()], true, 0],
  ["an agent leaves", (world, ids) => world.leave(ids[1]!), false, 0],
  ["an agent crashes", (world, ids) => world.crash(ids[1]!), false, USERS * 5],
  ["a machine loses power", (world, ids) => world.unplug(ids[1]!), false, USERS * 5],
  ["an agent stands still for three seconds", (world, ids) => world.pause(ids[1]!, 3_000), false, 0],
  ["an agent stands still for fifteen seconds", (world, ids) => world.pause(ids[1]!, 15_000), false, 0],
  [
    "a part is cut off, and comes back",
    (world, ids) => {
      const cut = world.cut({ style: "silent", oneWay: false, parts: [1, 4] }, [ids.slice(0, 1), ids.slice(1)]);
      world.at(world.elapsedMs + 12_000, () => world.heal(cut));
    },
    false,
    0,
  ],
];

describe("iterations dealt in a simulated swarm, when", () => {
  for (const [name, what, isComplete, mayHide] of EVENTS) {
    it(`${name}, before the start or in the middle`, () => {
      for (const [seed, afterMs] of [[1, -1_500], [2, -300], [3, 1_200], [4, BUSY_MS - 500]] as const) {
        const outcome = outcomeOf(seed, 5, afterMs, what);
        assertAccounted(outcome, mayHide);
        if (isComplete) assert.deepEqual([outcome.hits, outcome.summary.iterations.lost], [ITERATIONS, 0]);
      }
    });
  }
});
