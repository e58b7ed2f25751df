// The states runs go through as time passes and controls change, told once each.

import type { RunId, RunRecord, RunState, SwarmEvent } from "./events.ts";
import { endAtMs, type Runs, runStateAt } from "./runs.ts";

export class RunStates {
  readonly #runs: Runs;
  readonly #told = new Map<RunId, RunState>();

  constructor(runs: Runs) {
    this.#runs = runs;
  }

  /** What has changed since the last call. A run that was over when this agent heard of it is no news, nor is one of others. */
  changes(nowMs: number): SwarmEvent[] {
    const events: SwarmEvent[] = [];
    for (const run of this.#runs.all()) {
      const { id } = run.spec;
      const told = this.#told.get(id);
      if (!this.#isWatched(run)) continue;
      const state = runStateAt(run, nowMs);
      if (state === told) continue;
      this.#told.set(id, state);
      if (told !== undefined || !isOver(state)) events.push({ type: "run", run: id, state, atMs: nowMs });
    }
    return events;
  }

  /** When a run begins or ends next by itself. */
  nextChangeMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const run of this.#runs.all()) {
      if (this.#isWatched(run)) next = Math.min(next, changeAtMs(run, nowMs));
    }
    return next;
  }

  /** Until its end was told; the runs of another lineage only if they were on here before. */
  #isWatched(run: RunRecord): boolean {
    const told = this.#told.get(run.spec.id);
    return told === undefined ? this.#runs.isOurs(run) : !isOver(told);
  }

  forget(run: RunId): void {
    this.#told.delete(run);
  }
}

function isOver(state: RunState): boolean {
  return state !== "scheduled" && state !== "running";
}

function changeAtMs(run: RunRecord, nowMs: number): number {
  const { startAtMs } = run.control;
  return startAtMs !== null && nowMs < startAtMs ? Math.min(startAtMs, endAtMs(run)) : endAtMs(run);
}
