// One real agent on a host of its own, and its API, which answers on that host's loopback only.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { sameTime } from "../support/dilation.ts";
import type { Host, Netns } from "../support/netns.ts";

const MAIN = new URL("../../node/main.ts", import.meta.url).pathname;
const COMPILE_CACHE = new URL("../../node_modules/.cache/node", import.meta.url).pathname;
const MESH_PORT = 7400;
export const API_PORT = 7480;
/** Twenty that start at once on two cores take ten seconds. */
const READY_MS = 60_000;
const API_MS = 3000;
/** From SIGTERM until the process is gone; a leave takes a change of view, and gives up after 8 s. */
const LEAVE_MS = 15_000;

export interface AgentOptions {
  readonly name: string;
  readonly host: Host;
  readonly join: readonly Host[];
  readonly keyFile: string;
  readonly target: string;
  readonly logFile: string;
  /** The program: this repository's by default. */
  readonly main?: string;
}

export class AgentProcess {
  readonly host: Host;
  readonly member: string;
  /** When it was up, milliseconds since the epoch. */
  readonly upMs = Date.now();
  readonly #child: ChildProcess;

  private constructor(host: Host, member: string, child: ChildProcess) {
    this.host = host;
    this.member = member;
    this.#child = child;
  }

  /** Resolves when the agent is up. @throws when it ends before, or takes a minute */
  static async start(net: Netns, options: AgentOptions): Promise<AgentProcess> {
    const { host, name } = options;
    const args = ["agent", "--listen", `${host.ip}:${MESH_PORT}`, "--api", `127.0.0.1:${API_PORT}`, "--name", name];
    args.push("--workers", "1", "--swarm-key", options.keyFile, "--allow-target", options.target, "--json");
    if (options.join.length > 0) args.push("--join", options.join.map(({ ip }) => `${ip}:${MESH_PORT}`).join(","));
    const log = openSync(options.logFile, "a");
    const child = net.spawn(host, process.execPath, [options.main ?? MAIN, ...args], {
      env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: COMPILE_CACHE, ...sameTime() },
      stdio: ["ignore", "pipe", log],
    });
    closeSync(log);
    const failed = (why: string) => new Error(`${name} ${why}; see ${options.logFile}`);
    const ready = await Promise.race([
      once(createInterface(child.stdout!), "line") as Promise<[string]>,
      once(child, "exit").then(() => Promise.reject(failed("ended before it was ready"))),
      sleep(READY_MS, null, { ref: false }).then(() => Promise.reject(failed("was not ready in time"))),
    ]);
    return new AgentProcess(host, (JSON.parse(ready[0]) as { member: string }).member, child);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** SIGKILL: no chance to say goodbye. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** SIGTERM; resolves when the process is gone. @throws when that takes too long */
  async leave(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const failed = () => Promise.reject(new Error(`the agent on ${this.host.ip} does not leave`));
    await Promise.race([exited, sleep(LEAVE_MS, null, { ref: false }).then(failed)]);
  }

  /** Asks the API. @throws unless it answers with a 2xx in time */
  async ask<T>(method: "GET" | "POST", path: string, body = ""): Promise<T> {
    const asked = request({
      host: this.host.ip,
      port: API_PORT,
      method,
      path,
      // The port is forwarded to loopback; the API answers no other name.
      headers: { host: "127.0.0.1", "content-length": Buffer.byteLength(body) },
      signal: AbortSignal.timeout(API_MS),
    });
    asked.end(body);
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const answer = await text(response);
    if (response.statusCode! >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
    return JSON.parse(answer) as T;
  }

  /** Ids of the living members, in order, as this agent sees them; null while it does not answer. */
  async members(): Promise<string | null> {
    try {
      const { members } = await this.ask<{ members: { id: string; state: string }[] }>("GET", "/api/v1/members");
      const living = members.filter(({ state }) => state === "alive").map(({ id }) => id);
      return living.sort().join(" ");
    } catch {
      return null;
    }
  }
}
