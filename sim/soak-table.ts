// The results of many runs as a Markdown table: the worst value of each promise in each scenario, and what failed.

import type { Finding } from "./judge.ts";
import { value } from "./report.ts";
import type { PromiseName } from "./scenario.ts";

export interface Job {
  readonly scenario: string;
  readonly agents: number;
  readonly seed: number;
}

export interface Result extends Job {
  /** Of all seeds from `seed` to this one, in a sum of runs: the worst values of any of them. */
  readonly toSeed?: number;
  readonly held: boolean;
  readonly findings: readonly Finding[];
  /** Of a run that did not come to its end. */
  readonly error: string | null;
}

/** By what a result is found again. */
export function keyOf({ scenario, agents, seed }: Job): string {
  return `${scenario}/${agents}/${seed}`;
}

/** The same of all runs that a result is of. */
export function keysOf({ scenario, agents, seed, toSeed = seed }: Result): string[] {
  return Array.from({ length: 1 + toSeed - seed }, (_, i) => keyOf({ scenario, agents, seed: seed + i }));
}

export const COLUMNS: readonly PromiseName[] = [
  "never more",
  "once again",
  "takes over",
  "recovers",
  "one view",
  "no forks",
  "seamless",
  "newcomers",
  "no false stops",
  "no false losses",
  "conserves",
  "same summary",
  "answers",
  "stops",
  "one run",
];

/** How many failures are listed of each scenario. */
const MOST_LISTED = 5;

/** A row for each scenario and size, or the worst of all sizes in one for each scenario. */
export function soakTable(results: readonly Result[], skipped: readonly string[], bySize = true): string {
  const groups = new Map<string, Result[]>();
  for (const result of [...results].sort(inOrder)) {
    const key = bySize ? keyOf({ ...result, seed: 0 }) : result.scenario;
    const group = groups.get(key) ?? [];
    group.push(result);
    groups.set(key, group);
  }
  const columns = COLUMNS.filter((promise) => results.some(({ findings }) => findings.some((one) => one.promise === promise)));
  const rows = [...groups.values()].map((group) => {
    const failed = group.filter(({ held }) => !held).length;
    const runs = new Set(group.flatMap(keysOf)).size;
    const sizes = [...new Set(group.map(({ agents }) => agents))].join(", ");
    return `| ${[group[0]!.scenario, sizes, runs, failed === 0 ? "0" : `**${failed}**`, ...columns.map((promise) => cell(group, promise))].join(" | ")} |`;
  });
  const head = ["scenario", "agents", bySize ? "seeds" : "runs", "failed", ...columns];
  const lines = [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows];
  const failures = [...groups.values()].flatMap((group) => failuresOf(group));
  if (failures.length > 0) lines.push("", "Broken promises, and how to see them again:", "", ...failures);
  if (skipped.length > 0) lines.push("", "Not run:", "", ...skipped.map((text) => `- ${text}`));
  return `${lines.join("\n")}\n`;
}

/** The worst of all seeds; of a promise made twice, the worse one counts. Broken ones are bold. */
function cell(group: readonly Result[], promise: PromiseName): string {
  const found = group.flatMap(({ findings }) => findings.filter((one) => one.promise === promise));
  if (found.length === 0) return "";
  const worst = found.reduce(worseOf);
  if (worst.worst === null) return "–";
  const text = value(worst.worst, worst.unit);
  return found.every(({ held }) => held) ? text : `**${text}**`;
}

/** What was measured is worse than what was not; of that, what is broken than what is not. */
export function worseOf(a: Finding, b: Finding): Finding {
  if (a.worst === null || b.worst === null) return a.worst === null ? b : a;
  const isWorse = a.held === b.held ? b.worst > a.worst : !b.held;
  return isWorse ? b : a;
}

/** The command that replays a run that failed, and what was broken. */
export function failure({ scenario, agents, seed, findings, error }: Result): string {
  const broken = findings.filter(({ held }) => !held).map(({ promise, worst, unit }) => `${promise} ${value(worst, unit)}`);
  const what = error === null ? broken.join(", ") : error.split("\n").slice(0, 3).join(" ");
  return `\`npm run -s sim -- --agents ${agents} --scenario ${scenario} --seed ${seed}\`: ${what}`;
}

function failuresOf(group: readonly Result[]): string[] {
  const failed = group.filter(({ held }) => !held);
  const lines = failed.slice(0, MOST_LISTED).map((result) => `- ${failure(result)}`);
  const more = failed.length - MOST_LISTED;
  if (more > 0) lines.push(`- and ${more} more: seeds ${failed.slice(MOST_LISTED).map(({ seed }) => seed).join(" ")}`);
  return lines;
}

/** By size, scenario and seed. */
export function inOrder(a: Job, b: Job): number {
  return a.agents - b.agents || (a.scenario < b.scenario ? -1 : a.scenario > b.scenario ? 1 : a.seed - b.seed);
}
