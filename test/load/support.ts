// A target that counts what it sees, and plans and engines to load it with.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { monotonicMs } from "../../node/load/clock.ts";
import { Gate } from "../../node/load/gate.ts";
import { type EngineOptions, LoadEngine, type SpawnWorker } from "../../node/load/engine.ts";
import type { Snapshot } from "../../node/metrics/results.ts";
import type { Assignment, Segment } from "../../node/plan/schedule.ts";
import { CIRCLE, type Stripe } from "../../node/plan/stripe.ts";
import type { Executor, HttpStep, Plan, Scenario, Step } from "../../node/plan/types.ts";

export const ALL: Stripe = { low: 0, width: CIRCLE };

/** Swarm time as every engine here has it: local time, unless a test changes the offset. */
export const CLOCK_BASE_MS = 1_700_000_000_000;
export const swarmNow = () => monotonicMs() + CLOCK_BASE_MS;

/** A gate that is open, or whatever a test says; counts how often it asked for a turn. */
export function gateOf(isOpen: () => boolean = () => true): Gate & { wakes: number } {
  const gate = Object.assign(new Gate(isOpen, () => gate.wakes++), { wakes: 0 });
  return gate;
}

export interface Target extends AsyncDisposable {
  readonly url: string;
  /** URLs asked for, in order. */
  readonly seen: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Listens on a free port of 127.0.0.1; answers `ok` unless told otherwise. */
export async function startTarget(answer: Answer = (_, response) => response.end("ok")): Promise<Target> {
  const seen: string[] = [];
  const server: Server = createServer((request, response) => {
    seen.push(request.url!);
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

export function step(url: string, more: Partial<HttpStep> = {}): HttpStep {
  return {
    kind: "http",
    name: url,
    method: "GET",
    url,
    headers: {},
    body: null,
    timeoutMs: 5_000,
    checks: [],
    captures: [],
    ...more,
  };
}

export function scenario(executor: Executor, flow: readonly Step[], more: Partial<Scenario> = {}): Scenario {
  return { name: "test", executor, startTimeMs: 0, gracefulStopMs: 3_000, flow, ...more };
}

/** `from` -> `to` arrivals per second; constant if they are the same. */
export function rate(from: number, to: number, durationMs: number, maxVUs: number | null = null): Executor {
  const curve = { startPerSecond: from, stages: [{ durationMs, targetPerSecond: to }] };
  return { kind: from === to ? "constant-arrival-rate" : "ramping-arrival-rate", curve, maxVUs };
}

export function planOf(target: string, ...scenarios: Scenario[]): Plan {
  return {
    name: "test",
    targets: [target],
    start: { minAgents: 1, delayMs: 0 },
    onMinority: "stop",
    scenarios,
    data: {},
    thresholds: [],
  };
}

/** An assignment that begins in `inMs`; the whole swarm's load unless segments are given. */
export function assignmentOf(plan: Plan, inMs: number, more: Partial<Assignment> = {}): Assignment {
  const startAtMs = swarmNow() + inMs;
  const segments: readonly Segment[] = [{ fromMs: startAtMs, stripe: ALL }];
  return { run: "run-1", plan, startAtMs, endAtMs: startAtMs + 3_600_000, segments, ...more };
}

/** An engine with an unbounded lease, unless a test sets another one. */
export interface Harness extends AsyncDisposable {
  readonly engine: LoadEngine;
  readonly snapshots: Snapshot[];
  readonly faults: Error[];
  /** The last report of the run that is over next. */
  readonly done: Promise<Snapshot>;
  /** Resolves when the threads run, so that no test depends on how long they take to start. */
  warmUp(): Promise<void>;
}

/** A run that is over before it begins. */
const WARM_UP = "warm-up";

export function startEngine(more: Partial<EngineOptions> = {}, spawn?: SpawnWorker): Harness {
  const snapshots: Snapshot[] = [];
  const faults: Error[] = [];
  const { promise, resolve } = Promise.withResolvers<Snapshot>();
  const warm = Promise.withResolvers<void>();
  const engine = new LoadEngine(
    {
      member: "agent-1",
      workers: 1,
      clockBaseMs: CLOCK_BASE_MS,
      guard: { loopbackOnly: true },
      onSnapshot(snapshot) {
        if (snapshot.run === WARM_UP) {
          warm.resolve();
          return;
        }
        snapshots.push(snapshot);
        if (snapshot.done) resolve(snapshot);
      },
      onFault: (error) => faults.push(error),
      ...more,
    },
    spawn,
  );
  engine.setLease(Number.POSITIVE_INFINITY);
  return {
    engine,
    snapshots,
    faults,
    done: promise,
    warmUp() {
      const plan = planOf("http://127.0.0.1:1", scenario(rate(1, 1, 1_000), []));
      engine.assign(assignmentOf(plan, 0, { run: WARM_UP, endAtMs: 0 }));
      return warm.promise;
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

/** Runs a plan to its end on one engine of its own, `inMs` from now. */
export async function run(plan: Plan, more: Partial<EngineOptions> = {}, inMs = 300): Promise<Harness & { last: Snapshot }> {
  const harness = startEngine(more);
  await harness.warmUp();
  harness.engine.assign(assignmentOf(plan, inMs));
  const last = await harness.done;
  await harness.engine.close();
  return { ...harness, last };
}
