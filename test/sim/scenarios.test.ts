// Every promise in every scenario, with few agents and few seeds; `npm run sim:soak` does the same with many.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outcomeText, replay } from "../../sim/report.ts";
import { promisesOf, runScenario } from "../../sim/run.ts";
import { SCENARIOS, whyNot } from "../../sim/scenarios/all.ts";

const SIZES: readonly { readonly agents: number; readonly seeds: readonly number[] }[] = [
  { agents: 3, seeds: [1, 2, 3] },
  { agents: 5, seeds: [1, 2] },
  { agents: 20, seeds: [1] },
];

/** Costs more than all others together. */
const LEFT_TO_SOAK = new Set(["join-200"]);

for (const { agents, seeds } of SIZES) {
  describe(`${agents} agents keep every promise`, () => {
    for (const scenario of SCENARIOS) {
      const reason = whyNot(scenario, agents);
      if (reason !== null || LEFT_TO_SOAK.has(scenario.name)) continue;
      it(`${scenario.name}: ${scenario.says}`, () => {
        for (const seed of seeds) {
          const outcome = runScenario({ scenario, agents, seed });
          const judged = outcome.findings.map(({ promise }) => promise);
          assert.deepEqual(judged, promisesOf(scenario).map(({ promise }) => promise));
          assert.ok(outcome.held, `${outcomeText(outcome)}\n${replay(outcome)}`);
        }
      });
    }
  });
}
