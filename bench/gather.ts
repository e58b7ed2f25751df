// How long a summary of a large swarm takes, in simulated time: production results over links of 1 to 7 ms, all in one view.

import { Chain } from "../node/core/agreement/chain.ts";
import { AgreedView } from "../node/core/agreement/view.ts";
import type { MemberRecord, RunRecord } from "../node/core/events.ts";
import { Members } from "../node/core/members.ts";
import { Outbox } from "../node/core/outbox.ts";
import { Results } from "../node/core/results.ts";
import { firstControl } from "../node/core/runs.ts";
import type { Summary } from "../node/core/summary-type.ts";
import { emptyTotals, mergeTotals, NO_TOTALS } from "../node/metrics/merge.ts";
import type { Snapshot } from "../node/metrics/results.ts";
import { Sketch } from "../node/metrics/sketch.ts";
import type { Plan } from "../node/plan/types.ts";

const STARTED_MS = 1_700_000_000_000;
const SECONDS = 60;
const LATENCY_MS = { least: 1, most: 7 } as const;

export interface GatherCost {
  readonly simulatedMs: number;
  readonly cpuMs: number;
  readonly frames: number;
  /** Agents whose results are in the summary. */
  readonly reported: number;
}

interface Node {
  readonly id: string;
  readonly out: Outbox;
  readonly results: Results;
  isUp: boolean;
}

/** Every agent has reported; one in `crashedEvery` (0: none) has crashed since, and its links have closed. */
export function measureGather(agents: number, crashedEvery: number): GatherCost {
  const swarm = new Swarm(agents);
  swarm.report();
  if (crashedEvery > 0) swarm.crash(crashedEvery);
  const cpu = process.cpuUsage();
  const { simulatedMs, summary } = swarm.ask();
  const { user, system } = process.cpuUsage(cpu);
  return { simulatedMs, cpuMs: (user + system) / 1000, frames: swarm.frames, reported: summary.agents.reported };
}

class Swarm {
  readonly #nodes = new Map<string, Node>();
  readonly #view: AgreedView;
  readonly #run = runOf();
  /** What happens, by the millisecond. */
  readonly #due = new Map<number, (() => void)[]>();
  #summary: Summary | null = null;
  #nowMs = STARTED_MS + 1000 * SECONDS + 10_000;
  frames = 0;

  constructor(agents: number) {
    const ids = Array.from({ length: agents }, (_, i) => `agent-${String(i).padStart(5, "0")}`);
    const member = (id: string) => ({ id, incarnation: 1, weight: 1, fromWindow: 0 });
    this.#view = AgreedView.of({ number: 1, fromWindow: 0, members: ids.map(member) });
    const members = new Members();
    for (const id of ids) members.merge(recordOf(id));
    const agreement = { lineage: { id: "bench", bornMs: 0 }, view: this.#view, chain: new Chain(this.#view), isExcluded: () => false };
    ids.forEach((id, position) => {
      const neighbours = this.#view.neighboursOf(position).map((one) => ids[one]!);
      const out = new Outbox();
      for (const peer of neighbours) out.links.add(peer);
      this.#nodes.set(id, { id, out, results: new Results(id, { agreement, members, neighbours }, out, () => true, () => 0), isUp: true });
    });
  }

  report(): void {
    for (const node of this.#nodes.values()) {
      node.results.own(snapshotOf(node.id));
      this.#deliver(node);
    }
    this.#passUntil(() => false);
    this.frames = 0;
  }

  crash(every: number): void {
    [...this.#nodes.values()].forEach((node, index) => {
      node.isUp = index % every !== every - 1;
      if (node.isUp) return;
      for (const peer of node.out.links) {
        const other = this.#nodes.get(peer)!;
        other.out.links.delete(node.id);
        other.results.linkDown(node.id);
        this.#deliver(other);
      }
    });
    this.#passUntil(() => false);
    this.frames = 0;
  }

  ask(): { readonly simulatedMs: number; readonly summary: Summary } {
    const [asker] = this.#nodes.values();
    const fromMs = this.#nowMs;
    asker!.results.gather(this.#run, true, this.#nowMs);
    this.#deliver(asker!);
    this.#passUntil(() => this.#summary !== null);
    return { simulatedMs: this.#nowMs - fromMs, summary: this.#summary! };
  }

  /** In the order of time; what does not come over links takes as long as there and back to be refused. */
  #deliver(node: Node): void {
    for (const gathering of node.results.turn(this.#nowMs)) {
      this.#summary = node.results.summary(gathering, this.#run, this.#nowMs);
    }
    for (const effect of node.out.take()) {
      if (effect.kind !== "send") continue;
      this.frames++;
      const { to, frame } = effect;
      const latencyMs = LATENCY_MS.least + (this.frames % (LATENCY_MS.most - LATENCY_MS.least + 1));
      const other = this.#nodes.get(to)!;
      if (other.isUp) this.#at(latencyMs, other, () => other.results.hear(node.id, frame, this.#nowMs));
      else this.#at(2 * latencyMs, node, () => node.results.linkDown(to));
    }
    const nextMs = node.results.nextMs();
    if (Number.isFinite(nextMs)) this.#at(nextMs - this.#nowMs, node, () => {});
  }

  #at(afterMs: number, node: Node, act: () => void): void {
    const run = (): void => {
      act();
      this.#deliver(node);
    };
    const atMs = Math.ceil(this.#nowMs + Math.max(1, afterMs));
    const due = this.#due.get(atMs);
    if (due === undefined) this.#due.set(atMs, [run]);
    else due.push(run);
  }

  #passUntil(isOver: () => boolean): void {
    while (this.#due.size > 0 && !isOver()) {
      const due = this.#due.get(++this.#nowMs) ?? [];
      this.#due.delete(this.#nowMs);
      for (const run of due) run();
    }
  }
}

function recordOf(id: string): MemberRecord {
  const [fromMs, untilMs] = [STARTED_MS - 60_000, Number.POSITIVE_INFINITY];
  return { id, incarnation: 1, state: "alive", name: id, zone: "", addresses: [], api: "", weight: 1, view: 1, fromMs, untilMs };
}

/** As much as an agent has to tell after a minute: a latency of every size, and a point for every second. */
function snapshotOf(member: string): Snapshot {
  const sketch = Sketch.create();
  for (let ms = 1; ms < 1000; ms *= 1.05) sketch.record(ms);
  const duration = sketch.extract();
  const counts = { started: 10, dropped: 0, requests: 10, failed: 0, strained: 0, bottleneck: 0 };
  const points = Array.from({ length: SECONDS }, (_, index) => ({ index, ...counts, duration }));
  const base = emptyTotals({ scenarios: 1, steps: 1, checks: 0 });
  const steps = base.steps.map((step) => ({ ...step, requests: 600, duration, latency: duration, waiting: duration }));
  const totals = mergeTotals(NO_TOTALS, { ...base, steps });
  return { run: RUN_ID, member, sequence: 1, atMs: STARTED_MS + 1000 * SECONDS, done: true, totals, points };
}

const RUN_ID = "bench";

function runOf(): RunRecord {
  const rate = 1000;
  const curve = { startPerSecond: rate, stages: [{ durationMs: 1000 * SECONDS, targetPerSecond: rate }] };
  const request = { kind: "http", name: "hit", method: "GET", url: "/", headers: {}, body: null } as const;
  const plan: Plan = {
    name: "bench",
    targets: ["http://127.0.0.1:1"],
    start: { minAgents: 1, delayMs: 0 },
    onMinority: "stop",
    scenarios: [
      {
        name: "hits",
        executor: { kind: "constant-arrival-rate", curve, maxVUs: null },
        startTimeMs: 0,
        gracefulStopMs: 0,
        flow: [{ ...request, timeoutMs: 1000, checks: [], captures: [] }],
      },
    ],
    data: {},
    thresholds: [],
  };
  const notAfterMs = STARTED_MS + 3_600_000;
  const spec = { id: RUN_ID, plan, document: "", planHash: "", author: "bench", publishedAtMs: STARTED_MS, notAfterMs };
  return { spec, control: firstControl("bench", STARTED_MS, null) };
}
