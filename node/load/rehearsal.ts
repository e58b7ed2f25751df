// The rehearsal of a run: shortly before the start, a worker plays its beginning to itself, so that its code is fast by then.

import { stripeAt } from "../plan/schedule.ts";
import { CIRCLE } from "../plan/stripe.ts";
import { allocateArena } from "./arena.ts";
import type { SharedClock } from "./clock.ts";
import { HttpDriver } from "./drivers/http.ts";
import { TargetGuard } from "./guard.ts";
import type { StartMessage } from "./messages.ts";
import { OpenCount } from "./open-count.ts";
import { type OwnTarget, ownTarget } from "./own-target.ts";
import { ACTS, isRehearsed, REHEARSAL_LEAD_MS, rehearsalOf, REST_MS } from "./rehearsal-plan.ts";
import { RunLoad } from "./run.ts";
import { shapeOf } from "./shape.ts";

/** Stands for the rehearsal among the runs of a worker; no run is called so. */
export const REHEARSAL = "";
/** Longest wait at a time, so that a timer far ahead cannot overflow. */
const LONGEST_WAIT_MS = 86_400_000;

/** The worker it takes place in. */
export interface Stage {
  readonly clock: SharedClock;
  /** Those it has, whether or not they have begun. An act is among them while it lasts, and gets its turns like any other. */
  readonly runs: Map<string, RunLoad>;
  wake(): void;
}

/**
 * At most one at a time, and none while a run is on. Nothing of it is counted anywhere, nothing of it reaches a target, and
 * it is over before any run starts.
 */
export class Rehearsal {
  readonly #stage: Stage;
  #isOn = false;
  /** Swarm time at which it has to be over. */
  #untilMs = Number.POSITIVE_INFINITY;
  #endAct: (() => void) | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The worker has just been told of a run. */
  prepare(start: StartMessage): void {
    if (this.#isOn) this.#untilMs = Math.min(this.#untilMs, start.startAtMs - REST_MS);
    if (isRehearsed(start.plan, shareOf(start))) this.#await(start);
  }

  /** To be called before every turn: ends it when its time has come. */
  look(nowMs: number): void {
    if (nowMs >= this.#untilMs) this.endAct();
  }

  /** The act has nothing more to do, or no time. */
  endAct(): void {
    this.#endAct?.();
    this.#endAct = null;
  }

  #await(start: StartMessage): void {
    const waitMs = start.startAtMs - REHEARSAL_LEAD_MS - this.#stage.clock.nowMs();
    setTimeout(() => {
      if (waitMs > LONGEST_WAIT_MS) this.#await(start);
      // What goes wrong here will go wrong once more where it is told; all that is missing is warmth.
      else this.#play(start).catch(() => {});
    }, Math.min(LONGEST_WAIT_MS, Math.max(0, waitMs)));
  }

  async #play(start: StartMessage): Promise<void> {
    const { clock, runs } = this.#stage;
    const untilMs = Math.min(...Array.from(runs.values(), (run) => run.startAtMs)) - REST_MS;
    if (this.#isOn || !runs.has(start.run) || untilMs <= clock.nowMs()) return;
    this.#isOn = true;
    this.#untilMs = untilMs;
    try {
      for (let act = 0; act < ACTS; act++) {
        const target = await ownTarget();
        if (target === null) return;
        if (clock.nowMs() < this.#untilMs) await this.#act(start, target);
        target.close();
      }
    } finally {
      this.#isOn = false;
      this.#untilMs = Number.POSITIVE_INFINITY;
    }
  }

  /** Resolves when nothing of it is left. */
  #act(start: StartMessage, target: OwnTarget): Promise<void> {
    const { clock, runs, wake } = this.#stage;
    const plan = rehearsalOf(start.plan, shareOf(start), target.origin);
    const shape = shapeOf(plan);
    const startAtMs = clock.nowMs();
    const own: StartMessage = {
      kind: "start",
      run: REHEARSAL,
      plan,
      startAtMs,
      endAtMs: this.#untilMs,
      segments: [{ fromMs: startAtMs, stripe: stripeAt(start.segments, start.startAtMs) }],
      dealt: [],
      fromMs: plan.scenarios.map(() => startAtMs),
      progress: [],
      ignoresLease: start.ignoresLease,
      shape,
      memory: allocateArena(shape),
    };
    const driver = new HttpDriver(new TargetGuard({ loopbackOnly: true }));
    const load = new RunLoad(own, { driver, counts: new OpenCount(), worker: { inFlight: 0 }, clock, wake });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endAct = () => {
      runs.delete(REHEARSAL);
      load.interrupt();
      driver.close();
      resolve();
    };
    runs.set(REHEARSAL, load);
    wake();
    return promise;
  }
}

/** Of the plan, at the start of the run. */
function shareOf({ segments, startAtMs }: StartMessage): number {
  return stripeAt(segments, startAtMs).width / CIRCLE;
}
