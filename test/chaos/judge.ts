// nginx outside the swarm's network as the judge: who asked for what, and when, to the millisecond.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PORT = 8080;
const NGINX = "/usr/sbin/nginx";

/** Why nginx cannot be used; null if it can. */
export function nginxMissing(): string | null {
  try {
    execFileSync(NGINX, ["-v"], { stdio: "ignore" });
    return null;
  } catch {
    return "nginx is not installed (apt-get install nginx)";
  }
}

/** One request, as the target saw it. */
export interface Hit {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Address of the agent. */
  readonly from: string;
  /** Number of the arrival in the swarm's sequence. */
  readonly k: number;
}

export class Judge {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, ip: string, process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
    this.url = `http://${ip}:${PORT}`;
  }

  static async start(ip: string): Promise<Judge> {
    const folder = mkdtempSync(join(tmpdir(), "loadswarm-judge-"));
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, ip));
    // Before the judged, so that a busy machine delays them and not their times in the log.
    const nginx = [NGINX, "-p", folder, "-c", join(folder, "nginx.conf")];
    const child = spawn("nice", ["-n", "-10", "setpriv", "--pdeathsig", "KILL", ...nginx], { stdio: "ignore" });
    const judge = new Judge(folder, ip, child);
    for (let tries = 0; ; tries++) {
      try {
        await fetch(`${judge.url}/ready`);
        return judge;
      } catch (cause) {
        if (tries === 100) throw cause;
        await sleep(50);
      }
    }
  }

  /** The path for a plan's step: what the log tells of every request. */
  static readonly path = "/hit?run={{ run }}&k={{ iterationInTest }}";

  /** All requests of a run, in the order of their times. */
  hits(run: string): Hit[] {
    const hits: Hit[] = [];
    for (const line of readFileSync(join(this.#folder, "access.log"), "utf8").split("\n")) {
      const [seconds, from, uri] = line.split(" ");
      const [, of, k] = /^\/hit\?run=([^&]+)&k=(\d+)$/.exec(uri ?? "") ?? [];
      if (of === run) hits.push({ atMs: Math.round(Number(seconds) * 1000), from: from!, k: Number(k) });
    }
    return hits;
  }

  /** Starts with an empty log. */
  forget(): void {
    truncateSync(join(this.#folder, "access.log"));
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One process, every request logged at once, connections kept for as long as the run lasts. */
function configuration(folder: string, ip: string): string {
  return `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events { worker_connections 4096; }
    http {
      log_format judge '$msec $remote_addr $request_uri';
      access_log ${folder}/access.log judge;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      keepalive_requests 10000000;
      keepalive_timeout 600s;
      server {
        listen ${ip}:${PORT} backlog=4096;
        location / { return 200 "ok"; }
      }
    }`;
}
