// The judges can say no: machines that break a promise are found out, and the same seed breaks it again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MakeMachine } from "../../sim/inspect.ts";
import { runScenario } from "../../sim/run.ts";
import type { PromiseName, Scenario } from "../../sim/scenario.ts";
import { SCENARIOS, scenarioNamed, whyNot } from "../../sim/scenarios/all.ts";
import { shrink } from "../../sim/shrink.ts";
import { sides } from "../../sim/expand.ts";
import { leastAverage, worstAverage } from "../../sim/meter.ts";
import { Flood, Naive } from "./fakes.ts";

const naive: MakeMachine = (self) => new Naive(self.id);
const flood: MakeMachine = (_, localMs) => new Flood(localMs);

function broken(scenario: Scenario, make: MakeMachine, agents = 10): PromiseName[] {
  const { findings } = runScenario({ scenario, agents, seed: 1, make });
  return findings.filter(({ held }) => !held).map(({ promise }) => promise);
}

describe("a swarm that agrees on nothing", () => {
  const cases: readonly [string, PromiseName, string][] = [
    ["reject", "never more", "two halves, each with the whole rate"],
    ["split-60-40", "never more", "the same, once links are given up"],
    ["split-60-40", "no forks", "views of one size and different members"],
    ["silent-one", "takes over", "the same with one agent"],
    ["join-one", "seamless", "who joins has a share before the others know"],
    ["stop", "stops", "nobody listens"],
    ["crash-one", "same summary", "nobody answers"],
    ["calm", "conserves", "nobody says what was sent"],
  ];
  for (const [name, promise, why] of cases) {
    it(`is found out by "${promise}" in ${name}: ${why}`, () => {
      assert.ok(broken(scenarioNamed(name), naive).includes(promise));
    });
  }

  it("keeps its promises where nothing happens that needs agreement, but for answers, which it never gives", () => {
    const calm: Scenario = { ...scenarioNamed("calm"), promises: [{ promise: "seamless", within: 0.01 }] };
    assert.deepEqual(broken(calm, naive, 1), ["answers"]);
  });
});

describe("machines that offer nothing", () => {
  it("break what promises load, and none of the promises not to offer more", () => {
    const found = broken(scenarioNamed("join-one"), flood);
    assert.deepEqual(found, ["one view", "answers", "seamless", "newcomers", "conserves"]);
    assert.deepEqual(broken(scenarioNamed("mixture"), flood, 1), ["one view", "answers", "recovers"]);
  });
});

describe("a failing run", () => {
  it("shrinks to the fault that makes it fail", () => {
    const scenario = { ...scenarioNamed("reject-and-sigstop"), seconds: 20 };
    const options = { scenario, agents: 10, seed: 1, make: naive };
    const failed = runScenario(options);
    assert.ok(!failed.held);
    const { without, outcome } = shrink(options, { ...failed, findings: failed.findings.slice(0, 1) });
    assert.deepEqual([without, outcome.faults.map(({ fault }) => fault.kind)], [[1], ["cut"]]);
  });

  it("is the same run again, event for event, and another one with another seed", () => {
    for (const scenario of ["churn", "split-flapping", "clocks-25ms-split", "loss-10"].map(scenarioNamed)) {
      const hash = (seed: number): string => runScenario({ scenario, agents: 5, seed, make: flood }).eventHash;
      assert.equal(hash(4), hash(4));
      assert.notEqual(hash(4), hash(5));
    }
  });
});

describe("averages over a second", () => {
  const steps = [...new Array(150).fill(1), ...new Array(50).fill(2), ...new Array(150).fill(1)] as number[];
  it("find the worst second wherever it begins", () => {
    assert.equal(worstAverage(steps, 1000).value, 1.5);
    assert.equal(Math.round(100 * leastAverage(steps.map((x) => 2 - x), 1000).value) / 100, 0.5);
    assert.ok(worstAverage(steps, 1000).index >= 100 && worstAverage(steps, 1000).index <= 150);
  });
});

describe("scenarios", () => {
  it("have each a name of its own, and time for one view after the last fault that has a time", () => {
    assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
    for (const { name, timeline, mixture, seconds } of SCENARIOS) {
      const mixed = (mixture?.of ?? []).map((fault) => ({ atS: mixture!.atS, fault }));
      for (const { atS, fault } of [...timeline, ...mixed]) {
        const ends = [atS, "forS" in fault ? fault.forS : 0].map((drawn) => (typeof drawn === "number" ? drawn : drawn[1]));
        assert.ok(ends[0]! + ends[1]! + 14 <= seconds, `${name}: too short for ${fault.kind}`);
      }
    }
  });

  it("say why they make no sense with so few agents, or so many", () => {
    assert.equal(whyNot(scenarioNamed("split-60-40"), 2), "needs 3 agents");
    assert.equal(whyNot(scenarioNamed("join-200"), 201), "200 agents at most");
    assert.equal(whyNot(scenarioNamed("calm"), 1), null);
  });

  it("that do not exist are answered with those that come near", () => {
    assert.throws(() => scenarioNamed("split-6040"), { code: "USAGE", hint: /split-60-40/ });
    assert.throws(() => scenarioNamed("zzz"), { code: "USAGE", hint: /--list/ });
  });

  it("cut agents in the parts they say, and leave no side empty while there are enough", () => {
    const table: readonly [number[], number, number[]][] = [
      [[60, 40], 20, [12, 8]],
      [[60, 40], 5, [3, 2]],
      [[90, 10], 3, [2, 1]],
      [[90, 10], 20, [18, 2]],
      [[50, 50], 3, [2, 1]],
      [[40, 30, 30], 20, [8, 6, 6]],
      [[40, 30, 30], 3, [1, 1, 1]],
      [[50, 50], 1, [0, 1]],
    ];
    for (const [parts, there, expected] of table) assert.deepEqual(sides(parts, there), expected, `${parts} of ${there}`);
  });
});
