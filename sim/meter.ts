// What part of each plan's rate is offered, sampled by whoever sees all agents at once.

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

/** What all agents together do for a plan at one moment. */
interface Sum {
  offered: number;
  lapsed: number;
}

export class Meter {
  readonly #world: World;
  readonly #series = new Map<string, Series>();
  readonly #sums = new Map<string, Sum>();
  /** By the agent's index: when it first offered load, and when last, in milliseconds since the simulation began. */
  readonly #firstMs: (number | undefined)[] = [];
  readonly #lastMs: (number | undefined)[] = [];
  #agent = 0;
  #nowMs = 0;
  /** The plan asked for last: nearly always the next one too. */
  #plan = "";
  #sum: Sum | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  get series(): Series[] {
    return [...this.#series.values()];
  }

  of(plan: string): Series | undefined {
    return this.#series.get(plan);
  }

  /** When an agent first offered load; Infinity if it never did. */
  carriedAtMs(agent: number): number {
    return this.#firstMs[agent] ?? Number.POSITIVE_INFINITY;
  }

  /** Each agent that has offered load, by index, and when it last did. */
  lastOfferedMs(): [number, number][] {
    return [...this.#lastMs.entries()].flatMap(([agent, lastMs]) => (lastMs === undefined ? [] : [[agent, lastMs]]));
  }

  /** Begins a plan's series now. */
  watch(plan: string): void {
    if (this.#series.has(plan)) return;
    this.#series.set(plan, new Series(plan, this.#world.elapsedMs));
    this.#sums.set(plan, { offered: 0, lapsed: 0 });
    this.#plan = "";
    this.#sum = undefined;
  }

  sample(): void {
    for (const sum of this.#sums.values()) sum.offered = sum.lapsed = 0;
    this.#nowMs = this.#world.elapsedMs;
    for (const agent of this.#world.agents) {
      if (!agent.isRunning || agent.isFrozen) continue;
      this.#agent = agent.index;
      agent.engine.shares(agent.clock.at(this.#nowMs), this.#take);
    }
    for (const [plan, series] of this.#series) {
      const { offered, lapsed } = this.#sums.get(plan)!;
      series.offered.push(offered);
      series.lapsed.push(lapsed);
    }
  }

  readonly #take = (plan: string, held: number, offered: number): void => {
    if (plan !== this.#plan) [this.#plan, this.#sum] = [plan, this.#sums.get(plan)];
    const sum = this.#sum;
    if (sum === undefined) return;
    sum.offered += offered;
    if (offered > 0) {
      this.#firstMs[this.#agent] ??= this.#nowMs;
      this.#lastMs[this.#agent] = this.#nowMs;
    }
    if (held > 0 && offered === 0) sum.lapsed++;
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
