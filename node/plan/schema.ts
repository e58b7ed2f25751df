// Schema of the plan document: which keys there are, and what each may hold. What spans several keys is normalise.ts.

import { LIMITS } from "./defaults.ts";
import { type Read, bad, good, shown } from "./read.ts";
import { FLOW, duration, positiveDuration, readIdentifier } from "./schema-flow.ts";
import { HTTP } from "./schema-http.ts";
import {
  type Schema,
  choice,
  dictionary,
  isMap,
  leaf,
  list,
  optional,
  readInteger,
  readMatch,
  readText,
  struct,
} from "./schema-kit.ts";
import { didYouMean } from "./suggest.ts";
import { RATE_PATTERN, readRate } from "./units.ts";
import { readOrigin } from "./url.ts";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const readName = readMatch(NAME, "1 to 64 letters, digits, '.', '_' or '-'");

function integer(description: string, least: number, most: number): Schema {
  return leaf(readInteger(least, most), { type: "integer", minimum: least, maximum: most }, description);
}

const rateJson = {
  anyOf: [
    { type: "string", pattern: RATE_PATTERN },
    { type: "number", minimum: 0 },
  ],
};

function rate(description: string, readPlanRate: (input: unknown) => Read<unknown> = readRate): Schema {
  return leaf(readPlanRate, rateJson, description);
}

function readPositiveRate(input: unknown): Read<unknown> {
  const read = readRate(input);
  return read.ok && read.value.amount === 0 ? bad(`must be above 0, is ${shown(input)}`) : read;
}

function readWeight(input: unknown): Read<unknown> {
  if (input === 1) return good(input);
  return bad(
    `must be 1, is ${shown(input)}: every scenario has a rate of its own; set that instead and leave weight out`,
  );
}

const COMMON = {
  startTime: optional(duration("when the scenario starts, since the start of the run; default 0s")),
  gracefulStop: optional(duration("how long iterations in flight may go on after the scenario's end; default 30s")),
  http: optional(HTTP),
  weight: optional(leaf(readWeight, { const: 1 }, "only 1: every scenario has a rate of its own")),
  flow: FLOW,
};

const TIME_UNIT = optional(positiveDuration("what rates written as bare numbers are per; default 1s"));
const VUS = integer("virtual users of the whole swarm", 1, LIMITS.vus);
const ARRIVAL_VUS = {
  preAllocatedVUs: optional(
    integer("accepted for k6's sake: virtual users are made as they are needed; must not exceed maxVUs", 0, LIMITS.vus),
  ),
  maxVUs: optional(
    integer("most iterations in flight in the whole swarm; default: as many as the agents can hold", 1, LIMITS.vus),
  ),
};

function stages(description: string, target: Schema): Schema {
  const stage = struct("one stage", { duration: duration("length of the stage; 0s jumps to the target"), target });
  return list(description, stage, 1, LIMITS.stages);
}

function kind(name: string): Schema {
  return leaf(
    (input) => (input === name ? good(input) : bad(`must be ${name}`)),
    { const: name },
    `the executor ${name}`,
  );
}

const ITERATIONS = {
  vus: VUS,
  maxDuration: optional(positiveDuration("the scenario ends after this even if iterations are left; default 10m")),
};

const EXECUTORS: Readonly<Record<string, Schema>> = {
  "constant-arrival-rate": struct("iterations start at a fixed rate, whatever the target answers", {
    executor: kind("constant-arrival-rate"),
    rate: rate("iterations started per timeUnit by the whole swarm, such as 600 or 600/s", readPositiveRate),
    timeUnit: TIME_UNIT,
    duration: positiveDuration("how long the scenario lasts, such as 30s"),
    ...ARRIVAL_VUS,
    ...COMMON,
  }),
  "ramping-arrival-rate": struct("iterations start at a rate that changes linearly within each stage", {
    executor: kind("ramping-arrival-rate"),
    startRate: optional(rate("rate at the start; default 0")),
    timeUnit: TIME_UNIT,
    stages: stages("stages, each ramping to its target rate", rate("rate of the whole swarm at the end of the stage")),
    ...ARRIVAL_VUS,
    ...COMMON,
  }),
  "constant-vus": struct("a fixed number of virtual users iterate one after the other", {
    executor: kind("constant-vus"),
    vus: VUS,
    duration: positiveDuration("how long the scenario lasts, such as 30s"),
    ...COMMON,
  }),
  "ramping-vus": struct("a number of virtual users that changes linearly within each stage", {
    executor: kind("ramping-vus"),
    startVUs: optional(integer("virtual users at the start; default 1", 0, LIMITS.vus)),
    stages: stages(
      "stages, each ramping to its target",
      integer("virtual users at the end of the stage", 0, LIMITS.vus),
    ),
    gracefulRampDown: optional(duration("how long a virtual user that is ramped away may go on; default 30s")),
    ...COMMON,
  }),
  "shared-iterations": struct("a number of iterations shared by the virtual users", {
    executor: kind("shared-iterations"),
    iterations: integer("iterations of the whole swarm", 1, LIMITS.iterations),
    ...ITERATIONS,
    ...COMMON,
  }),
  "per-vu-iterations": struct("a number of iterations for every virtual user", {
    executor: kind("per-vu-iterations"),
    iterations: integer("iterations of each virtual user", 1, LIMITS.iterations),
    ...ITERATIONS,
    ...COMMON,
  }),
};

function readExecutor(input: unknown): Read<unknown> {
  const names = Object.keys(EXECUTORS);
  if (typeof input === "string" && names.includes(input)) return good(input);
  const hint = typeof input === "string" ? didYouMean(input, names) : "";
  return bad(`must be one of ${names.join(", ")}, is ${shown(input)}${hint}`);
}

/** Options of any executor. */
const OPTIONS = [
  "rate",
  "timeUnit",
  "duration",
  "startRate",
  "stages",
  "preAllocatedVUs",
  "maxVUs",
  "vus",
  "startVUs",
  "gracefulRampDown",
  "iterations",
  "maxDuration",
];

/** What a scenario without a known executor is measured by: which other keys it may have cannot be known. */
const ANY_SCENARIO = struct("a scenario", {
  executor: leaf(
    readExecutor,
    { enum: Object.keys(EXECUTORS) },
    `how iterations start: ${Object.keys(EXECUTORS).join(", ")}`,
  ),
  ...Object.fromEntries(OPTIONS.map((key) => [key, optional(leaf(good, {}, key))])),
  ...COMMON,
});

const SCENARIO = choice("what one kind of user does, and how often", Object.values(EXECUTORS), (input) => {
  const name = isMap(input) ? input["executor"] : null;
  return (typeof name === "string" && Object.hasOwn(EXECUTORS, name) ? EXECUTORS[name] : null) ?? ANY_SCENARIO;
});

const TARGET = leaf(readOrigin, { type: "string", format: "uri" }, "an origin such as http://127.0.0.1:8080");
const TARGETS = list("origins; relative URLs resolve against the first", TARGET, 1, LIMITS.targets);

const FIELD = leaf(readIdentifier, { type: "string" }, "name of a column; templates use it as {{ name }}");
const CSV = struct("a table in a CSV file with a header line, read where the plan is published", {
  csv: leaf(readText(1_000), { type: "string", minLength: 1 }, "path of the file, relative to the plan"),
});
const INLINE = struct("a table written in the plan", {
  fields: list("names of the columns", FIELD, 1, LIMITS.fields),
  rows: leaf(
    (input) => (Array.isArray(input) ? good(input) : bad(`must be a list of rows, is ${shown(input)}`)),
    {
      type: "array",
      minItems: 1,
      maxItems: LIMITS.rows,
      items: { type: "array", items: { type: ["string", "number", "boolean"] } },
    },
    "the rows, each a list of as many values as there are fields",
  ),
});

const EXPRESSION = leaf(readText(200), { type: "string" }, "an expression as in k6, such as p(95)<200");
const ABORTING = struct("an expression and what its failure does", {
  threshold: EXPRESSION,
  abortOnFail: optional(
    leaf(
      (input) => (typeof input === "boolean" ? good(input) : bad(`must be true or false, is ${shown(input)}`)),
      { type: "boolean" },
      "true: the run ends as soon as the threshold fails; default false",
    ),
  ),
  delayAbortEval: optional(duration("how long the run goes on before the threshold may abort it; default 0s")),
});
const THRESHOLD = choice(
  "an expression, or { threshold, abortOnFail, delayAbortEval }",
  [EXPRESSION, ABORTING],
  (input) => (isMap(input) ? ABORTING : EXPRESSION),
);

export const PLAN: Schema = struct("A load test as loadswarm runs it.", {
  name: leaf(
    readName,
    { type: "string", pattern: NAME.source },
    "name of the plan: 1 to 64 letters, digits, '.', '_' or '-'",
  ),
  target: optional(
    choice("the origins that the plan may touch, one or a list", [TARGET, TARGETS], (input) =>
      Array.isArray(input) ? TARGETS : TARGET,
    ),
  ),
  start: optional(
    struct("when the run starts", {
      minAgents: optional(integer("agents that must be there before the run starts; default 1", 1, LIMITS.minAgents)),
      delay: optional(duration("wait between publishing and the start of the run; default 0s")),
    }),
  ),
  onMinority: optional(
    leaf(
      readMatch(/^(stop|hold)$/, "stop or hold"),
      { enum: ["stop", "hold"] },
      "what agents do that are cut off from most of the others: stop (default), or hold their part of the rate",
    ),
  ),
  precision: optional(
    leaf(
      readMatch(/^(normal|high)$/, "normal or high"),
      { enum: ["normal", "high"] },
      "how exactly iterations start: normal (default) to about a millisecond, high to about 0.2 ms for 0.2 of a core more on every agent",
    ),
  ),
  scenarios: dictionary("name -> scenario; all of them run at once, each after its startTime", readName, SCENARIO, {
    least: 1,
    most: LIMITS.scenarios,
  }),
  data: optional(
    dictionary(
      "name -> table; iteration k uses row k mod rows",
      readName,
      choice("a table: { csv } or { fields, rows }", [CSV, INLINE], (input) =>
        isMap(input) && Object.hasOwn(input, "csv") ? CSV : INLINE,
      ),
      { most: 100 },
    ),
  ),
  thresholds: optional(
    dictionary(
      "metric, or metric{scenario:name} or metric{name:step} -> expressions that must hold",
      readText(LIMITS.nameLength + 200),
      list("expressions that must hold", THRESHOLD, 1, LIMITS.thresholds),
      { most: LIMITS.thresholds },
    ),
  ),
});
