// Agent processes on this machine, for `run --agents` and the demo.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { LoadswarmError } from "../plan/errors.ts";
import { call } from "./client.ts";
import { MALLOC } from "./heap.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
/** From the start of the process until its ready line. */
const READY_MS = 20_000;
/** From SIGTERM until SIGKILL: a graceful leave takes a view change. */
const LEAVE_MS = 8000;
const MAX_TAIL = 4000;
/** Settings of this process that would set the children against each other. */
const OWN_SETTINGS = ["LISTEN", "API", "HEALTH", "PUBLISH", "JOIN", "JOIN_DNS", "NAME", "JSON", "WORKERS", "LOG_LEVEL", "CONFIG"];

export interface SpawnOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly name: string;
  /** `H:P` of agents to join. */
  readonly join: readonly string[];
  /** Further flags of `loadswarm agent`. */
  readonly flags: readonly string[];
}

/** A child process that is a ready agent. */
export class AgentProcess {
  readonly name: string;
  readonly member: string;
  /** Origin of its HTTP API. */
  readonly apiUrl: string;
  readonly listen: string;
  readonly #child: ChildProcess;
  readonly #log: Tail;

  constructor(name: string, child: ChildProcess, ready: { member: string; api: string; listen: string }, log: Tail) {
    this.name = name;
    this.member = ready.member;
    this.apiUrl = ready.api;
    this.listen = ready.listen;
    this.#child = child;
    this.#log = log;
  }

  /** Resolves when the agent has logged something that matches. @throws LoadswarmError INTERNAL after 20 s */
  async said(pattern: RegExp): Promise<void> {
    for (const sinceMs = performance.now(); !pattern.test(this.#log.text); await sleep(50)) {
      if (performance.now() - sinceMs < READY_MS) continue;
      throw new LoadswarmError("INTERNAL", `${this.name} never said ${pattern}`, this.#log.text);
    }
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL: no chance to say goodbye. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** SIGTERM, and SIGKILL if that takes too long; resolves when the process is gone. */
  async leave(): Promise<void> {
    await end(this.#child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), LEAVE_MS);
  await exited;
  clearTimeout(timer);
}

/** Children of one command: however it ends, none is left behind. */
export class AgentProcesses {
  readonly #children = new Set<ChildProcess>();
  #isEnding = false;
  readonly #killAll = (): void => {
    for (const child of this.#children) child.kill("SIGKILL");
  };

  constructor() {
    process.once("exit", this.#killAll);
  }

  /** Starts an agent on free loopback ports. @throws LoadswarmError INTERNAL with the last of what it said */
  async start({ env, name, join, flags }: SpawnOptions): Promise<AgentProcess> {
    const args = ["agent", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--name", name, "--json", ...flags];
    if (join.length > 0) args.push("--join", join.join(","));
    const own = new Set(OWN_SETTINGS.map((setting) => `LOADSWARM_${setting}`));
    const childEnv = Object.fromEntries(Object.entries(env).filter(([key]) => !own.has(key)));
    if (this.#isEnding) throw new LoadswarmError("INTERNAL", `${name} is not started any more`, "The command was ended.");
    // Its own process group: Ctrl-C is for the parent, which then ends its children in order. The fourth channel
    // carries nothing: it breaks when the parent is gone, however it went, and then the child leaves.
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...MALLOC, ...childEnv },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    const log = new Tail(child);
    const ready = await readyLine(child, name, log);
    return new AgentProcess(name, child, ready, log);
  }

  /** SIGKILL for all of them; resolves when they are gone. */
  async killAll(): Promise<void> {
    const gone = [...this.#children].map((child) => once(child, "exit"));
    this.#killAll();
    await Promise.all(gone);
  }

  /** Ends all of them, gracefully where they let it be. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#children].map(end));
    process.off("exit", this.#killAll);
  }
}

/** The last of what a process said on stderr. */
class Tail {
  text = "";

  constructor(child: ChildProcess) {
    child.stderr!.on("data", (chunk) => {
      this.text = (this.text + String(chunk)).slice(-MAX_TAIL);
    });
  }
}

async function readyLine(
  child: ChildProcess,
  name: string,
  log: Tail,
): Promise<{ member: string; api: string; listen: string }> {
  let line = "";
  const failed = (why: string): LoadswarmError =>
    new LoadswarmError("INTERNAL", `${name} ${why}`, log.text.trim() || "It said nothing on stderr.");
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failed(`was not ready within ${READY_MS / 1000} s`)), READY_MS);
    child.once("error", (error) => reject(failed(`could not be started: ${error.message}`)));
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      reject(failed(`ended before it was ready (${signal ?? `exit code ${code}`})`));
    });
    child.stdout!.on("data", (chunk) => {
      if (line.includes("\n")) return;
      line += String(chunk);
      if (!line.includes("\n")) return;
      clearTimeout(timer);
      try {
        resolve(JSON.parse(line.slice(0, line.indexOf("\n"))));
      } catch {
        reject(failed(`said something else than that it is ready: ${line.slice(0, 200)}`));
      }
    });
  });
}

/** Waits until the agent at `apiUrl` counts `count` living members, itself included. */
export async function untilMembers(apiUrl: string, count: number, timeoutMs: number): Promise<void> {
  const sinceMs = performance.now();
  for (;;) {
    const { members } = await call(apiUrl, { method: "GET", path: "/api/v1/members" });
    const alive = Array.isArray(members) ? members.filter((member) => member?.state === "alive").length : 0;
    if (alive >= count) return;
    if (performance.now() - sinceMs > timeoutMs) {
      const message = `only ${alive} of ${count} agents have found each other within ${timeoutMs / 1000} s`;
      throw new LoadswarmError(
        "INTERNAL",
        message,
        "Run again with LOADSWARM_DEBUG=1, and look whether the machine is overloaded.",
      );
    }
    await sleep(200);
  }
}
