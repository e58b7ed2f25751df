// The rehearsal of a run, in a worker made of a map of runs and a loop.

import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Socket } from "node:net";
import { it } from "node:test";
import { allocateArena } from "../../node/load/arena.ts";
import { SharedClock } from "../../node/load/clock.ts";
import { HttpDriver } from "../../node/load/drivers/http.ts";
import { TargetGuard } from "../../node/load/guard.ts";
import type { StartMessage } from "../../node/load/messages.ts";
import { OpenCount } from "../../node/load/open-count.ts";
import { REHEARSAL, Rehearsal } from "../../node/load/rehearsal.ts";
import { ACTS, REHEARSAL_LEAD_MS, REST_MS } from "../../node/load/rehearsal-plan.ts";
import { RunLoad } from "../../node/load/run.ts";
import { shapeOf } from "../../node/load/shape.ts";
import type { Plan } from "../../node/plan/types.ts";
import { ALL, assignmentOf, CLOCK_BASE_MS, planOf, rate, run, scenario, startTarget, step } from "./support.ts";

const TARGET = "http://127.0.0.1:1";
const FAST = planOf(TARGET, scenario(rate(10_000, 10_000, 60_000), [step("/{{ iterationInTest }}")]));
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A worker that gives turns to rehearsals only, so that whatever is sent, they send. */
function worker() {
  const clock = new SharedClock(CLOCK_BASE_MS);
  clock.setLease(Number.POSITIVE_INFINITY);
  const acts: RunLoad[] = [];
  const ended = Promise.withResolvers<void>();
  class Runs extends Map<string, RunLoad> {
    override set(key: string, load: RunLoad): this {
      if (key === REHEARSAL) acts.push(load);
      return super.set(key, load);
    }

    override delete(key: string): boolean {
      if (key === REHEARSAL && acts.length === ACTS) ended.resolve();
      return super.delete(key);
    }
  }
  const runs = new Runs();
  const loop = (): void => {
    rehearsal.look(clock.nowMs());
    const act = runs.get(REHEARSAL);
    if (act === undefined) return;
    act.turn(clock.nowMs());
    if (act.isFinished(clock.nowMs())) rehearsal.endAct();
    else setTimeout(loop, 1);
  };
  const rehearsal = new Rehearsal({ clock, runs, wake: () => void setImmediate(loop) });
  const driver = new HttpDriver(new TargetGuard({ loopbackOnly: true }));
  const counts = new OpenCount();
  /** As a worker does when it is told of a run that begins `inMs` from now. */
  const tell = (plan: Plan, inMs: number, id = "run-1"): StartMessage => {
    const { startAtMs, endAtMs, segments } = assignmentOf(plan, inMs);
    const shape = shapeOf(plan);
    const fromMs = plan.scenarios.map(() => startAtMs);
    const common = { run: id, plan, startAtMs, endAtMs, segments, dealt: [ALL], fromMs, progress: [null], ignoresLease: false };
    const start: StartMessage = { kind: "start", ...common, shape, memory: allocateArena(shape) };
    runs.set(id, new RunLoad(start, { driver, counts, worker: { inFlight: 0 }, clock, wake: () => {} }));
    rehearsal.prepare(start);
    return start;
  };
  return { clock, runs, acts, rehearsal, tell, ended: ended.promise };
}

/** Every socket of this process from now on, whichever side it is on. */
function sockets() {
  const clients: Socket[] = [];
  const servers: Socket[] = [];
  /** Those that were connected to, and those that were accepted on. */
  const ports: number[] = [];
  const accepting = new Set<number>();
  const onClient = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    clients.push(socket);
    socket.once("connect", () => ports.push(socket.remotePort!));
  };
  const onServer = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    servers.push(socket);
    accepting.add(socket.localPort!);
  };
  channel("net.client.socket").subscribe(onClient);
  channel("net.server.socket").subscribe(onServer);
  const stop = (): void => {
    channel("net.client.socket").unsubscribe(onClient);
    channel("net.server.socket").unsubscribe(onServer);
  };
  return { clients, servers, ports, accepting, stop };
}

it("plays the run to itself: every connection is one to this process, and all are closed", { timeout: 20_000 }, async () => {
  const opened = sockets();
  const { runs, acts, tell, ended } = worker();
  tell(FAST, REHEARSAL_LEAD_MS);
  await ended;
  assert.equal(acts.length, ACTS);
  assert.deepEqual([...runs.keys()], ["run-1"]);
  opened.stop();
  assert.ok(opened.ports.length > 0);
  // This process has accepted them, on ports that the run knows nothing of.
  assert.ok(opened.ports.every((port) => opened.accepting.has(port)));
  // A test that waits for one that stays open does not end.
  const open = [...opened.clients, ...opened.servers].filter((socket) => !socket.closed);
  await Promise.all(open.map((socket) => once(socket, "close")));
});

it("is over as soon as its time is: another run that begins earlier, or now, waits for nothing", async () => {
  const { clock, runs, acts, rehearsal, tell } = worker();
  tell(FAST, REHEARSAL_LEAD_MS);
  while (acts.length === 0) await later(1);
  assert.ok(runs.has(REHEARSAL));
  tell(FAST, 0, "run-2");
  rehearsal.look(clock.nowMs());
  assert.ok(!runs.has(REHEARSAL));
  // Nor does a second act begin.
  await later(50);
  assert.equal(acts.length, 1);
});

it("ends without a word from the load itself, once the rest before the start begins", async () => {
  const { runs, acts, rehearsal, tell } = worker();
  const { startAtMs } = tell(FAST, REHEARSAL_LEAD_MS);
  while (acts.length === 0) await later(1);
  rehearsal.look(startAtMs - REST_MS - 0.001);
  assert.ok(runs.has(REHEARSAL));
  rehearsal.look(startAtMs - REST_MS);
  assert.ok(!runs.has(REHEARSAL));
});

/** [why, what the worker is told] */
const ROWS: readonly (readonly [string, (tell: ReturnType<typeof worker>["tell"], runs: Map<string, RunLoad>) => void])[] = [
  ["another run is on", (tell) => void [tell(FAST, -1000, "run-0"), tell(FAST, REHEARSAL_LEAD_MS)]],
  ["the run has begun", (tell) => void tell(FAST, -1000)],
  ["there is no time for it", (tell) => void tell(FAST, REST_MS)],
  ["the run is slow", (tell) => void tell(planOf(TARGET, scenario(rate(10, 10, 60_000), [step("/")])), REHEARSAL_LEAD_MS)],
  ["the run has been stopped meanwhile", (tell, runs) => void [tell(FAST, REHEARSAL_LEAD_MS), runs.delete("run-1")]],
];

for (const [why, told] of ROWS) {
  it(`none is played where ${why}`, async () => {
    const { acts, runs, tell } = worker();
    told(tell, runs);
    await later(50);
    assert.equal(acts.length, 0);
  });
}

it("one that is a month ahead is waited for in pieces that a timer can hold", (t) => {
  const timers = t.mock.method(globalThis, "setTimeout");
  worker().tell(FAST, 30 * 86_400_000);
  const calls = timers.mock.calls.map(({ arguments: [, delayMs], result }) => ({ delayMs, timer: result }));
  for (const { timer } of calls) clearTimeout(timer);
  assert.equal(calls.length, 1);
  assert.ok(calls[0]!.delayMs! < 2 ** 31);
});

it("what was rehearsed is neither counted nor sent: the target and the report know of the run alone", async () => {
  await using target = await startTarget();
  const flow = [step("/{{ iterationInTest }}")];
  const { last } = await run(planOf(target.url, scenario(rate(2_000, 2_000, 400), flow)), {}, REHEARSAL_LEAD_MS + 100);
  const [{ scheduled, started, completed } = assert.fail()] = last.totals.scenarios;
  assert.equal(scheduled, 800);
  assert.equal(started, target.seen.length);
  assert.equal(completed, started);
  assert.equal(new Set(target.seen).size, target.seen.length);
  assert.equal(last.totals.steps[0]!.requests, started);
});
