// The simulator's front door: `npm run sim`, which is `loadswarm sim`.

import { LoadswarmError } from "../node/plan/errors.ts";
import { outcomeJson, outcomePage, outcomeText, replay } from "./report.ts";
import { type Outcome, runScenario } from "./run.ts";
import { SCENARIOS, scenarioNamed, whyNot } from "./scenarios/all.ts";
import { shrink } from "./shrink.ts";

export interface SimulationRequest {
  readonly scenario: string;
  readonly agents: number;
  readonly seed: number;
  /** Faults to leave out, by number. */
  readonly without: readonly number[];
}

export interface Simulation {
  readonly held: boolean;
  /** For people. */
  readonly text: string;
  readonly json: object;
  page(): string;
}

/**
 * Plays a scenario. If a promise is broken the text says how to play it again, and with how few faults.
 * @throws LoadswarmError USAGE for a scenario that there is not, or not with so many agents
 */
export function simulate({ scenario: name, agents, seed, without }: SimulationRequest): Simulation {
  const scenario = scenarioNamed(name);
  const reason = whyNot(scenario, agents);
  if (reason !== null) {
    throw new LoadswarmError("USAGE", `${name} ${reason}`, "Choose another number with --agents.");
  }
  const options = { scenario, agents, seed, without: new Set(without) };
  const outcome = runScenario(options);
  const text = outcomeText(outcome) + (outcome.held ? "" : explained(outcome, options, without));
  return { held: outcome.held, text, json: outcomeJson(outcome), page: () => outcomePage(outcome) };
}

function explained(outcome: Outcome, options: Parameters<typeof shrink>[0], without: readonly number[]): string {
  const lines = ["", `again:    ${replay(outcome, without)}`];
  const shrunk = shrink(options, outcome);
  if (shrunk.without.length > without.length) {
    lines.push(`shrunk:   ${replay(outcome, shrunk.without)}`, "");
    for (const { atMs, text } of shrunk.outcome.timeline) {
      lines.push(`${((atMs - shrunk.outcome.fromMs) / 1000).toFixed(2).padStart(8)} s  ${text}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Every scenario with what it says. */
export function scenarioList(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  const lines = SCENARIOS.map(({ name, says, least, most }) => {
    const range = most === undefined ? `${least}+` : `${least}-${most}`;
    return `  ${name.padEnd(width)}  ${range.padStart(5)} agents  ${says}`;
  });
  return `${lines.join("\n")}\n`;
}
