// One run in one worker thread: its scenarios side by side.

import { intervalMs } from "../metrics/results.ts";
import { durationMs } from "../plan/duration.ts";
import type { Segment } from "../plan/schedule.ts";
import type { Executor } from "../plan/types.ts";
import { Arena } from "./arena.ts";
import { type Lease, type SharedClock, UNBOUNDED } from "./clock.ts";
import { ClosedLoad } from "./closed.ts";
import type { OpenCount } from "./open-count.ts";
import type { Driver } from "./driver.ts";
import { compileFlows, type Flow } from "./flow.ts";
import { Gate } from "./gate.ts";
import { IterationsLoad } from "./iterations.ts";
import { LAPSED_TICK_MS, STARTS_PER_TURN } from "./limits.ts";
import type { RetargetMessage, StartMessage } from "./messages.ts";
import { OpenLoad } from "./open.ts";
import { InFlight, type ScenarioLoad, type Span, spanOf, type WorkerLoad } from "./scenario.ts";

/** How often a scenario that starts nothing any more looks whether its last iterations have ended. */
const CLOSING_TICK_MS = 10;

/** What a run needs of the worker it is in. */
export interface RunSurroundings {
  readonly driver: Driver;
  readonly counts: OpenCount;
  readonly worker: WorkerLoad;
  readonly clock: SharedClock;
  /** Asks for a turn as soon as may be. */
  wake(): void;
}

interface Part {
  readonly load: ScenarioLoad;
  readonly inFlight: InFlight;
  span: Span;
}

export class RunLoad {
  readonly #start: StartMessage;
  readonly #surroundings: RunSurroundings;
  readonly #arena: Arena;
  readonly #widthMs: number;
  readonly #gate: Gate;
  readonly #parts: readonly Part[];
  /** The lease had lapsed in the latest turn. */
  #lapsed = false;

  constructor(start: StartMessage, surroundings: RunSurroundings) {
    this.#start = start;
    this.#surroundings = surroundings;
    this.#arena = new Arena(start.shape, start.memory);
    this.#widthMs = intervalMs(durationMs(start.plan));
    const { clock, wake } = surroundings;
    this.#gate = new Gate(start.ignoresLease ? () => true : (monotonic) => clock.isLeased(monotonic), wake);
    this.#parts = compileFlows(start.plan).map((flow, scenario) => this.#part(scenario, flow));
  }

  get run(): string {
    return this.#start.run;
  }

  /** Swarm time. */
  get startAtMs(): number {
    return this.#start.startAtMs;
  }

  /** Its turns are to come as soon as they are due. */
  get isPrecise(): boolean {
    return this.#start.plan.precision === "high";
  }

  /** Starts what is due and interrupts what has overrun its time. True if more is due already. */
  turn(nowMs: number): boolean {
    // Every scenario has its part of the starts, so that a late one does not starve the others.
    const limit = Math.max(1, Math.floor(STARTS_PER_TURN / this.#parts.length));
    const lease = this.#lease();
    this.#lapsed = nowMs > lease.untilMs;
    let more = false;
    for (const { load, inFlight, span } of this.#parts) {
      if (nowMs >= span.hardEndMs && inFlight.size > 0) inFlight.interrupt(() => true);
      if (load.turn(nowMs, limit, lease)) more = true;
    }
    if (!this.#lapsed && this.#gate.waiting > 0 && this.#gate.release(STARTS_PER_TURN)) more = true;
    return more;
  }

  /** When `turn` has to be called next, swarm time; Infinity if never. */
  nextAtMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { load, inFlight, span } of this.#parts) {
      const dueMs = load.nextAtMs(nowMs);
      nextMs = Math.min(nextMs, this.#lapsed ? Math.max(dueMs, nowMs + LAPSED_TICK_MS) : dueMs);
      if (nowMs < span.endMs) nextMs = Math.min(nextMs, span.endMs);
      else if (inFlight.size > 0) nextMs = Math.min(nextMs, span.hardEndMs, nowMs + CLOSING_TICK_MS);
    }
    return this.#gate.waiting > 0 ? Math.min(nextMs, nowMs + LAPSED_TICK_MS) : nextMs;
  }

  /** Nothing is in flight and nothing more will start. */
  isFinished(nowMs: number): boolean {
    return this.#parts.every(({ load, inFlight }) => inFlight.size === 0 && load.isOver(nowMs));
  }

  retarget(message: RetargetMessage, nowMs: number): void {
    const { plan, startAtMs } = this.#start;
    const lease = this.#lease();
    const { segments, dealt } = message;
    plan.scenarios.forEach((scenario, index) => {
      const part = this.#parts[index]!;
      part.span = spanOf(scenario, startAtMs, message.endAtMs);
      part.load.retarget({ segments, dealt: dealt[index]!, endAtMs: part.span.endMs }, nowMs, lease);
    });
  }

  /** Ends everything in flight where it is. */
  interrupt(): void {
    for (const { inFlight } of this.#parts) inFlight.interrupt(() => true);
  }

  #lease(): Lease {
    return this.#start.ignoresLease ? UNBOUNDED : this.#surroundings.clock.lease();
  }

  #part(index: number, flow: Flow): Part {
    const { plan, run, startAtMs, endAtMs, segments } = this.#start;
    const { driver, counts, worker, clock } = this.#surroundings;
    const arena = this.#arena;
    const gate = this.#gate;
    const intervalAt = (swarmMs: number) => Math.floor((swarmMs - startAtMs) / this.#widthMs);
    const intervalOf = (monotonicMs: number) => intervalAt(clock.swarmOf(monotonicMs));
    const inFlight = new InFlight({ scenario: index, run, flow, arena, driver, counts, gate, intervalOf }, worker);
    const scenario = plan.scenarios[index]!;
    const span = spanOf(scenario, startAtMs, endAtMs);
    const common = { scenario: index, span, segments, arena, inFlight, worker, gate, intervalAt };
    return { load: loadOf(scenario.executor, common, this.#start, clock), inFlight, span };
  }
}

/** Options that all kinds of load have. */
interface CommonOptions {
  readonly scenario: number;
  readonly span: Span;
  readonly segments: readonly Segment[];
  readonly arena: Arena;
  readonly inFlight: InFlight;
  readonly worker: WorkerLoad;
  readonly gate: Gate;
  intervalAt(swarmMs: number): number;
}

function loadOf(executor: Executor, common: CommonOptions, start: StartMessage, clock: SharedClock): ScenarioLoad {
  const { scenario } = common;
  switch (executor.kind) {
    case "constant-arrival-rate":
    case "ramping-arrival-rate":
      return new OpenLoad({ ...common, executor, fromMs: start.fromMs[scenario]!, clock });
    case "constant-vus":
    case "ramping-vus":
      return new ClosedLoad({ ...common, executor, clock });
    case "shared-iterations":
    case "per-vu-iterations": {
      const dealt = start.dealt[scenario]!;
      return new IterationsLoad({ ...common, executor, dealt, progress: start.progress[scenario]!, clock });
    }
  }
}
