// What an agent exports, and for how long.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { AgentMetrics, LEAN_ABOVE_MEMBERS } from "../../node/agent/agent-metrics.ts";
import type { Gathered } from "../../node/agent/for-all.ts";
import { nothingDropped } from "../../node/core/dropped.ts";
import type { RunRecord, Seat } from "../../node/core/events.ts";
import type { Measured } from "../../node/load/report.ts";
import { RunReport } from "../../node/load/report.ts";
import { firstInHashOrder } from "../../node/core/rings.ts";
import type { Reading } from "../../node/metrics/reading.ts";
import type { SketchData } from "../../node/metrics/results.ts";
import { sketchCount } from "../../node/metrics/sketch.ts";
import type { Threshold } from "../../node/plan/types.ts";
import { planOf, rate, scenario, step } from "../load/support.ts";

const START = 1_795_000_000_000;
const UPTIME_MS = 10_000;
const plan = planOf("http://127.0.0.1", scenario(rate(120, 120, 20_000), [step("/one"), step("/two")]));

let nowMs = START;
let members = 3;
let running: Measured[] = [];
let metrics: AgentMetrics;
/** Runs whose summary was asked for. */
let asked: string[] = [];

/** What is known of runs, and what a summary says of requests. */
let records = new Map<string, RunRecord>();
let steps: Gathered["steps"] = {};

const seat = (id: string): Seat => ({ member: { id, state: "alive" }, share: 0.25 }) as unknown as Seat;
const record = (author: string, publishedAtMs: number, sequence: number): RunRecord =>
  ({ spec: { author, publishedAtMs }, control: { sequence } }) as unknown as RunRecord;
const stepOf = (requests: number, failed: number): Gathered["steps"][string] =>
  ({ requests, failed, duration: { count: requests, med: 5, "p(95)": 20, "p(99)": 50 } }) as unknown as Gathered["steps"][string];

function measured(run: string): Measured {
  const report = new RunReport(run, "me", plan, START);
  const { arena } = report.addArena();
  for (let i = 0; i < 7; i++) arena.request(0, 0, false, 10, 100, 200);
  arena.request(1, 0, true, 10, 0);
  return report.measure({ run, plan, startAtMs: START, endAtMs: START + 20_000, segments: [] });
}

beforeEach(() => {
  [nowMs, members, running, asked] = [START, 3, [], []];
  [records, steps] = [new Map(), {}];
  metrics = new AgentMetrics({
    version: "1.2.3",
    detail: "auto",
    self: "m0",
    now: () => nowMs,
    uptimeMs: () => UPTIME_MS,
    clockOffsetMs: () => 0,
    viewNumber: () => 4,
    seats: () => Array.from({ length: members }, (_, i) => seat(`m${i}`)),
    measure: () => running,
    network: () => ({
      framesDropped: 1,
      framesRefused: 2,
      membersRefused: 3,
      peersRefused: 4,
      connectionsRefused: 8,
      traffic: [{ carrier: "frames", direction: "out", messages: 13, bytes: 1400 }],
      links: 5,
      gossip: { duplicates: 14, listeners: 15, mesh: 16 },
    }),
    record: (run) => records.get(run) ?? null,
    unmetPerSecond: () => 6,
    dropped: () => ({ ...nothingDropped(), roll_calls: 7 }),
    openCounts: () => ({ open: 11, made: 12, requests: 17 }),
    framesUnheard: () => 9,
    runsRefused: () => 10,
    summary: async (run) => {
      asked.push(run);
      const thresholds = [{ metric: "http_req_failed", expression: "rate<0.1", ok: asked.length > 1, value: 0.2 }];
      return { thresholds, steps };
    },
  });
});

afterEach(() => metrics.stop());

const named = (name: string): Reading[] => metrics.read().filter(({ meter }) => meter.name === name);
const values = (name: string) => named(name).map(({ labels, value }) => [...labels, value]);

it("tells how the swarm is", () => {
  metrics.event({ type: "resplit", atMs: START, members: 3, share: 0.25 });
  metrics.event({ type: "lost", atMs: START, member: "m9", name: "nine" });
  metrics.event({ type: "run", atMs: START, run: "r-1", state: "running" });
  assert.deepEqual(values("loadswarm_swarm_members"), [["alive", 3]]);
  assert.deepEqual(values("loadswarm_swarm_share_ratio"), [[0.25]]);
  assert.deepEqual(values("loadswarm_swarm_view_id"), [[4]]);
  assert.deepEqual(values("loadswarm_swarm_resplits_total"), [[1]]);
  assert.deepEqual(values("loadswarm_swarm_events_total"), [
    ["resplit", 1],
    ["lost", 1],
    ["run_running", 1],
  ]);
  assert.deepEqual(values("loadswarm_unmet_rate"), [[6]]);
  assert.deepEqual(values("loadswarm_gossip_messages_total"), [["frames", "out", 13]]);
  assert.deepEqual(values("loadswarm_gossip_bytes_total"), [["frames", "out", 1400]]);
  assert.deepEqual([values("loadswarm_connections_open"), values("loadswarm_connections_opened_total")], [[[11]], [[12]]]);
  assert.deepEqual(values("loadswarm_requests_in_flight"), [[17]]);
  assert.deepEqual(values("loadswarm_agent_info"), [["1.2.3", 1]]);
  assert.deepEqual(values("loadswarm_gossip_duplicates_total"), [[14]]);
  assert.deepEqual(values("loadswarm_gossip_peers"), [["topic", 15], ["mesh", 16]]);
});

it("how long news of a run took: of runs that others published since this agent is up", () => {
  const heard = (run: string, ms: number) => metrics.event({ type: "run", run, state: "scheduled", atMs: START + ms });
  records.set("theirs", record("m1", START + 100, 1));
  records.set("mine", record("m0", START + 100, 1));
  records.set("before me", record("m1", START + 349 - UPTIME_MS, 1));
  for (const run of ["theirs", "mine", "before me", "unknown"]) heard(run, 350);
  metrics.event({ type: "run", run: "theirs", state: "running", atMs: START + 2000 });
  const [{ value }] = named("loadswarm_gossip_delivery_seconds") as [Reading];
  const sketch = value as SketchData;
  assert.deepEqual([sketchCount(sketch), sketch.sum], [1, 250]);
});

it("the number of the latest word on a run, for as long as it is on", () => {
  running = [measured("r-1")];
  assert.deepEqual(values("loadswarm_plan_version"), []);
  records.set("r-1", record("m1", START, 7));
  assert.deepEqual(values("loadswarm_plan_version"), [["r-1", 7]]);
  running = [];
  assert.deepEqual(values("loadswarm_plan_version"), []);
});

it("of a run: requests by name, and the part of the rate that is this agent's while the run lasts", () => {
  running = [measured("r-1")];
  const { name: scenario } = plan.scenarios[0]!;
  const [one, two] = plan.scenarios[0]!.flow.map((each) => (each.kind === "http" ? each.name : ""));
  assert.deepEqual(values("loadswarm_requests_total"), [
    ["r-1", scenario, one, "2xx", "ok", 7],
    ["r-1", scenario, two, "none", "fail", 1],
  ]);
  for (const [elapsedMs, target] of [
    [-1, 0],
    [0, 30],
    [19_999, 30],
    [20_000, 0],
  ] as const) {
    nowMs = START + elapsedMs;
    assert.deepEqual(values("loadswarm_target_rate"), [["r-1", scenario, target]]);
  }
});

it("a run's last numbers stay for a minute after it, its gauges of the present do not", () => {
  running = [measured("r-1")];
  metrics.finished(running[0]!);
  running = [];
  nowMs += 60_000;
  assert.equal(values("loadswarm_requests_total").length, 2);
  assert.deepEqual(values("loadswarm_target_rate"), []);
  nowMs += 1;
  assert.deepEqual(values("loadswarm_requests_total"), []);
});

it("in a large swarm requests have no names; a run that has begun keeps to how it began", () => {
  running = [measured("r-1")];
  assert.equal(
    values("loadswarm_requests_total")[0]![2],
    plan.scenarios[0]!.flow[0]!.kind === "http" ? plan.scenarios[0]!.flow[0]!.name : "",
  );
  members = LEAN_ABOVE_MEMBERS + 1;
  running = [...running, measured("r-2")];
  const names = (run: string) =>
    named("loadswarm_requests_total")
      .filter(({ labels }) => labels[0] === run)
      .map(({ labels }) => labels[2]);
  assert.ok(names("r-1").every((name) => name !== ""));
  assert.deepEqual(names("r-2"), ["", ""]);
});

it("the first in hash order asks how the thresholds stand, not more often than it pushes, and tells the latest answer", async () => {
  members = 1;
  const one = measured("r-1");
  const threshold = { metric: "http_req_failed" } as Threshold;
  running = [{ ...one, assignment: { ...one.assignment, plan: { ...plan, thresholds: [threshold] } } }];
  const told = () => values("loadswarm_threshold_ok");
  nowMs = START - 1;
  assert.deepEqual(told(), []);
  assert.deepEqual(asked, []);
  nowMs = START;
  assert.deepEqual(told(), []);
  await Promise.resolve();
  assert.deepEqual([told(), asked.length], [[["r-1", "http_req_failed: rate<0.1", 0]], 1]);
  nowMs += 5000;
  told();
  await Promise.resolve();
  assert.deepEqual([told(), asked.length], [[["r-1", "http_req_failed: rate<0.1", 1]], 2]);
});

describe("in a large swarm", () => {
  /** Reads until the answer of the gathering is there. */
  async function gathered(): Promise<void> {
    nowMs += 5000;
    metrics.read();
    await Promise.resolve();
  }

  /** A run for which this agent is first in hash order, or is not. */
  function first(isFirst = true): void {
    members = LEAN_ABOVE_MEMBERS + 1;
    const ids = Array.from({ length: members }, (_, i) => `m${i}`);
    for (let i = 0; ; i++) {
      if (firstInHashOrder(`run-${i}`, ids, 1).includes("m0") !== isFirst) continue;
      running = [measured(`run-${i}`)];
      return;
    }
  }

  it("one agent tells requests by name for all: counts, and quantiles of all together", async () => {
    first();
    const [{ assignment }] = running as [Measured];
    steps = { "/one": stepOf(1000, 10), "/idle": stepOf(0, 0) };
    await gathered();
    assert.deepEqual(values("loadswarm_swarm_requests_total"), [
      [assignment.run, "/one", "ok", 990],
      [assignment.run, "/one", "fail", 10],
      [assignment.run, "/idle", "ok", 0],
      [assignment.run, "/idle", "fail", 0],
    ]);
    assert.deepEqual(values("loadswarm_swarm_request_duration_seconds"), [
      [assignment.run, "/one", "0.5", 0.005],
      [assignment.run, "/one", "0.95", 0.02],
      [assignment.run, "/one", "0.99", 0.05],
    ]);
  });

  it("and a gathering that misses somebody makes no counter go back", async () => {
    first();
    const total = () => values("loadswarm_swarm_requests_total").map((row) => row.at(-1));
    steps = { "/one": stepOf(1000, 10) };
    await gathered();
    assert.deepEqual(total(), [990, 10]);
    steps = { "/one": stepOf(600, 9) };
    await gathered();
    assert.deepEqual(total(), [990, 10]);
    steps = { "/one": stepOf(1200, 12) };
    await gathered();
    assert.deepEqual(total(), [1188, 12]);
  });

  it("the others tell nothing of the kind, and in a small one nobody does", async () => {
    steps = { "/one": stepOf(1, 0) };
    first(false);
    await gathered();
    assert.deepEqual([asked, values("loadswarm_swarm_requests_total")], [[], []]);
    [members, running] = [1, [measured("small")]];
    await gathered();
    assert.deepEqual([asked, values("loadswarm_swarm_requests_total")], [[], []]);
  });
});

it("of a hundred agents one asks", () => {
  const one = measured("r-1");
  running = [{ ...one, assignment: { ...one.assignment, plan: { ...plan, thresholds: [{} as Threshold] } } }];
  members = 100;
  metrics.read();
  assert.deepEqual(asked, []);
});

it("an agent in the middle of a run of 20 requests, a quarter of which also fail, keeps to 250 series", () => {
  const flow = (of: number, count: number) => Array.from({ length: count }, (_, i) => step(`/${of}/${i}`, { checks: [{ name: "up", kind: "status", anyOf: [200] }] }));
  const scenarios = [7, 7, 6].map((count, of) => ({ ...scenario(rate(10, 10, 20_000), flow(of, count)), name: `s${of}` }));
  const large = planOf("http://127.0.0.1", ...scenarios);
  const report = new RunReport("large", "me", large, START);
  const { arena } = report.addArena();
  for (let i = 0; i < 3; i++) {
    arena.started(i, 0, 0.1);
    arena.completed(i, 5);
  }
  for (let i = 0; i < 20; i++) {
    arena.request(i, 0, false, 10, 100, 200);
    arena.timings(i, 5, 5, 4, false);
    arena.check(i, true);
    if (i % 4 !== 0) continue;
    arena.request(i, 0, true, 10, 100, 0);
    arena.error(0, i);
    arena.timings(i, 5, 5, 4, true);
    arena.check(i, false);
  }
  const busy = report.measure({ run: "large", plan: large, startAtMs: START, endAtMs: START + 20_000, segments: [] });
  const threads = Array.from({ length: 4 }, () => ({ verdict: "ok", utilization: 0.1 })) as unknown as Measured["threads"];
  running = [{ ...busy, threads }];
  records.set("large", record("m1", START, 2));
  for (const type of ["joined", "left", "lost"] as const) metrics.event({ type, atMs: START, member: "m9", name: "nine" });
  for (const state of ["scheduled", "running", "finished"] as const) metrics.event({ type: "run", atMs: START, run: "large", state });
  // And what the push counts of itself: samples by three results, answers by two codes, and five more.
  const series = metrics.read().length + 10;
  assert.ok(series > 130 && series <= 250, `${series} series`);
});
