// Frames with something in every field, for the tests of the wire.

import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import type { Frame, Report } from "../../node/core/frame.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { planHash } from "../../node/wire/plan-hash.ts";

const PLAN = `
name: wire
target: http://127.0.0.1:8080
scenarios:
  hits:
    executor: constant-arrival-rate
    rate: 10
    duration: 10s
    flow: [{ get: "/", name: hit }]
`;

const parsed = parsePlan(PLAN);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
export const { plan, document } = parsed;

export const ALIVE: MemberRecord = {
  id: "12D3KooWa",
  incarnation: 3,
  state: "alive",
  name: "agent ä",
  zone: "eu-1a",
  addresses: ["/ip4/127.0.0.1/tcp/7700", "/ip6/::1/tcp/7700"],
  api: "http://127.0.0.1:7600",
  weight: 2,
  view: 41,
  fromMs: 1_700_000_000_000.25,
  untilMs: Infinity,
};

export const LOST: MemberRecord = { ...ALIVE, id: "12D3KooWb", state: "lost", untilMs: 1_700_000_001_000 };

export const RUN: RunRecord = {
  spec: {
    id: "wire-1",
    plan,
    document,
    planHash: planHash(document),
    author: "12D3KooWa",
    publishedAtMs: 1_700_000_000_000,
    notAfterMs: 1_700_003_600_000,
  },
  control: { sequence: 0, author: "12D3KooWa", startAtMs: null, lineage: null, stopAtMs: null, stopReason: null },
};

export const STOPPED: RunRecord = {
  spec: { ...RUN.spec, id: "wire-2" },
  control: {
    sequence: 7,
    author: "x",
    startAtMs: 1_700_000_002_000,
    lineage: "12D3KooWa/3",
    stopAtMs: 1_700_000_003_000,
    stopReason: "aborted",
  },
};

const SKETCH = { index: [0, 5, 2303], count: [1, 2 ** 40, 3], sum: 12.5, min: 0.001, max: 1e6 };

export const REPORT: Report = {
  since: 4,
  snapshot: {
    run: "wire-1",
    member: "12D3KooWb",
    sequence: 9,
    atMs: 1_700_000_002_500.5,
    done: true,
    totals: {
      scenarios: [
        { scheduled: 2 ** 45, started: 9, completed: 8, interrupted: 1, dropped: [1, 0, 2, 0], iterationDuration: SKETCH, pacing: SKETCH },
      ],
      steps: [
        { requests: 9, failed: 1, bytesSent: 2 ** 50, bytesReceived: 11, duration: SKETCH, latency: SKETCH, waiting: SKETCH },
      ],
      checks: [{ passed: 5, failed: 6 }],
      status: [[200, 8], [503, 1]],
      errors: [0, 1, 0, 0, 0, 0, 0, 0, 0, 2],
    },
    points: [{ index: 3, started: 1, dropped: 2, requests: 3, failed: 4, duration: SKETCH }],
  },
};

/** One of every kind of message, each frame as the core makes it. */
export const FRAMES: Readonly<Record<string, Frame>> = {
  nothing: {},
  hello: { hello: true, members: [ALIVE, LOST], runs: [RUN, STOPPED] },
  "a member that left": { members: [{ ...LOST, state: "left" }] },
  "a stop by a person": { runs: [{ ...STOPPED, control: { ...STOPPED.control, stopReason: "stopped" } }] },
  reports: { reports: [REPORT, { ...REPORT, since: 0 }] },
  gather: { gather: { id: 5, run: "wire-1", have: [{ member: "12D3KooWb", sequence: 9 }, { member: "c", sequence: 0 }] } },
  gathered: { gathered: { id: 5 } },
};
