// How evenly requests came, by the target's own clock.

export interface Pacing {
  /**
   * How long after its time on an even schedule each request was answered: percentiles and the most, milliseconds. The
   * schedule is the latest one that is ahead of none of them, so an even stream has zero and every unevenness counts.
   */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Standard deviation by mean of the requests in each 10 ms, but for the first and the last; 0 is perfectly even. */
  readonly variation: number;
}

const BIN_SECONDS = 0.01;

/** `times` ascending, seconds; null if there are too few to say. */
export function pacingOf(times: readonly number[], perSecond: number): Pacing | null {
  if (times.length < perSecond / 10 || times.length < 10) return null;
  let ahead = Number.POSITIVE_INFINITY;
  times.forEach((at, i) => (ahead = Math.min(ahead, at - i / perSecond)));
  const late = times.map((at, i) => (at - i / perSecond - ahead) * 1000).sort((a, b) => a - b);
  const at = (q: number) => late[Math.min(late.length - 1, Math.ceil(q * late.length) - 1)]!;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: late.at(-1)!, variation: variationOf(binned(times)) };
}

/** Requests in each whole 10 ms between the first and the last of them. */
export function binned(times: readonly number[]): number[] {
  const first = Math.floor(times[0]! / BIN_SECONDS) + 1;
  const last = Math.floor(times.at(-1)! / BIN_SECONDS);
  const bins = new Array<number>(Math.max(0, last - first)).fill(0);
  for (const at of times) {
    const bin = Math.floor(at / BIN_SECONDS + 1e-6) - first;
    if (bin >= 0 && bin < bins.length) bins[bin]!++;
  }
  return bins;
}

export function variationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.sqrt(square) / mean;
}
