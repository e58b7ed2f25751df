// How a run is going: a bar per scenario on a terminal, a line every few seconds elsewhere.

import type { MultiBar, SingleBar } from "cli-progress";
import type { Summary } from "../core/summary-type.ts";
import { duration, percent, trim } from "./format.ts";
import type { Io } from "./io.ts";

/** Without a terminal: how often a line is printed. Shorter floods the logs of a CI system. */
const LINE_EVERY_MS = 5000;

export interface Progress {
  update(summary: Summary): void;
  /** Until it has something to show of a run that is on; to know sooner is of no use to it. */
  untilNextMs(): number;
  /** Prints a message without tearing a bar apart. */
  note(text: string): void;
  /** Ends the bars; what is written afterwards comes below them. */
  stop(): void;
}

/** `stream` is stderr whenever stdout carries data. Messages go to stderr when they cannot go above a bar. */
export async function startProgress(stream: Io["stdout"], io: Io): Promise<Progress> {
  if (stream.isTTY !== true) return new LineProgress(stream, io);
  const { default: cliProgress } = await import("cli-progress");
  const bars = new cliProgress.MultiBar({
    stream,
    format: "  {scenario}  [{bar}] {percentage}%  {detail}",
    barCompleteChar: "=",
    barIncompleteChar: "-",
    barsize: 30,
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
    emptyOnZero: true,
    fps: 5,
  });
  return new BarProgress(bars, stream);
}

class BarProgress implements Progress {
  readonly #bars: MultiBar;
  readonly #stream: Io["stdout"];
  readonly #byScenario = new Map<string, SingleBar>();

  constructor(bars: MultiBar, stream: Io["stdout"]) {
    this.#bars = bars;
    this.#stream = stream;
  }

  update(summary: Summary): void {
    const names = Object.keys(summary.scenarios);
    const width = Math.max(...names.map((name) => name.length));
    for (const [name, scenario] of Object.entries(summary.scenarios)) {
      const payload = { scenario: name.padEnd(width), detail: detailOf(summary, name) };
      const value = Math.floor(scenario.progress * 100);
      const bar = this.#byScenario.get(name);
      if (bar === undefined) this.#byScenario.set(name, this.#bars.create(100, value, payload));
      else bar.update(value, payload);
    }
  }

  untilNextMs(): number {
    return 0;
  }

  note(text: string): void {
    if (this.#byScenario.size === 0) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#bars.log(`${text}\n`);
    this.#bars.update();
  }

  stop(): void {
    this.#bars.stop();
  }
}

class LineProgress implements Progress {
  readonly #stream: Io["stdout"];
  readonly #io: Io;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastState: string | null = null;

  constructor(stream: Io["stdout"], io: Io) {
    this.#stream = stream;
    this.#io = io;
  }

  update(summary: Summary): void {
    const nowMs = performance.now();
    if (summary.state === this.#lastState && nowMs - this.#lastMs < LINE_EVERY_MS) return;
    this.#lastMs = nowMs;
    this.#lastState = summary.state;
    const scenarios = Object.entries(summary.scenarios).map(
      ([name, { progress }]) => `${name} ${Math.floor(progress * 100)}%, ${detailOf(summary, name)}`,
    );
    const { total, failed } = summary.requests;
    const failures = failed === 0 ? "" : `; ${percent(failed / total)} of requests failed`;
    const head = `${summary.state} ${duration(summary.durationSeconds * 1000)}`;
    this.#stream.write(`${head}  ${scenarios.join("; ")}${failures}\n`);
  }

  untilNextMs(): number {
    return this.#lastState === "running" ? this.#lastMs + LINE_EVERY_MS - performance.now() : 0;
  }

  note(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  stop(): void {}
}

function detailOf(summary: Summary, name: string): string {
  const { target, iterations } = summary.scenarios[name]!;
  const rate = target > 0 ? `${trim(target)}/s, ` : "";
  return `${rate}${iterations.started} iterations`;
}
