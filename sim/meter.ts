// What part of each plan's rate is offered, sampled by whoever sees all agents at once.

import type { Agent } from "./agent.ts";
import type { World } from "./world.ts";

export const SAMPLE_MS = 10;

/** Samples of one plan, SAMPLE_MS apart, 1 being the whole rate. */
export class Series {
  readonly plan: string;
  /** Of the first sample, in milliseconds since the simulation began. */
  readonly fromMs: number;
  readonly offered: number[] = [];
  /** Agents that hold a share but may not offer it, for their lease has ended. */
  readonly lapsed: number[] = [];

  constructor(plan: string, fromMs: number) {
    this.plan = plan;
    this.fromMs = fromMs;
  }

  /** Index of the first sample at or after a time. */
  indexOf(elapsedMs: number): number {
    return Math.max(0, Math.min(this.offered.length, Math.ceil((elapsedMs - this.fromMs) / SAMPLE_MS)));
  }

  timeOf(index: number): number {
    return this.fromMs + index * SAMPLE_MS;
  }
}

export class Meter {
  readonly #world: World;
  readonly #series = new Map<string, Series>();
  readonly #offered = new Map<string, number>();
  readonly #lapsed = new Map<string, number>();
  /** When each agent first offered load, by index, in milliseconds since the simulation began. */
  readonly carriedAtMs = new Map<number, number>();
  /** When each agent last offered load. */
  readonly lastOfferedMs = new Map<number, number>();
  #agent: Agent | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  get series(): Series[] {
    return [...this.#series.values()];
  }

  of(plan: string): Series | undefined {
    return this.#series.get(plan);
  }

  /** Begins a plan's series now. */
  watch(plan: string): void {
    if (!this.#series.has(plan)) this.#series.set(plan, new Series(plan, this.#world.elapsedMs));
  }

  sample(): void {
    for (const plan of this.#series.keys()) {
      this.#offered.set(plan, 0);
      this.#lapsed.set(plan, 0);
    }
    const nowMs = this.#world.elapsedMs;
    for (const agent of this.#world.agents) {
      if (!agent.isRunning || agent.isFrozen) continue;
      this.#agent = agent;
      agent.engine.shares(agent.clock.at(nowMs), this.#take);
    }
    for (const [plan, series] of this.#series) {
      series.offered.push(this.#offered.get(plan)!);
      series.lapsed.push(this.#lapsed.get(plan)!);
    }
  }

  readonly #take = (plan: string, held: number, offered: number): void => {
    const sum = this.#offered.get(plan);
    if (sum === undefined) return;
    this.#offered.set(plan, sum + offered);
    const { index } = this.#agent!;
    if (offered > 0) {
      if (!this.carriedAtMs.has(index)) this.carriedAtMs.set(index, this.#world.elapsedMs);
      this.lastOfferedMs.set(index, this.#world.elapsedMs);
    }
    if (held > 0 && offered === 0) this.#lapsed.set(plan, this.#lapsed.get(plan)! + 1);
  };
}

/** The highest average over any stretch of `widthMs`, and the index of its first sample. */
export function worstAverage(samples: readonly number[], widthMs: number): { value: number; index: number } {
  const width = Math.max(1, Math.round(widthMs / SAMPLE_MS));
  let sum = 0;
  let worst = { value: 0, index: 0 };
  for (let i = 0; i < samples.length; i++) {
    sum += samples[i]!;
    if (i >= width) sum -= samples[i - width]!;
    const value = sum / Math.min(width, i + 1);
    if (i >= width - 1 && value > worst.value) worst = { value, index: i - width + 1 };
  }
  return worst;
}

/** The lowest one. */
export function leastAverage(samples: readonly number[], widthMs: number): { value: number; index: number } {
  const { value, index } = worstAverage(samples.map((sample) => 1e6 - sample), widthMs);
  return { value: 1e6 - value, index };
}
