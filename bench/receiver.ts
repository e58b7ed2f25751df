// `npm run bench -- receiver`: what 200 agents cost one Prometheus: each pushes 250 series, a fifth of them native histograms, every
// five seconds, by the sender that agents have. Prints the receiver's CPU and memory, and the senders'.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createHttpPost } from "../node/metrics/http-post.ts";
import { RemoteWriteSender } from "../node/metrics/remote-write-sender.ts";
import { SeriesTable } from "../node/metrics/series-table.ts";
import { freePort } from "./peers/target.ts";
import { busySketch, COUNTERS, HISTOGRAMS, read } from "./remote-write.ts";

const AGENTS = 200;
const INTERVAL_MS = 5000;
/** The first one makes the series, which costs several times as much as adding to them. */
const WARM_UP_ROUNDS = 2;
const ROUNDS = 8;
/** Of each histogram between two pushes. */
const OBSERVATIONS = 50;
const READY_TRIES = 200;
/** Of the kernel's clock, per second. */
const TICKS = 100;

const BINARY = [process.env["PROMETHEUS"] ?? "", "/usr/bin/prometheus", "/usr/local/bin/prometheus"].find((path) => existsSync(path));

async function startPrometheus(folder: string): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  writeFileSync(join(folder, "prometheus.yml"), "global: {}\n");
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`];
  const features = ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms", "--log.level=error"];
  const child = spawn(BINARY!, [...flags, ...features], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${url}/-/ready`).then(({ ok }) => ok, () => false);
    if (ready) return { url, child };
    if (tries === READY_TRIES || child.exitCode !== null) throw new Error("Prometheus does not come up");
    await sleep(50);
  }
}

/** Seconds of CPU so far, and resident megabytes (10^6). */
function costOf(pid: number): { cpuS: number; residentMB: number } {
  // The name in brackets may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS, residentMB: (pages * 4096) / 1e6 };
}

class SimulatedAgent {
  readonly sender: RemoteWriteSender;
  readonly #http: ReturnType<typeof createHttpPost>;
  readonly #table: SeriesTable;

  constructor(url: string, number: number) {
    const settings = { headers: {}, authorization: null, ca: null, cert: null, key: null, insecure: false, userAgent: "loadswarm/bench" };
    this.#http = createHttpPost({ ...settings, url: `${url}/api/v1/write` });
    this.sender = new RemoteWriteSender({ post: this.#http.post, protocol: "auto", onNews() {} });
    this.#table = new SeriesTable(["loadswarm", `loadswarm-${number}`, `node-${number % 50}`, `zone-${number % 3}`], "native");
  }

  push(readings: ReturnType<typeof read>): void {
    this.sender.enqueue(this.#table.step(readings, Date.now()));
  }

  async close(): Promise<void> {
    await this.sender.drain(5000);
    await this.#http.close();
  }
}

async function measure(url: string, pid: number): Promise<void> {
  const agents = Array.from({ length: AGENTS }, (_, i) => new SimulatedAgent(url, i));
  const sketches = Array.from({ length: HISTOGRAMS }, (_, i) => busySketch(i));
  let before = { receiver: costOf(pid), own: process.cpuUsage(), atMs: performance.now() };
  const sinceMs = performance.now();
  const startMs = Date.now();
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    if (round === WARM_UP_ROUNDS) before = { receiver: costOf(pid), own: process.cpuUsage(), atMs: performance.now() };
    for (const [i, sketch] of sketches.entries()) for (let n = 0; n < OBSERVATIONS; n++) sketch.record(Math.exp(1 + (i % 3) + 3 * ((n * 0.618) % 1)));
    for (const [i, agent] of agents.entries()) {
      await sleep(Math.max(0, sinceMs + INTERVAL_MS * (round + i / AGENTS) - performance.now()));
      agent.push(read(sketches, round, startMs));
    }
  }
  const seconds = (performance.now() - before.atMs) / 1000;
  const own = process.cpuUsage(before.own);
  const receiver = costOf(pid);
  await Promise.all(agents.map((agent) => agent.close()));
  const counts = agents.map(({ sender }) => sender.counts());
  const sent = counts.reduce((sum, one) => sum + one.sent, 0);
  const lost = counts.reduce((sum, one) => sum + one.rejected + one.expired, 0);
  const series = AGENTS * (COUNTERS + HISTOGRAMS);
  const ownPercent = (100 * (own.user + own.system)) / 1e6 / seconds;
  console.log(`${AGENTS} agents, ${series} series (${AGENTS * HISTOGRAMS} native histograms), every ${INTERVAL_MS / 1000} s; ${sent} points sent, ${lost} lost`);
  console.log(`the receiver  ${((100 * (receiver.cpuS - before.receiver.cpuS)) / seconds).toFixed(1)} % of a core, ${receiver.residentMB.toFixed(0)} MB resident`);
  console.log(`each sender   ${(ownPercent / AGENTS).toFixed(3)} % of a core`);
}

export async function runReceiver(): Promise<void> {
  if (BINARY === undefined) throw new Error("Prometheus is not installed (apt-get install prometheus)");
  const folder = mkdtempSync(join(tmpdir(), "loadswarm-bench-"));
  const { url, child } = await startPrometheus(folder);
  try {
    await measure(url, child.pid!);
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}
