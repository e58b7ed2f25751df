// Frames with something in every field, for the tests of the wire.

import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import type {
  Ballot,
  Chain,
  Commit,
  Frame,
  Part,
  Positions,
  Report,
  Standing,
  ViewChange,
} from "../../node/core/frame.ts";
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
  weight: 1.75,
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
    lineage: "0123456789abcdef",
    stopAtMs: 1_700_000_003_000,
    stopReason: "aborted",
  },
};

const NOTHING = { index: [], count: [], sum: 0, min: 0, max: 0 };
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
        {
          scheduled: 2 ** 45,
          started: 9,
          completed: 8,
          interrupted: 1,
          dropped: [1, 0, 2, 0],
          iterationDuration: SKETCH,
          pacing: SKETCH,
          phases: [SKETCH, NOTHING, SKETCH, SKETCH, SKETCH],
        },
      ],
      steps: [
        { requests: 9, failed: 1, bytesSent: 2 ** 50, bytesReceived: 11, duration: SKETCH, latency: SKETCH, waiting: SKETCH },
      ],
      checks: [{ passed: 5, failed: 6 }],
      status: [[200, 8], [503, 1]],
      errors: [0, 1, 0, 0, 0, 0, 0, 0, 0, 2],
    },
    points: [{ index: 3, started: 1, dropped: 2, requests: 3, failed: 4, duration: SKETCH, strained: 1, bottleneck: 2 }],
  },
};

const NOW = 1_790_000_000_123.25;
/** The window that contains NOW. */
export const WINDOW = 3_580_000_000;

export const STANDING: Standing = {
  lineage: "0123456789abcdef",
  bornMs: NOW - 1e6,
  rank: 2,
  view: 41,
  digest: 2 ** 32 - 1,
  sentAtMs: NOW,
  restsFrom: WINDOW + 20,
};

/** The set of these positions. */
export function positions(...members: number[]): Positions {
  const set = new Uint32Array(Math.ceil((Math.max(-1, ...members) + 1) / 32));
  for (const position of members) set[position >> 5]! |= 1 << (position & 31);
  return set;
}

/** All positions of a view of this size. */
export function everybody(size: number): Positions {
  return positions(...Array.from({ length: size }, (_, i) => i));
}

const CHANGE: ViewChange = {
  fromWindow: WINDOW + 4,
  removed: [0, 3, 199],
  added: [
    { id: "12D3KooWx", incarnation: 2, weight: 102_400, fromWindow: WINDOW + 4 },
    { id: "12D3KooWy", incarnation: 2 ** 40, weight: 1, fromWindow: WINDOW + 5 },
  ],
  reweighed: [{ position: 7, weight: 3 }, { position: 9, weight: 8 }],
};

const COMMIT: Commit = { number: 42, ballot: WINDOW - 1, change: CHANGE, locks: everybody(150) };
const BALLOT: Ballot = { view: 41, ballot: WINDOW, change: CHANGE, votes: everybody(100), locks: positions() };

const CHAIN: Chain = {
  base: {
    number: 41,
    fromWindow: WINDOW - 1000,
    members: [
      { id: "12D3KooWa", incarnation: 3, weight: 2, fromWindow: WINDOW - 5000 },
      { id: "12D3KooWb", incarnation: 1, weight: 2, fromWindow: WINDOW - 1000 },
    ],
  },
  commits: [COMMIT],
};

const { totals, points } = REPORT.snapshot;
const PART: Part = {
  heard: everybody(3000),
  reported: everybody(2999),
  done: positions(5),
  failed: positions(),
  totals,
  intervals: points.map((point) => ({ ...point, agents: 2999 })),
  isStale: true,
};

/** One of every kind of message, each frame as the core makes it. */
export const FRAMES: Readonly<Record<string, Frame>> = {
  nothing: {},
  hello: { hello: true, members: [ALIVE, LOST], runs: [RUN, STOPPED] },
  "a member that left": { members: [{ ...LOST, state: "left" }] },
  "a run that an operator permits": { runs: [{ ...RUN, spec: { ...RUN.spec, permit: `1.ed25519:${"x".repeat(43)}.1.${"0".repeat(64)}.${"y".repeat(86)}` } }] },
  "a stop by a person": { runs: [{ ...STOPPED, control: { ...STOPPED.control, stopReason: "stopped" } }] },
  reports: { reports: [REPORT, { ...REPORT, since: 0 }] },
  gather: { gather: { id: 5, run: "wire-1", have: [{ member: "12D3KooWb", sequence: 9 }, { member: "c", sequence: 0 }] } },
  gathered: { gathered: { id: 5 } },
  "a gather of many": {
    gather: {
      id: 2 ** 32 - 1,
      run: "wire-1",
      have: [],
      scope: {
        lineage: "0123456789abcdef",
        view: 41,
        ask: everybody(3000),
        avoid: positions(0, 16_383),
        silent: positions(),
        patienceMs: 680,
      },
      fromPoint: 2 ** 32 - 1,
      sinceMs: NOW,
    },
  },
  "a part of an answer": { reports: [REPORT], gathered: { id: 5, more: true } },
  "the last part of an answer": { gathered: { id: 5, part: PART } },
  "a member that nobody has admitted": { members: [{ ...ALIVE, fromMs: Infinity, untilMs: Infinity }] },
  "a member that left before": { members: [{ ...ALIVE, state: "left", fromMs: Infinity, untilMs: Infinity }] },
  goodbye: { goodbye: true },
  pull: { pull: true },
  "a quiet frame": {
    standing: STANDING,
    rollCalls: [{ view: 41, window: WINDOW, excluded: positions(), present: everybody(200) }],
    echo: { sentAtMs: NOW - 2.5, heldMs: 0.125 },
  },
  agreement: {
    standing: { ...STANDING, rank: 0 },
    rollCalls: [
      { view: 41, window: WINDOW - 12, excluded: positions(3, 199), present: everybody(3) },
      { view: 40, window: WINDOW + 1, excluded: positions(), present: positions(31, 32, 8191) },
    ],
    adoptions: [{ view: 41, members: everybody(3000) }, { view: 40, members: positions(7) }],
    ballots: [BALLOT, { ...BALLOT, ballot: WINDOW - 3, locks: positions(5) }],
    accusations: [
      { view: 41, target: 3, accuser: 5, version: 1, kind: "silent" },
      { view: 41, target: 0, accuser: 16_383, version: 2 ** 50, kind: "closed" },
      { view: 0, target: 3, accuser: 0, version: 2, kind: "none" },
    ],
    commits: [COMMIT, { ...COMMIT, number: 43, change: { fromWindow: 0, removed: [], added: [], reweighed: [] } }],
    chain: CHAIN,
  },
  "windows without a standing": {
    rollCalls: [{ view: 1, window: -(2 ** 40), excluded: positions(), present: positions(0) }],
  },
};
