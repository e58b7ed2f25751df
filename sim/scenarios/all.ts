// Every scenario there is, by name.

import { nearest } from "../../node/plan/suggest.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";
import type { Scenario } from "../scenario.ts";
import { LOSSES } from "./losses.ts";
import { MIXTURES } from "./mixtures.ts";
import { NETWORK } from "./network.ts";
import { REJECTS } from "./rejects.ts";
import { REST } from "./rest.ts";
import { SCALING } from "./scaling.ts";
import { SPLITS } from "./splits.ts";
import { STALLS } from "./stalls.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...SCALING, ...LOSSES, ...SPLITS, ...REJECTS, ...STALLS, ...NETWORK, ...REST, ...MIXTURES,
];

/** @throws LoadswarmError USAGE, naming what comes near. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = SCENARIOS.map((scenario) => scenario.name);
  const near = nearest(name, names);
  const related = names.filter((one) => one !== near && name.length > 2 && one.includes(name.split("-")[0]!));
  const meant = [...(near === null ? [] : [near]), ...related];
  const hint = meant.length > 0 ? `Did you mean: ${meant.join(", ")}? All of them: loadswarm sim --list` : "All of them: loadswarm sim --list";
  throw new LoadswarmError("USAGE", `there is no scenario ${name}`, hint);
}

/** Why a scenario makes no sense with so many agents; null if it does. */
export function whyNot(scenario: Scenario, agents: number): string | null {
  if (agents < scenario.least) return `needs ${scenario.least} agents`;
  if (scenario.most !== undefined && agents > scenario.most) return `${scenario.most} agents at most`;
  return null;
}
