// From the values of a plan to the plan. What the schema has refused is passed over, what several keys mean together
// is judged here, so that one parse finds every fault of both kinds.

import { type TableDocument, UNREAD, checkTables, readTable } from "./data.ts";
import { DEFAULTS, LIMITS } from "./defaults.ts";
import { executorDurationMs } from "./duration.ts";
import type { Path, Problem } from "./faults.ts";
import { type ScenarioOptions, ms, normaliseExecutor } from "./normalise-executor.ts";
import { type FlowContext, normaliseFlow } from "./normalise-flow.ts";
import { valid } from "./read.ts";
import { isMap } from "./schema-kit.ts";
import { didYouMean } from "./suggest.ts";
import { type Selector, readExpression, readSelector } from "./thresholds.ts";
import type { DataTable, HttpSettings, OnMinority, Plan, Scenario, Step, Threshold } from "./types.ts";
import { formatDuration } from "./units.ts";
import { readOrigin } from "./url.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * The plan, and what is wrong with it apart from what the schema has found; it is complete only if neither has found
 * anything. `sound(path)` is false if the schema has found something at or below the path.
 */
export function normalise(document: Values, sound: (path: Path) => boolean): { plan: Plan; problems: Problem[] } {
  const problems: Problem[] = [];
  const data = readTables(document["data"], problems, sound);
  const targets = readTargets(document["target"], problems, sound);
  const scenarioMap = isMap(document["scenarios"]) ? document["scenarios"] : {};
  const context: FlowContext = {
    targets,
    fields: knownFields(data, sound),
    stepNames: explicitNames(scenarioMap, problems),
    problems,
    sound,
  };
  const flows = new Map(Object.entries(scenarioMap).map(([name, options]) => [name, flowOf(name, options, context)]));
  const scenarios = [...flows].flatMap(([name, flow]) => scenarioOf(name, scenarioMap[name], flow, context));
  const start = sound(["start"]) && isMap(document["start"]) ? document["start"] : {};
  const plan: Plan = {
    name: typeof document["name"] === "string" ? document["name"] : "",
    targets: targets ?? [],
    start: {
      minAgents: (start["minAgents"] as number | undefined) ?? DEFAULTS.minAgents,
      delayMs: ms(start["delay"], DEFAULTS.delayMs),
    },
    onMinority: (document["onMinority"] as OnMinority | undefined) ?? DEFAULTS.onMinority,
    ...(document["precision"] === "high" ? { precision: "high" } : {}),
    scenarios,
    data,
    thresholds: readThresholds(document["thresholds"], { flows, complete: sound(["scenarios"]) }, problems, sound),
  };
  checkRequests(scenarios, problems);
  return { plan, problems };
}

/** Each request costs every load thread three histograms. */
function checkRequests(scenarios: readonly Scenario[], problems: Problem[]): void {
  const requests = scenarios.flatMap((scenario) => scenario.flow).filter((step) => step.kind === "http").length;
  if (requests <= LIMITS.requests) return;
  const message = `have at most ${LIMITS.requests} requests in all, have ${requests}; split the plan`;
  problems.push({ path: ["scenarios"], message, atKey: true });
}

function readTargets(target: unknown, problems: Problem[], sound: (path: Path) => boolean): string[] | null {
  if (!sound(["target"])) return null;
  if (target === undefined) {
    problems.push({
      path: ["target"],
      message: "is missing; it is: the origin that the plan may touch, such as http://127.0.0.1:8080",
    });
    return null;
  }
  const origins = (Array.isArray(target) ? target : [target]).map((origin) => valid(readOrigin(origin)));
  return [...new Set(origins)];
}

function readTables(data: unknown, problems: Problem[], sound: (path: Path) => boolean): Record<string, DataTable> {
  const tables: Record<string, DataTable> = {};
  for (const [name, table] of Object.entries(isMap(data) ? data : {})) {
    const path = ["data", name];
    tables[name] = sound(path) ? readTable(table as TableDocument, path, problems) : UNREAD;
  }
  checkTables(tables, problems);
  return tables;
}

function knownFields(data: Readonly<Record<string, DataTable>>, sound: (path: Path) => boolean): string[] | null {
  const tables = Object.values(data);
  if (!sound(["data"]) || tables.some((table) => table.fields.length === 0)) return null;
  return tables.flatMap((table) => table.fields);
}

/** Names given to steps. Names that are made up avoid them, wherever in the plan they stand. */
function explicitNames(scenarios: Values, problems: Problem[]): Set<string> {
  const names = new Set<string>();
  for (const [scenario, options] of Object.entries(scenarios)) {
    const flow = isMap(options) && Array.isArray(options["flow"]) ? options["flow"] : [];
    for (const [i, step] of flow.entries()) {
      const name: unknown = isMap(step) ? step["name"] : undefined;
      if (typeof name !== "string") continue;
      if (names.has(name)) {
        const message =
          "is the name of another step already; names are unique in the plan, so that results can be told apart";
        problems.push({ path: ["scenarios", scenario, "flow", i, "name"], message });
      }
      names.add(name);
    }
  }
  return names;
}

function flowOf(name: string, written: unknown, context: FlowContext): Step[] {
  const flow = isMap(written) ? written["flow"] : null;
  return Array.isArray(flow) ? normaliseFlow(flow, ["scenarios", name, "flow"], context) : [];
}

function scenarioOf(name: string, written: unknown, flow: readonly Step[], context: FlowContext): Scenario[] {
  if (!isMap(written)) return [];
  const path = ["scenarios", name];
  // Faults in the flow do not hide those of the other options.
  if (!Object.keys(written).every((key) => key === "flow" || context.sound([...path, key]))) return [];
  if (missesOption(path, written, context)) return [];
  const options = written as unknown as ScenarioOptions;
  const executor = normaliseExecutor(options, path, context.problems);
  if (executor === null) return [];
  const startTimeMs = ms(options.startTime, 0);
  if (startTimeMs + executorDurationMs(executor) > LIMITS.durationMs) {
    const message = `must end within ${formatDuration(LIMITS.durationMs)} of the start of the run, startTime included`;
    context.problems.push({ path, message });
  }
  const gracefulStopMs = ms(options.gracefulStop, DEFAULTS.gracefulStopMs);
  const http = written["http"];
  return [{ name, executor, startTimeMs, gracefulStopMs, flow, ...(isMap(http) ? { http: http as HttpSettings } : {}) }];
}

/** True if the schema reports a key that is not there. */
function missesOption(path: Path, written: Values, context: FlowContext): boolean {
  const options = ["rate", "duration", "stages", "vus", "iterations", "executor"];
  return options.some((key) => !Object.hasOwn(written, key) && !context.sound([...path, key]));
}

interface Known {
  /** By the name of the scenario. */
  readonly flows: ReadonlyMap<string, readonly Step[]>;
  /** Every step is known, so that a name which is not among them is wrong. */
  readonly complete: boolean;
}

function readThresholds(
  written: unknown,
  known: Known,
  problems: Problem[],
  sound: (path: Path) => boolean,
): Threshold[] {
  const thresholds: Threshold[] = [];
  for (const [text, list] of Object.entries(isMap(written) ? written : {})) {
    const path = ["thresholds", text];
    const selector = readSelector(text);
    const message = selector.ok ? tagFault(selector.value, known) : selector.message;
    if (message !== null) problems.push({ path, message, atKey: true });
    if (!selector.ok || !Array.isArray(list)) continue;
    for (const [i, item] of list.entries()) {
      if (!sound([...path, i])) continue;
      const threshold = thresholdOf(item, selector.value, [...path, i], problems);
      if (threshold !== null) thresholds.push(threshold);
    }
  }
  return thresholds;
}

function tagFault({ tags }: Selector, known: Known): string | null {
  const { scenario, name } = tags;
  const names = [...known.flows.keys()];
  if (scenario !== undefined && !names.includes(scenario)) {
    return `names the scenario ${scenario}, which the plan does not have${didYouMean(scenario, names)}`;
  }
  if (name === undefined || !known.complete) return null;
  const flows = scenario === undefined ? [...known.flows.values()].flat() : (known.flows.get(scenario) ?? []);
  const steps = flows.flatMap((step) => (step.kind === "http" ? [step.name] : []));
  if (steps.includes(name)) return null;
  const where = scenario === undefined ? "the plan" : `the scenario ${scenario}`;
  return `names the step ${name}, which ${where} does not have${didYouMean(name, steps)}`;
}

function thresholdOf(item: unknown, selector: Selector, path: Path, problems: Problem[]): Threshold | null {
  const options: Values = isMap(item) ? item : { threshold: item };
  const text = options["threshold"] as string;
  const expression = readExpression(text, selector.metric);
  if (!expression.ok) {
    problems.push({ path: isMap(item) ? [...path, "threshold"] : path, message: expression.message });
    return null;
  }
  return {
    ...selector,
    expression: text,
    ...expression.value,
    abortOnFail: options["abortOnFail"] === true,
    delayAbortEvalMs: ms(options["delayAbortEval"], DEFAULTS.delayAbortEvalMs),
  };
}
