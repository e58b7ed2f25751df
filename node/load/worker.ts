// A load thread: sleeps until something is due, starts it, and counts what becomes of it in the run's arena.

import { parentPort, workerData } from "node:worker_threads";
import { Alarm } from "./alarm.ts";
import { SharedClock } from "./clock.ts";
import { OpenCount } from "./open-count.ts";
import { TargetGuard } from "./guard.ts";
import type { FromWorker, StartMessage, ToWorker, WorkerSettings } from "./messages.ts";
import { REHEARSAL, Rehearsal } from "./rehearsal.ts";
import { RunLoad } from "./run.ts";
import { warmUp } from "./warm-up.ts";
import { PULSE_MS } from "./watchdog.ts";

/** Timers have a resolution of a millisecond; what falls due between two of them is caught up with. */
const TICK_MS = 1;
/** The timer waits so much longer where an alarm is set: it is there in case that nobody rings. */
const ALARM_GRACE_MS = 2;
/** Longest sleep, so that a timer far ahead cannot overflow. */
const LONGEST_SLEEP_MS = 60_000;

const port = parentPort!;
const { clockBaseMs, clock: memory, guard, pulse, connections, index, alarms } = workerData as WorkerSettings;
const clock = new SharedClock(clockBaseMs, memory);
const now = () => clock.nowMs();

// Loaded here and not by the main thread, which has no use for it.
const { HttpDriver } = await import("./drivers/http.ts");
const counts = new OpenCount(connections);
const driver = new HttpDriver(new TargetGuard(guard), counts);
const firstDriver = new HttpDriver(new TargetGuard({ loopbackOnly: true }));
await warmUp(firstDriver);
firstDriver.close();

const beats = new Int32Array(pulse);
setInterval(() => beats[0]!++, PULSE_MS).unref();

const surroundings = { driver, counts, worker: { inFlight: 0 }, clock, wake };
const runs = new Map<string, RunLoad>();
const rehearsal = new Rehearsal({ clock, runs, wake });
const alarm = new Alarm(alarms, index, loop);
let timer: NodeJS.Timeout | null = null;
let immediate: NodeJS.Immediate | null = null;

function loop(): void {
  if (timer !== null) clearTimeout(timer);
  if (immediate !== null) clearImmediate(immediate);
  timer = null;
  immediate = null;
  rehearsal.look(now());
  let more = false;
  let nextMs = Number.POSITIVE_INFINITY;
  let preciseMs = Number.POSITIVE_INFINITY;
  for (const run of runs.values()) {
    const atMs = now();
    if (run.turn(atMs)) more = true;
    if (run.isFinished(atMs)) {
      finish(run);
      continue;
    }
    const dueMs = run.nextAtMs(atMs);
    if (run.isPrecise) preciseMs = Math.min(preciseMs, dueMs);
    nextMs = Math.min(nextMs, run.isPrecise ? dueMs + ALARM_GRACE_MS : dueMs);
  }
  // Sockets are read between two batches of starts; a timer would wait, and a microtask would not let go.
  if (more) return wake();
  if (nextMs < Number.POSITIVE_INFINITY) timer = setTimeout(loop, sleepMs(nextMs - now()));
  if (preciseMs < Number.POSITIVE_INFINITY) alarm.set(clock.monotonicOf(preciseMs));
}

function wake(): void {
  immediate ??= setImmediate(loop);
}

function sleepMs(untilDueMs: number): number {
  return Math.min(LONGEST_SLEEP_MS, Math.max(TICK_MS, Math.floor(untilDueMs)));
}

function finish(run: RunLoad): void {
  if (run.run === REHEARSAL) return rehearsal.endAct();
  runs.delete(run.run);
  if (runs.size === 0) driver.close();
  port.postMessage({ kind: "finished", run: run.run } satisfies FromWorker);
}

function start(message: StartMessage): void {
  // Before the first arrival is due, which would wait for it.
  for (const { http } of message.plan.scenarios) driver.clientOf(http);
  runs.set(message.run, new RunLoad(message, surroundings));
  rehearsal.prepare(message);
}

port.on("message", (message: ToWorker) => {
  if (message.kind === "start") start(message);
  else runs.get(message.run)?.retarget(message, now());
  loop();
});
port.postMessage({ kind: "ready" } satisfies FromWorker);
