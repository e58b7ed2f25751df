// Many changes at once on 50 simulated agents: nothing is sent twice, and what no crash took is sent once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JUDGES } from "../../node/core/limits.ts";
import { firstInHashOrder } from "../../node/core/rings.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import type { Plan } from "../../node/plan/types.ts";
import { EPOCH_MS, World } from "../../sim/world.ts";
import { plan, threshold } from "../core/support.ts";
import { assertHeld } from "./rates.ts";

const RATE = 1000;
const SECONDS = 15;
/** The id of a run published three seconds after time began, as `swarm` and the tests do. */
const RUN = `p-simulate-${Math.floor((EPOCH_MS + 3000) / 2000).toString(36)}`;
const STEADY = plan(RATE, SECONDS);

interface Ran {
  readonly world: World;
  readonly startMs: number;
}

function swarm(seed: number, agents: number): World {
  const world = new World(seed);
  for (let i = 0; i < agents; i++) world.join();
  world.runFor(3000);
  return world;
}

/** 50 agents under load, `faults` at virtual seconds since the start of the run. */
function run(seed: number, faults: Record<number, (world: World) => void>, what: Plan = STEADY): Ran {
  const world = swarm(seed, 50);
  world.publish(world.living()[0]!, what);
  const startMs = world.nowMs + 2000;
  for (const second of Object.keys(faults).map(Number).sort((a, b) => a - b)) {
    world.runFor(startMs + second * 1000 - world.nowMs);
    faults[second]!(world);
  }
  world.runFor(startMs + SECONDS * 1000 + 3000 - world.nowMs);
  return { world, startMs };
}

function perSecond({ world, startMs }: Ran): number[] {
  return Array.from({ length: SECONDS }, (_, s) => world.target.between(startMs + s * 1000, startMs + (s + 1) * 1000));
}

function summaryOf(world: World, agent: string): Summary {
  const answer = world.summary(agent, RUN);
  assert.equal(answer.kind, "summary");
  return (answer as { summary: Summary }).summary;
}

function shareOf(world: World, agent: string): number {
  return world.agent(world.living()[0]!).seats().find(({ member }) => member.id === agent)?.share ?? 0;
}

for (const seed of [1, 2, 3]) {
  describe(`seed ${seed}`, () => {
    it("churn: ten joins and ten leaves within a second lose no arrival and send none twice", () => {
      const churn: Record<number, (world: World) => void> = {};
      for (let i = 0; i < 10; i++) {
        // Just before a window, on which changes take effect: the news of the join must not be late for it.
        churn[5.451 + i / 200] = (world) => world.join();
        churn[5.05 + i / 10] = (world) => world.leave(world.living()[i * 3]!);
      }
      const ran = run(seed, churn);
      assert.equal(ran.world.target.duplicates, 0);
      assertHeld(perSecond(ran), RATE);
      assert.equal(ran.world.target.distinct(RUN), RATE * SECONDS);
      assert.equal(ran.world.living().length, 50);
    });

    it("a plan given to two agents at nearly the same moment is one run with one start", () => {
      const world = swarm(seed, 50);
      const [first, last] = [world.living()[0]!, world.living()[49]!];
      world.publish(first, STEADY);
      world.runFor(2);
      world.publish(last, STEADY);
      world.runFor(SECONDS * 1000 + 5000);
      assert.equal(world.target.duplicates, 0);
      assert.equal(world.target.distinct(RUN), RATE * SECONDS);
      assert.deepEqual(summaryOf(world, first), summaryOf(world, last));
      assert.equal(world.agent(first).runs.all().length, 1);
    });

    it("P9: what a crashed agent did is still known when everybody who held its report has left, one after another", () => {
      const world = swarm(seed, 14);
      const [crashing, ...others] = world.living();
      world.publish(crashing!, STEADY);
      world.runFor(2000 + 6000);
      world.crash(crashing!);
      world.runFor(4000);
      for (const id of others.slice(0, 10)) {
        world.leave(id);
        world.runFor(400);
      }
      world.runFor(20_000);
      const { agents, iterations } = summaryOf(world, world.living()[0]!);
      assert.equal(world.living().length, 3);
      assert.deepEqual(agents, { planned: 14, reported: 14, lost: 1, coverage: 1 });
      const hidden = world.target.distinct(RUN) - iterations.started;
      assert.ok(hidden >= 0 && hidden <= RATE / 14 + 1, `${hidden} hits beyond what is reported`);
    });

    it("P9: who joins after a run has ended changes nothing about it, nor does who crashes then", () => {
      const world = swarm(seed, 8);
      world.publish(world.living()[0]!, STEADY);
      world.runFor(SECONDS * 1000 + 5000);
      const before = summaryOf(world, world.living()[3]!);
      for (let i = 0; i < 4; i++) world.join();
      world.runFor(5000);
      world.crash(world.living()[5]!);
      world.runFor(5000);
      for (const id of world.living()) assert.deepEqual(summaryOf(world, id), before, id);
      assert.deepEqual(before.agents, { planned: 8, reported: 8, lost: 0, coverage: 1 });
    });

    it("P4: idle agents that have met each other before they meet a busy swarm lose it no arrival", () => {
      const world = new World(seed);
      const busy = [world.join(), world.join(), world.join()];
      world.runFor(3000);
      world.publish(busy[0]!, STEADY);
      world.runFor(4000);
      const idle = world.joinApart(3);
      world.runFor(2500);
      world.introduce(idle[2]!, busy[1]!);
      world.runFor(SECONDS * 1000);
      assert.equal(world.target.duplicates, 0);
      assert.equal(world.target.distinct(RUN), RATE * SECONDS);
      assert.equal(summaryOf(world, busy[2]!).agents.planned, 6);
    });

    it("of two runs that one plan became across a boundary of time, one goes before it has begun", () => {
      const world = swarm(seed, 50);
      // Each names the run by its own idea of swarm time: one is a little before the boundary, the other behind it.
      const aheadMs = (id: string): number => {
        const { clock, engine } = world.find(id)!;
        return clock.at(world.elapsedMs) + engine.offsetMs - world.nowMs;
      };
      world.runFor(980);
      const [slowest, ...others] = world.living().sort((a, b) => aheadMs(a) - aheadMs(b));
      world.runFor(EPOCH_MS + 4000 - world.nowMs - aheadMs(slowest!) - 0.5);
      world.publish(slowest!, STEADY);
      world.runFor(1);
      world.publish(others.at(-1)!, STEADY);
      world.runFor(SECONDS * 1000 + 5000);
      const states = world.agent(world.living()[20]!).runs.all().map((run) => run.control.stopReason);
      assert.deepEqual(states.sort(), [null, "stopped"]);
      assert.equal(world.target.timesMs.length, RATE * SECONDS);
      assert.equal(world.target.duplicates, 0);
    });

    it("25 graceful leaves at once lose nothing, and the other half holds together", () => {
      const ran = run(seed, { 6: (world) => world.living().filter((_, i) => i % 2 === 0).forEach((id) => world.leave(id)) });
      const { world } = ran;
      assert.equal(world.living().length, 25);
      assert.equal(world.target.duplicates, 0);
      assertHeld(perSecond(ran), RATE);
      assert.equal(ran.world.target.distinct(RUN), RATE * SECONDS);
      const { agents, iterations } = summaryOf(world, world.living()[3]!);
      assert.deepEqual(agents, { planned: 50, reported: 50, lost: 0, coverage: 1 });
      assert.deepEqual([iterations.started, iterations.lost], [RATE * SECONDS, 0]);
      const staying = new Set(world.living());
      for (const id of staying) {
        const wanted = world.wantedBy(id);
        assert.ok(wanted.length >= 2 && wanted.every((peer) => staying.has(peer)), `${id} wants links to ${wanted}`);
      }
    });

    it("two crashes at once are made good within three seconds, and both are accounted for", () => {
      const ran = run(seed, {
        6: (world) => {
          const living = world.living();
          world.crash(living[3]!);
          world.crash(living[30]!);
        },
      });
      assert.equal(ran.world.target.duplicates, 0);
      assert.ok(ran.world.target.worstSecond() <= 1.05 * RATE);
      assertHeld(perSecond(ran).slice(9), RATE);
      const summary = summaryOf(ran.world, ran.world.living()[9]!);
      assert.deepEqual(summary.agents, { planned: 50, reported: 50, lost: 2, coverage: 1 });
      assert.equal(summary.iterations.scheduled, summary.iterations.started + summary.iterations.lost);
    });

    it("a crash while another agent joins costs the crashed share only, and the newcomer carries load", () => {
      const ran = run(seed, {
        6: (world) => world.join(),
        6.05: (world) => world.crash(world.living()[4]!),
      });
      assert.equal(ran.world.target.duplicates, 0);
      const rates = perSecond(ran);
      assertHeld(rates.slice(9), RATE);
      assert.ok(Math.min(...rates) >= RATE - RATE / 50 - RATE / 100, rates.join(" "));
      const newcomer = ran.world.living().at(-1)!;
      assert.ok(shareOf(ran.world, newcomer) > 0.019);
      assert.equal(summaryOf(ran.world, newcomer).agents.planned, 51);
    });

    it("the newcomer's only contact crashes before it answers: it finds another", () => {
      let newcomer = "";
      const ran = run(seed, { 6: (world) => void (newcomer = world.join()), 6.003: (world) => world.crash(world.living()[0]!) });
      assert.equal(ran.world.target.duplicates, 0);
      assert.ok(shareOf(ran.world, newcomer) > 0.019);
    });
  });
}

describe("a plan that waits for agents", () => {
  const waiting = plan(RATE, SECONDS, { start: { minAgents: 8, delayMs: 0 } });

  for (const seed of [1, 2, 3]) {
    it(`does nothing until there are enough, then starts exactly once, everywhere at the same time (seed ${seed})`, () => {
      const world = swarm(seed, 5);
      world.publish(world.living()[2]!, waiting);
      world.runFor(10_000);
      assert.equal(summaryOf(world, world.living()[1]!).state, "scheduled");
      assert.equal(world.target.timesMs.length, 0);
      for (let i = 0; i < 4; i++) world.join();
      world.runFor(SECONDS * 1000 + 6000);
      const starts = new Set(world.living().map((id) => world.agent(id).runs.get(RUN)!.control.startAtMs));
      assert.equal(starts.size, 1);
      assert.equal(world.target.duplicates, 0);
      assert.equal(world.target.distinct(RUN), RATE * SECONDS);
      assert.equal(summaryOf(world, world.living()[8]!).state, "finished");
    });
  }
});

describe("a threshold that aborts", () => {
  const aborting = (delayAbortEvalMs: number, abortOnFail = true) =>
    plan(RATE, SECONDS, { thresholds: [threshold("count<1", "http_reqs", { abortOnFail, delayAbortEvalMs })] });

  it("stops the run everywhere, with reason aborted, not before it may be judged", () => {
    const ran = run(1, {}, aborting(4000));
    const summary = summaryOf(ran.world, ran.world.living()[7]!);
    assert.deepEqual([summary.state, summary.verdict], ["aborted", "fail"]);
    const after = Date.parse(summary.endedAt!) - ran.startMs;
    assert.ok(after >= 4000 && after <= 8000, `aborted after ${after} ms`);
    assert.equal(ran.world.target.between(ran.startMs + after + 1000, Infinity), 0);
  });

  it("aborts although two of the three judges have crashed", () => {
    const crash = (world: World) => firstInHashOrder(RUN, world.living(), JUDGES).slice(0, 2).forEach((id) => world.crash(id));
    const { world } = run(2, { 1: crash }, aborting(4000));
    assert.equal(summaryOf(world, world.living()[0]!).state, "aborted");
  });

  const would = threshold("count>=0", "http_reqs", { abortOnFail: true });
  const mixed = plan(RATE, SECONDS, { thresholds: [threshold("count<1", "http_reqs"), would] });
  const not: readonly [string, Plan][] = [
    ["a failed threshold that does not abort", aborting(0, false)],
    ["a failed threshold that does not abort beside one that would", mixed],
    ["a threshold to be judged after the end", aborting(SECONDS * 1000 + 1)],
  ];
  for (const [name, what] of not) {
    it(`${name} lets the run finish`, () => {
      const ran = run(3, {}, what);
      const summary = summaryOf(ran.world, ran.world.living()[0]!);
      assert.deepEqual([summary.state, summary.verdict], ["finished", "fail"]);
      assert.equal(ran.world.target.distinct(RUN), RATE * SECONDS);
    });
  }
});
