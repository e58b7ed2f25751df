// A real VictoriaMetrics as a receiver that knows neither native histograms nor remote write 2.0.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./nginx.ts";
import type { Result } from "./prometheus.ts";

const BINARY = ["/usr/bin/victoria-metrics", "/usr/local/bin/victoria-metrics"].find((path) => existsSync(path));

/** Why it cannot be used; null if it can. In CI that is a failure, elsewhere a visible skip. */
export const victoriaMetricsMissing =
  BINARY === undefined ? "VictoriaMetrics is not installed (apt-get install victoria-metrics)" : null;

export class VictoriaMetrics {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, port: number, process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<VictoriaMetrics> {
    const folder = mkdtempSync(join(tmpdir(), "loadswarm-victoria-metrics-"));
    const port = await freePort();
    const listen = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`, "-loggerLevel=ERROR"];
    // By default it answers as of half a minute ago, and rounds times.
    const fresh = ["-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=64MiB"];
    const child = spawn(BINARY!, [...listen, ...fresh], { stdio: "ignore" });
    const victoria = new VictoriaMetrics(folder, port, child);
    for (let tries = 0; ; tries++) {
      const ready = await fetch(`${victoria.url}/health`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (ready) return victoria;
      if (tries === 200 || child.exitCode !== null) throw new Error("VictoriaMetrics does not come up");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.kill("SIGKILL")) await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The value at `at` (seconds since the epoch; now) of each series of the result. */
  async query(query: string, at: number | null = null): Promise<Result[]> {
    // What has come within the last second is not searched until it is flushed.
    await fetch(`${this.url}/internal/force_flush`);
    const parameters = new URLSearchParams({ query, nocache: "1", ...(at === null ? {} : { time: String(at) }) });
    const answer = await fetch(`${this.url}/api/v1/query`, { method: "POST", body: parameters });
    const body = (await answer.json()) as { status: string; error?: string; data: { result: Result[] } };
    if (body.status !== "success") throw new Error(`${body.error} in ${query}`);
    return body.data.result;
  }

  /** A query whose result is one number; NaN if there is none. */
  async number(query: string, at: number | null = null): Promise<number> {
    const [first] = await this.query(query, at);
    return Number(first?.value?.[1] ?? Number.NaN);
  }
}
