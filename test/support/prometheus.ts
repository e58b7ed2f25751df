// A real Prometheus as the receiver that nobody here wrote.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./nginx.ts";

/** Debian's is 2.42, which speaks remote write 1.0 only; `PROMETHEUS=/path/to/prometheus` chooses another one. */
const PLACES = [process.env["PROMETHEUS"] ?? "", "/usr/bin/prometheus", "/usr/local/bin/prometheus"];
const BINARY = PLACES.find((path) => existsSync(path));

/** Why Prometheus cannot be used; null if it can. In CI that is a failure, elsewhere a visible skip. */
export const prometheusMissing =
  BINARY === undefined ? "Prometheus is not installed (apt-get install prometheus)" : null;

export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  /** [seconds since the epoch, value]; a native histogram has none. */
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
  /** Of native histograms over time. */
  readonly histograms?: readonly unknown[];
}

export class Prometheus {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "loadswarm-prometheus-"));
    writeFileSync(join(folder, "prometheus.yml"), "global: {}\n");
    const prometheus = new Prometheus(folder, await freePort());
    await prometheus.restart();
    return prometheus;
  }

  /** On the same port, with the same data. */
  async restart(): Promise<void> {
    const flags = [
      `--config.file=${this.#folder}/prometheus.yml`,
      `--storage.tsdb.path=${this.#folder}/data`,
      `--web.listen-address=127.0.0.1:${this.#port}`,
      "--web.enable-remote-write-receiver",
      "--enable-feature=native-histograms",
      "--log.level=error",
    ];
    this.#process = spawn(BINARY!, flags, { stdio: "ignore" });
    for (let tries = 0; ; tries++) {
      const ready = await fetch(`${this.url}/-/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (ready) return;
      if (tries === 200 || this.#process.exitCode !== null) throw new Error("Prometheus does not come up");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** SIGKILL: connections break, nothing is flushed but the write-ahead log. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The value now, or at `at` (seconds since the epoch), of each series of the result. Throws what Prometheus says. */
  async query(query: string, at: number | null = null): Promise<Result[]> {
    return this.#ask("query", { query, ...(at === null ? {} : { time: String(at) }) });
  }

  async range(query: string, start: number, end: number, step: number): Promise<Result[]> {
    return this.#ask("query_range", { query, start: String(start), end: String(end), step: String(step) });
  }

  /** A query whose result is one number; NaN if there is none. */
  async number(query: string, at: number | null = null): Promise<number> {
    const [first] = await this.query(query, at);
    return Number(first?.value?.[1] ?? Number.NaN);
  }

  async #ask(path: string, parameters: Record<string, string>): Promise<Result[]> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, { method: "POST", body: new URLSearchParams(parameters) });
    const body = (await answer.json()) as { status: string; error?: string; data: { result: Result[] } };
    if (body.status !== "success") throw new Error(`${body.error} in ${parameters["query"]}`);
    return body.data.result;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }
}
