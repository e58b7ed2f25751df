// The promises on 50 simulated agents that run the production core: a join, a leave and a crash under load.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import type { Plan } from "../../node/plan/types.ts";
import { EPOCH_MS, World } from "../../sim/world.ts";
import { assertHeld } from "./rates.ts";

const RATE = 1000;
const SECONDS = 20;
/** The id of a run published three seconds after time began. */
const RUN = `steady-simulate-${Math.floor((EPOCH_MS + 3000) / 2000).toString(36)}`;
const SEEDS = [1, 2, 3, 4, 5];

const PLAN: Plan = {
  name: "steady",
  targets: ["http://127.0.0.1:1"],
  start: { minAgents: 1, delayMs: 0 },
  onMinority: "stop",
  scenarios: [
    {
      name: "hits",
      executor: {
        kind: "constant-arrival-rate",
        curve: { startPerSecond: RATE, stages: [{ durationMs: SECONDS * 1000, targetPerSecond: RATE }] },
        maxVUs: null,
      },
      startTimeMs: 0,
      gracefulStopMs: 30_000,
      flow: [
        {
          kind: "http",
          name: "hit",
          method: "GET",
          url: "/",
          headers: {},
          body: null,
          timeoutMs: 1000,
          checks: [],
          captures: [],
        },
      ],
    },
  ],
  data: {},
  thresholds: [],
};

interface Ran {
  readonly world: World;
  /** When the run's second 0 was. */
  readonly startMs: number;
}

/** 50 agents, a plan, then `faults` at virtual seconds since the start of the run. */
function run(seed: number, faults: Record<number, (world: World) => void>): Ran {
  const world = new World(seed);
  for (let i = 0; i < 50; i++) world.join();
  world.runFor(3000);
  world.publish(world.living()[0]!, PLAN);
  const startMs = world.nowMs + 2000;
  const end = startMs + SECONDS * 1000 + 2000;
  for (const [second, fault] of Object.entries(faults)) {
    world.runFor(startMs + Number(second) * 1000 - world.nowMs);
    fault(world);
  }
  world.runFor(end - world.nowMs);
  return { world, startMs };
}

function perSecond({ world, startMs }: Ran): number[] {
  return Array.from({ length: SECONDS }, (_, s) => world.target.between(startMs + s * 1000, startMs + (s + 1) * 1000));
}

function summaryOf(world: World, agent: string): Summary {
  const answer = world.summary(agent, RUN);
  assert.equal(answer.kind, "summary", `${agent} knows the run`);
  return (answer as { summary: Summary }).summary;
}

for (const seed of SEEDS) {
  describe(`50 simulated agents, seed ${seed}`, () => {
    it("P1: in a stable view every scheduled arrival is sent by exactly one agent", () => {
      const { world } = run(seed, {});
      assert.equal(world.target.duplicates, 0);
      assert.equal(world.target.distinct(RUN), RATE * SECONDS);
    });

    it("P4: a join and a graceful leave lose no arrival and send none twice", () => {
      const ran = run(seed, { 5: (world) => world.join(), 12: (world) => world.leave(world.living()[7]!) });
      assert.equal(ran.world.target.duplicates, 0);
      assertHeld(perSecond(ran), RATE);
      assert.equal(ran.world.target.distinct(RUN), RATE * SECONDS);
      assert.equal(ran.world.living().length, 50);
    });

    it("P4: whoever joins carries load within five seconds", () => {
      let newcomer = "";
      const ran = run(seed, { 5: (world) => void (newcomer = world.join()) });
      const record = ran.world.agent(newcomer).members.get(newcomer)!;
      assert.ok(record.fromMs > ran.startMs + 5000 && record.fromMs <= ran.startMs + 10_000, String(record.fromMs));
      assert.ok(summaryOf(ran.world, newcomer).agents.planned === 51);
    });

    it("P2, P3, P6: a crash is made good within three seconds, nothing is sent twice, and the loss is accounted", () => {
      const ran = run(seed, { 8: (world) => world.crash(world.living()[3]!) });
      const { target } = ran.world;
      assert.equal(target.duplicates, 0);
      assert.ok(target.worstSecond() <= 1.05 * RATE, `worst second ${target.worstSecond()}`);
      const rates = perSecond(ran);
      assertHeld(rates.slice(11), RATE);
      const summary = summaryOf(ran.world, ran.world.living()[20]!);
      const { scheduled, started, lost } = summary.iterations;
      assert.equal(scheduled, RATE * SECONDS);
      assert.equal(scheduled, started + lost);
      const unseen = target.distinct(RUN) - started;
      assert.ok(unseen >= 0 && unseen <= RATE / 50 + 1, `${unseen} hits beyond what is reported: a second of one agent`);
      assert.deepEqual(
        { ...summary.agents },
        { planned: 50, reported: 50, lost: 1, coverage: 1 },
      );
    });

    it("P9: every agent gives the same summary, also after the one it was published to is gone", () => {
      const { world } = run(seed, { 8: (w) => w.crash(w.living()[0]!) });
      const [first, ...rest] = world.living().map((agent) => summaryOf(world, agent));
      assert.equal(first?.state, "finished");
      for (const other of rest) assert.deepEqual(other, first);
    });

    it("P5: a stop reaches every agent within a second", () => {
      const ran = run(seed, { 6: (world) => world.stop(world.living()[49]!, RUN) });
      assert.equal(ran.world.target.between(ran.startMs + 7000, Infinity), 0);
      assert.equal(summaryOf(ran.world, ran.world.living()[1]!).state, "stopped");
    });
  });
}

it("the same seed gives the same events, another seed others", () => {
  const hash = (seed: number) => run(seed, { 5: (world) => world.crash(world.living()[9]!) }).world.eventHash;
  assert.equal(hash(11), hash(11));
  assert.notEqual(hash(11), hash(12));
});

it("virtual time does not begin at zero", () => assert.ok(EPOCH_MS > 0));
