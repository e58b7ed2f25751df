// Cost of finding the next own arrival: stripe walk alone, and with its time on a ramp.

import { RateCurve } from "../node/plan/curve.ts";
import { OwnArrivals } from "../node/plan/schedule.ts";
import { cut, StripeWalk } from "../node/plan/stripe.ts";

const STEPS = 5_000_000;
const ROUNDS = 5;

export interface SplitCost {
  /** Medians of interleaved rounds, nanoseconds per owned arrival. */
  readonly walkNs: number;
  readonly scheduleNs: number;
}

/** One of 200 equal members with 16 workers each. */
export function measureSplit(): SplitCost {
  const stripe = cut(new Array<number>(3200).fill(1))[1234]!;
  const walks: number[] = [];
  const schedules: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    walks.push(nsPerStep(walkSteps(stripe)));
    schedules.push(nsPerStep(scheduleSteps(stripe)));
  }
  return { walkNs: median(walks), scheduleNs: median(schedules) };
}

function walkSteps(stripe: { low: number; width: number }): () => void {
  const walk = new StripeWalk(stripe);
  walk.seek(0);
  return () => void walk.next();
}

function scheduleSteps(stripe: { low: number; width: number }): () => void {
  const curve = new RateCurve({ startPerSecond: 0, stages: [{ durationMs: 3_600_000_000, targetPerSecond: 10_000_000 }] });
  const arrivals = new OwnArrivals(curve, 0, [{ fromMs: 0, stripe }], 0);
  return () => {
    arrivals.peek();
    arrivals.advance();
  };
}

function nsPerStep(step: () => void): number {
  for (let i = 0; i < 100_000; i++) step();
  const from = process.hrtime.bigint();
  for (let i = 0; i < STEPS; i++) step();
  return Number(process.hrtime.bigint() - from) / STEPS;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
