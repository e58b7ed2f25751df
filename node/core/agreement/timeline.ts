// Which view this agent's share follows, from when on: what was, what is in force, and what is planned.

import type { Segment } from "../../plan/schedule.ts";
import type { MemberId } from "../events.ts";
import { PAST_SHARES_MS, startOf } from "../limits.ts";
import type { AgreedView } from "./view.ts";

const NOTHING = { low: 0, width: 0 } as const;

interface Step {
  readonly fromMs: number;
  /** Null: no share at all. */
  readonly view: AgreedView | null;
}

export class Timeline {
  readonly #self: MemberId;
  /** Ascending; those after now are planned, and planned anew whenever anything changes. */
  #steps: Step[];

  constructor(self: MemberId) {
    this.#self = self;
    this.#steps = [{ fromMs: Number.NEGATIVE_INFINITY, view: null }];
  }

  /** The view followed at an instant. */
  at(nowMs: number): AgreedView | null {
    return this.#steps.findLast((step) => step.fromMs <= nowMs)?.view ?? null;
  }

  /** When the next step is due; Infinity if none is planned. */
  nextMs(nowMs: number): number {
    return this.#steps.find((step) => step.fromMs > nowMs)?.fromMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Plans from now on: shares shrink as soon as a view is in effect, and grow at the start of a window to the newest
   * view then in effect, if that is allowed. Returns whether anything changed.
   */
  plan(views: readonly AgreedView[], nowMs: number, mayGrow: (view: AgreedView, window: number) => boolean): boolean {
    const before = this.#steps;
    const last = before.at(-1)!;
    // Nothing can be newer than what is followed.
    if (before.length === 1 && last.fromMs <= nowMs && last.view === views.at(-1)) return false;
    const past = before.filter((step) => step.fromMs <= nowMs);
    let current = past.at(-1)!.view;
    const steps = past;
    const nextWindow = Math.floor(nowMs / startOf(1)) + 1;
    for (const atMs of this.#instants(views, nowMs, nextWindow)) {
      const next = this.#follow(views, current, atMs, nowMs, mayGrow);
      if (next === current) continue;
      current = next;
      steps.push({ fromMs: atMs, view: current });
    }
    this.#steps = steps.filter((_, i) => i + 1 >= steps.length || steps[i + 1]!.fromMs > nowMs - PAST_SHARES_MS);
    return this.#steps.length !== before.length || this.#steps.some((step, i) => !isSame(step, before[i]!));
  }

  /** For the load engine: the first segment holds from the beginning of time. */
  segments(): Segment[] {
    return this.#steps.map(({ fromMs, view }) => ({ fromMs, stripe: view?.stripeOf(this.#self) ?? NOTHING }));
  }

  /** Now, the next window, and where views take effect. */
  #instants(views: readonly AgreedView[], nowMs: number, nextWindow: number): number[] {
    const starts = views.map((view) => startOf(view.fromWindow)).filter((ms) => ms > nowMs);
    return [...new Set([nowMs, startOf(nextWindow), ...starts])].sort((a, b) => a - b);
  }

  #follow(
    views: readonly AgreedView[],
    current: AgreedView | null,
    atMs: number,
    nowMs: number,
    mayGrow: (view: AgreedView, window: number) => boolean,
  ): AgreedView | null {
    let followed = current;
    for (const view of views) {
      if (startOf(view.fromWindow) > atMs || view.number <= (followed?.number ?? 0)) continue;
      if (this.#width(view) <= this.#width(followed)) followed = view;
    }
    const newest = views.findLast((view) => startOf(view.fromWindow) <= atMs);
    if (newest === undefined || newest.number <= (followed?.number ?? 0)) return followed;
    // Alone, there is nobody to keep step with; otherwise all grow at the start of a window, so that none has two owners.
    if (atMs === nowMs && newest.size > 1) return followed;
    return mayGrow(newest, Math.floor(atMs / startOf(1))) ? newest : followed;
  }

  #width(view: AgreedView | null): number {
    return view?.stripeOf(this.#self).width ?? 0;
  }
}

function isSame(a: Step, b: Step): boolean {
  return a.fromMs === b.fromMs && a.view === b.view;
}
