// Every command with its arguments and options. Parsing and help are both made from these tables.

import type { CommandTable, OptionSpec } from "./options.ts";
import { PUSH } from "./push-options.ts";

/** Where an agent answers its HTTP API unless told otherwise; a client that is not told where looks there. */
const API_DEFAULT = "127.0.0.1:7480";
/** Where an agent meets other agents. Loopback: an agent that is to be met from elsewhere needs a swarm key. */
const LISTEN_DEFAULT = "127.0.0.1:7400";

const TO = {
  name: "to",
  type: "urls",
  default: `http://${API_DEFAULT}`,
  value: "URL",
  help: "any agent of the swarm; several, comma-separated, are tried in turn",
} as const satisfies OptionSpec;
const TARGET_URL = {
  name: "target-url",
  type: "string",
  default: null,
  value: "URL",
  help: "target of a plan that names none",
} as const satisfies OptionSpec;
const JSON_FLAG = {
  name: "json",
  type: "boolean",
  default: false,
  help: "print JSON instead of text",
} as const satisfies OptionSpec;
const OUTPUTS = [
  { name: "json", type: "string", default: null, value: "FILE", help: "write the summary as JSON (- = stdout)" },
  {
    name: "junit",
    type: "string",
    default: null,
    value: "FILE",
    help: "write thresholds and checks as JUnit XML (- = stdout)",
  },
] as const satisfies readonly OptionSpec[];
const ENGINE = [
  {
    name: "workers",
    type: "integer",
    default: null,
    min: 1,
    value: "K",
    help: "load threads per agent (default: by the number of cores)",
  },
  {
    name: "swarm-key",
    type: "string",
    default: null,
    value: "FILE",
    help: "swarm key, made by keygen; without it only loopback",
  },
  {
    name: "allow-target",
    type: "list",
    default: [],
    value: "HOST,…",
    help: "hosts that plans may touch; without it only loopback",
  },
] as const satisfies readonly OptionSpec[];
const logLevel = <D extends string>(level: D) =>
  ({
    name: "log-level",
    type: "string",
    default: level,
    value: "LEVEL",
    help: "trace, debug, info, warn, error or silent",
  }) as const;

/** Options that every command has. */
export const COMMON = [
  {
    name: "config",
    type: "string",
    default: null,
    value: "FILE",
    help: "YAML or JSON file of option names and values",
  },
  { name: "help", short: "h", type: "boolean", default: false, help: "print this help" },
] as const satisfies readonly OptionSpec[];

export const TABLES = {
  agent: {
    summary: "run one agent of a swarm until it is told to leave",
    positionals: [],
    options: [
      {
        name: "listen",
        type: "string",
        default: LISTEN_DEFAULT,
        value: "H:P",
        help: "where other agents connect (port 0 = any)",
      },
      {
        name: "api",
        type: "string",
        default: API_DEFAULT,
        value: "H:P",
        help: "where the HTTP API answers (port 0 = any)",
      },
      {
        name: "health",
        type: "string",
        default: null,
        value: "H:P",
        help: "where probes and /metrics answer other machines, which may not command (default: on --api only)",
      },
      { name: "join", type: "list", default: [], value: "H:P,…", help: "agents to join" },
      {
        name: "join-dns",
        type: "list",
        default: [],
        value: "NAME:P,…",
        help: "names whose addresses are agents to join",
      },
      {
        name: "name",
        type: "string",
        default: "",
        value: "NAME",
        help: "what to call this agent (default: host and process id)",
      },
      { name: "zone", type: "string", default: "", value: "ZONE", help: "where this agent runs, for people to read" },
      { name: "node", type: "string", default: "", value: "NODE", help: "the machine it runs on, for people to read" },
      {
        name: "publish",
        type: "string",
        default: null,
        value: "PLAN",
        help: "plan to publish, once in the swarm's life, as soon as there are its start.minAgents",
      },
      TARGET_URL,
      ...ENGINE,
      {
        name: "operators",
        type: "list",
        default: [],
        value: "KEY,…",
        help: "public keys of those whose plans it runs, made by keygen --operator (default: everybody's)",
      },
      ...PUSH,
      logLevel("info"),
      { name: "json", type: "boolean", default: false, help: "print {member, api, listen} as one line when ready" },
    ],
  },
  run: {
    summary: "run a plan, or a URL, in this process; no swarm needed",
    positionals: [{ name: "PLAN|URL", required: true }],
    options: [
      {
        name: "rate",
        type: "number",
        default: null,
        min: 0.001,
        value: "R",
        help: "iterations per second (default for a URL: 50)",
      },
      {
        name: "duration",
        type: "duration",
        default: null,
        min: 1,
        value: "D",
        help: "how long, like 90s or 5m (default for a URL: 10s)",
      },
      {
        name: "vus",
        type: "integer",
        default: null,
        min: 1,
        value: "N",
        help: "with a URL: N virtual users instead of a rate",
      },
      {
        name: "agents",
        type: "integer",
        default: 1,
        min: 1,
        max: 32,
        value: "N",
        help: "agents, each in its own process",
      },
      TARGET_URL,
      ...ENGINE,
      ...PUSH,
      logLevel("warn"),
      ...OUTPUTS,
    ],
  },
  publish: {
    summary: "publish a plan to a swarm and watch it",
    positionals: [{ name: "PLAN", required: true }],
    options: [
      TO,
      { name: "detach", type: "boolean", default: false, help: "print the run's id and return at once" },
      {
        name: "key",
        type: "string",
        default: null,
        value: "K",
        help: "idempotency key: the same key publishes only once",
      },
      {
        name: "operator-key",
        type: "string",
        default: null,
        value: "FILE",
        help: "sign the plan with this key, made by keygen --operator, for agents that ask for it",
      },
      TARGET_URL,
      ...OUTPUTS,
    ],
  },
  watch: {
    summary: "watch a run until it ends, from whichever agent is alive",
    positionals: [{ name: "RUN", required: false }],
    options: [TO, ...OUTPUTS],
  },
  status: { summary: "show the members of a swarm and its runs", positionals: [], options: [TO, JSON_FLAG] },
  stop: {
    summary: "stop a run, or all of them",
    positionals: [{ name: "RUN", required: false }],
    options: [TO, { name: "all", type: "boolean", default: false, help: "stop every run" }, JSON_FLAG],
  },
  validate: {
    summary: "check a plan and say what it will do",
    positionals: [{ name: "PLAN", required: true }],
    options: [TARGET_URL, JSON_FLAG],
  },
  "plan-capacity": {
    summary: "say how many agents a plan needs, and which limit breaks first",
    positionals: [{ name: "PLAN", required: true }],
    options: [
      { name: "node-cores", type: "integer", default: 16, min: 1, max: 1024, value: "N", help: "cores of a node" },
      { name: "nodes", type: "integer", default: null, min: 1, value: "N", help: "nodes there are (default: as many as it takes)" },
      { name: "latency", type: "duration", default: 100, min: 0.001, value: "D", help: "how long an answer takes" },
      {
        name: "requests-per-core",
        type: "number",
        default: 10_000,
        min: 1,
        value: "R",
        help: "what one load thread makes per second on your machines",
      },
      { name: "target-addresses", type: "integer", default: 1, min: 1, value: "N", help: "addresses that the target has" },
      { name: "exchange-bytes", type: "number", default: 1000, min: 1, value: "B", help: "a request and its answer, with headers" },
      { name: "node-gbps", type: "number", default: 10, min: 0.001, value: "G", help: "network of a node" },
      { name: "ports", type: "integer", default: 64_512, min: 1, value: "N", help: "local ports of a pod (k8s/ sets 1024 to 65535)" },
      { name: "conntrack", type: "integer", default: 262_144, min: 1, value: "N", help: "connections that a node's kernel can track" },
      TARGET_URL,
      JSON_FLAG,
    ],
  },
  target: {
    summary: "run the demo target (with REDIS_HOST: hits counted there)",
    positionals: [],
    options: [
      {
        name: "listen",
        type: "string",
        default: "127.0.0.1:8080",
        value: "H:P",
        help: "where to answer (port 0 = any)",
      },
      {
        name: "latency",
        type: "duration",
        default: 0,
        max: 60_000,
        value: "D",
        help: "hold every answer back, like 20ms",
      },
      {
        name: "jitter",
        type: "duration",
        default: 0,
        max: 60_000,
        value: "D",
        help: "vary the latency by as much, up and down",
      },
      {
        name: "error-rate",
        type: "number",
        default: 0,
        min: 0,
        max: 1,
        value: "R",
        help: "share of answers that are a 500",
      },
      {
        name: "sink-port",
        type: "integer",
        default: null,
        min: 0,
        max: 65_535,
        value: "P",
        help: "TCP and UDP sink (0 = any port)",
      },
    ],
  },
  keygen: {
    summary: "make a swarm key, or an operator's key",
    positionals: [],
    options: [
      { name: "operator", type: "boolean", default: false, help: "a key that signs plans, instead of one that lets agents meet" },
      { name: "out", type: "string", default: null, value: "FILE", help: "where to (default: stdout)" },
    ],
  },
  sim: {
    summary: "attack a simulated swarm and see which promises hold",
    positionals: [],
    options: [
      { name: "scenario", type: "string", default: "calm", value: "NAME", help: "what happens to it; --list shows them all" },
      { name: "agents", type: "integer", default: 20, min: 1, max: 10_000, value: "N", help: "agents of the swarm" },
      {
        name: "seed",
        type: "integer",
        default: 1,
        min: 0,
        max: 2 ** 32 - 1,
        value: "S",
        help: "of all chance: the same seed gives the same run, event for event",
      },
      { name: "without", type: "list", default: [], value: "K,…", help: "leave out faults, by their number in the scenario" },
      { name: "html", type: "string", default: null, value: "FILE", help: "write a page with a chart" },
      { name: "list", type: "boolean", default: false, help: "list the scenarios" },
      JSON_FLAG,
    ],
  },
  demo: {
    summary: "three agents, one killed mid-run: see the rate hold (under a minute)",
    positionals: [],
    options: [...OUTPUTS],
  },
} as const satisfies Record<string, CommandTable>;

export type CommandName = keyof typeof TABLES;
