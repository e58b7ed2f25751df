// The load generators that are compared, and how each of them is told to do the same.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "./measure.ts";
import { artilleryScript, H2_CONNECTIONS, k6Script, locustScript, ourPlan, write } from "./scripts.ts";
import type { Target } from "./target.ts";

export const COLUMNS = ["bare", "tls", "open", "h2"] as const;
export type Column = (typeof COLUMNS)[number];

/** Connections, or virtual users with one each. */
export const CONNECTIONS = 64;

export interface Task {
  readonly column: Column;
  /** Without a path. */
  readonly url: string;
  readonly seconds: number;
  /** Requests per second asked for, in the column `open`. */
  readonly rate: number;
  readonly target: Target;
}

export interface Tool {
  readonly name: string;
  /** The program; null for ours. */
  readonly binary: string | null;
  readonly columns: readonly Column[];
  /** In the column `open`: about as much as it can do on a core of its own with room to spare; 0: as much as it can. */
  readonly rate?: number;
  /** What it leaves out of what the column `open` asks for. */
  readonly without?: string;
  command(task: Task): readonly string[];
  env?(task: Task): Readonly<Record<string, string>>;
  readonly versionArgs?: readonly string[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const INSTALL = fileURLToPath(new URL("install.sh", import.meta.url));
const PLACES = [join(process.env["LOADSWARM_BENCH"] ?? join(homedir(), ".cache/loadswarm-bench"), "bin")];
const OPEN_RATE = 20_000;
const C = String(CONNECTIONS);

function script(task: Task, name: string, text: string): string {
  return write(task.target.folder, name, text);
}

const OURS: Tool = {
  name: "loadswarm",
  binary: null,
  columns: ["bare", "tls", "open", "h2"],
  rate: OPEN_RATE,
  command: (task) => {
    const plan = script(task, "plan.yaml", ourPlan(task, CONNECTIONS));
    return [process.execPath, join(ROOT, "node/main.ts"), "run", plan, "--workers", "1"];
  },
  // As `npm run loadswarm` sets it.
  env: ({ target }) => ({
    NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/node"),
    NODE_EXTRA_CA_CERTS: target.authority,
  }),
};

const PEERS: readonly Tool[] = [
  {
    name: "wrk",
    binary: "wrk",
    columns: ["bare", "tls", "open"],
    rate: 0,
    without: "closed loop, no template, no check",
    command: ({ url, seconds }) => ["-t1", `-c${C}`, `-d${seconds}s`, `${url}/`],
    versionArgs: ["-v"],
  },
  {
    name: "ab",
    binary: "ab",
    columns: ["bare"],
    command: ({ url, seconds }) => ["-q", "-k", "-r", "-c", C, "-t", String(seconds), "-n", "20000000", `${url}/`],
    versionArgs: ["-V"],
  },
  {
    name: "h2load",
    binary: "h2load",
    columns: ["bare", "h2"],
    // Over HTTP/2 as many requests at once, on fewer connections.
    command: ({ column, url, seconds }) =>
      column === "h2"
        ? ["-t1", `-c${H2_CONNECTIONS}`, `-m${CONNECTIONS / H2_CONNECTIONS}`, "-D", String(seconds), `${url}/`]
        : ["--h1", "-t1", `-c${C}`, "-D", String(seconds), `${url}/`],
    versionArgs: ["--version"],
  },
  {
    name: "oha",
    binary: "oha",
    columns: ["bare", "open"],
    rate: OPEN_RATE,
    without: "no template, no check",
    command: ({ column, url, seconds, rate }) => {
      const pace = column === "open" ? ["-q", String(rate), "--latency-correction"] : [];
      return ["-z", `${seconds}s`, "-c", C, "--no-tui", ...pace, `${url}/`];
    },
    versionArgs: ["--version"],
  },
  {
    name: "vegeta",
    binary: "vegeta",
    columns: ["bare", "open"],
    rate: OPEN_RATE,
    without: "no template, no check",
    command: (task) => {
      const targets = script(task, "vegeta.txt", `GET ${task.url}/\n`);
      const pace = task.column === "open" ? ["-rate", `${task.rate}/1s`] : ["-rate", "0"];
      const most = ["-workers", C, "-max-workers", C, "-connections", C];
      return ["attack", "-duration", `${task.seconds}s`, ...pace, ...most, "-targets", targets, "-output", "/dev/null"];
    },
  },
  {
    name: "hey",
    binary: "hey",
    columns: ["bare"],
    command: ({ url, seconds }) => ["-z", `${seconds}s`, "-c", C, `${url}/`],
  },
  {
    name: "autocannon",
    binary: "autocannon",
    columns: ["bare", "tls", "open"],
    rate: OPEN_RATE,
    without: "no template, compares whole bodies",
    command: ({ column, url, seconds, rate, target }) => {
      const pace = column === "open" ? ["-R", String(rate), "-E", target.body] : [];
      return ["-c", C, "-d", String(seconds), "--no-progress", ...pace, `${url}/`];
    },
    versionArgs: ["--version"],
  },
  {
    name: "k6",
    binary: "k6",
    columns: ["bare", "open"],
    rate: 4000,
    command: (task) => ["run", "--quiet", "--no-usage-report", script(task, "k6.js", k6Script(task, CONNECTIONS))],
    versionArgs: ["version"],
  },
  {
    name: "locust",
    binary: "locust",
    columns: ["bare", "open"],
    rate: 0,
    without: "closed loop",
    command: (task) => {
      const file = script(task, "locustfile.py", locustScript(task));
      const origin = new URL(task.url).origin;
      return ["-f", file, "--headless", "--only-summary", "-u", C, "-r", C, "-t", `${task.seconds}s`, "-H", origin];
    },
    versionArgs: ["--version"],
  },
  {
    name: "artillery",
    binary: "artillery",
    columns: ["bare", "open"],
    rate: 400,
    command: (task) => ["run", "--quiet", script(task, "artillery.yaml", artilleryScript(task, CONNECTIONS))],
    env: () => ({ ARTILLERY_DISABLE_TELEMETRY: "true" }),
    versionArgs: ["--version"],
  },
];

export const TOOLS: readonly Tool[] = [OURS, ...PEERS];

/** Where its program is; null if it is not installed. */
export function findTool({ binary }: Tool): string | null {
  if (binary === null) return process.execPath;
  const places = [...PLACES, ...(process.env["PATH"] ?? "").split(delimiter)];
  return places.map((place) => join(place, binary)).find((path) => existsSync(path)) ?? null;
}

/** As it says itself, or as it was asked for where it says nothing. */
export function versionOf(tool: Tool, path: string): string {
  if (tool.versionArgs === undefined) return new RegExp(` ${tool.binary} \\S+ v(\\S+)`).exec(readFileSync(INSTALL, "utf8"))?.[1] ?? "";
  const { stdout, stderr } = spawnSync(path, tool.versionArgs, { encoding: "utf8", timeout: 30_000 });
  return /\d+\.\d+[\w.-]*/.exec(`${stdout}\n${stderr}`)?.[0] ?? "";
}

export function commandOf(tool: Tool, path: string, task: Task): Command {
  const args = tool.command(task);
  const argv = tool.binary === null ? args : [path, ...args];
  return { argv, env: tool.env?.(task) ?? {}, cwd: task.target.folder };
}
