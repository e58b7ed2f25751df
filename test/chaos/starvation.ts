// How long the agents' threads were ready to run and had no core, as the kernel counts it: what the machine took from
// each of them, which a thread that keeps time on another core does not see.

import { readdirSync, readFileSync } from "node:fs";
import { slower } from "../support/dilation.ts";

const SAMPLE_MS = 500;

interface Sample {
  readonly fromMs: number;
  readonly toMs: number;
  /** Mean over the agents, each of whom waited as long as that of its threads that waited longest. */
  readonly waitedMs: number;
}

export class Starvation {
  readonly #pids: () => readonly number[];
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;
  /** Nanoseconds so far, by thread. */
  #waitedNs = new Map<string, number>();
  #lastMs = Date.now();

  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Milliseconds that an agent waited for a core between two instants, on average. */
  waitedMs(fromMs: number, toMs: number): number {
    const within = this.#samples.filter((sample) => sample.toMs > fromMs && sample.fromMs < toMs);
    return within.reduce((sum, { waitedMs }) => sum + waitedMs, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const [fromMs, toMs] = [this.#lastMs, Date.now()];
    const [before, now] = [this.#waitedNs, new Map<string, number>()];
    const pids = this.#pids();
    let sumNs = 0;
    for (const pid of pids) {
      let mostNs = 0;
      for (const [thread, ns] of waitedByThread(pid)) {
        now.set(thread, ns);
        mostNs = Math.max(mostNs, ns - (before.get(thread) ?? ns));
      }
      sumNs += mostNs;
    }
    this.#samples.push({ fromMs, toMs, waitedMs: sumNs / 1e6 / slower() / Math.max(1, pids.length) });
    [this.#waitedNs, this.#lastMs] = [now, toMs];
  }
}

/** Second figure of https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat; none of a dead process. */
function waitedByThread(pid: number): [string, number][] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [, waitedNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      return [`${pid}/${thread}`, Number(waitedNs)];
    });
  } catch {
    return [];
  }
}
