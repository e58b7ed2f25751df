// Does memory stay flat at a constant rate? The slope of what is resident, once the first part is over.

import { cores, keepAway } from "./peers/pin.ts";
import { Target } from "./peers/target.ts";
import { runOurs, type SteadyFlags, steadyOf } from "./ours.ts";

const SECONDS = 600;
/** Buffers and code settle in the first minute, or in the first quarter of a shorter run. */
const SETTLING_SECONDS = 60;
const MOST_MB_PER_MINUTE = 1;

export async function runMemory(flags: SteadyFlags): Promise<boolean> {
  const steady = steadyOf(flags, SECONDS);
  const { rate, seconds } = steady;
  const pins = cores();
  keepAway(pins);
  const target = await Target.start(pins.target);
  const resident: number[] = [];
  try {
    const load = { url: target.urls.plain, ...steady };
    const { summary } = await runOurs(load, { target, pin: pins.generator, onMemory: (value) => resident.push(value) });
    const settled = resident.slice(Math.min(SETTLING_SECONDS, Math.floor(seconds / 4)), seconds);
    const slope = slopeOf(settled) * 60;
    console.log(`rate ${rate}/s for ${seconds} s: ${summary.requests.total} requests, verdict ${summary.generator.verdict}
resident, MB, in tenths of the time: ${tenths(resident.slice(0, seconds)).join(" ")}
slope after the settling: ${slope.toFixed(3)} MB/min (limit ${MOST_MB_PER_MINUTE})`);
    return slope < MOST_MB_PER_MINUTE;
  } finally {
    await target.stop();
  }
}

/** Of the line with the least squares, by step. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0);
  return covariance / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
}

function tenths(values: readonly number[]): string[] {
  return Array.from({ length: 10 }, (_, i) => (values[Math.floor(((i + 1) * values.length) / 10) - 1] ?? 0).toFixed(1));
}
