// From a scenario and a seed to what happens exactly: every number drawn, so that a fault can be left out alone.

import { Random } from "./random.ts";
import type { Drawn, Fault, HowMany, Planned, Scenario } from "./scenario.ts";

export interface TimedFault {
  /** Its number in the scenario, from 1: how it is left out. */
  readonly number: number;
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly fault: Fault;
  /** For what is chosen when it happens: leaving out another fault changes nothing about it. */
  readonly seed: number;
}

export function draw(drawn: Drawn, random: Random): number {
  return typeof drawn === "number" ? drawn : random.between(drawn[0], drawn[1]);
}

/** Every fault with its time, in order. */
export function expand(scenario: Scenario, seed: number, without: ReadonlySet<number>): TimedFault[] {
  const random = new Random(seed ^ 0x5eed);
  return [...scenario.timeline, ...mixed(scenario, random)]
    .map(({ atS, fault }, index) => ({ number: index + 1, atMs: 1000 * draw(atS, random), fault, seed: random.seed() }))
    .filter(({ number }) => !without.has(number))
    .sort((a, b) => a.atMs - b.atMs || a.number - b.number);
}

function mixed({ mixture }: Scenario, random: Random): Planned[] {
  if (mixture === undefined) return [];
  const { of, count, atS } = mixture;
  const [least, most] = count;
  const some = random.shuffled(of).slice(0, least + random.below(most - least + 1));
  return some.map((fault) => ({ atS, fault }));
}

/** `agents`: as many as the scenario is run with; `there`: as many as there are to choose from. */
export function howMany(who: HowMany, agents: number, there = Number.POSITIVE_INFINITY): number {
  const wanted =
    who === "all" ? there
    : who === "minority" ? Math.ceil(agents / 2) - 1
    : "count" in who ? who.count
    : Math.max(1, Math.round(who.part * agents));
  return Math.min(wanted, there);
}

/** How many of `there` agents fall on each side: in proportion, none empty while there are enough. */
export function sides(parts: readonly number[], there: number): number[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  const sizes: number[] = [];
  let before = 0;
  let until = 0;
  parts.forEach((part, side) => {
    until += part;
    const sidesLeft = parts.length - 1 - side;
    const most = Math.max(0, there - before - sidesLeft);
    const size = Math.min(most, Math.max(Math.min(1, most), Math.round((until / total) * there) - before));
    sizes.push(size);
    before += size;
  });
  return sizes;
}
