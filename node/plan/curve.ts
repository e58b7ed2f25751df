// The rate curve of a plan in closed form: how many arrivals are due by t, and when arrival k is due.

import type { RateCurveSpec } from "./types.ts";

interface Leg {
  /** Start of the leg since the start of the curve. */
  readonly fromS: number;
  readonly lengthS: number;
  /** Arrivals (fractional) before the leg. */
  readonly before: number;
  readonly within: number;
  readonly startPerSecond: number;
  /** Change of rate per second. */
  readonly slope: number;
}

/**
 * Piecewise linear rate with exact integral and inverse. Only + - * / and sqrt are used, which IEEE 754 rounds
 * correctly, so every agent computes the very same times.
 */
export class RateCurve {
  readonly durationMs: number;
  /** Number of arrivals: 0 <= k < total. */
  readonly total: number;
  readonly #legs: readonly Leg[];

  constructor(spec: RateCurveSpec) {
    const legs: Leg[] = [];
    let fromS = 0;
    let before = 0;
    let rate = spec.startPerSecond;
    for (const stage of spec.stages) {
      const lengthS = stage.durationMs / 1000;
      if (lengthS > 0) {
        const slope = (stage.targetPerSecond - rate) / lengthS;
        const within = ((rate + stage.targetPerSecond) / 2) * lengthS;
        legs.push({ fromS, lengthS, before, within, startPerSecond: rate, slope });
        fromS += lengthS;
        before += within;
      }
      rate = stage.targetPerSecond;
    }
    this.#legs = legs;
    this.durationMs = fromS * 1000;
    // An arrival is due when the integral reaches its number, the first at once. A hair above a whole number is
    // rounding, and so is the sign of a zero.
    this.total = Math.max(0, Math.ceil(before - 1e-6));
  }

  /** Rate at `elapsedMs`, per second; 0 outside the curve. */
  rateAt(elapsedMs: number): number {
    const s = elapsedMs / 1000;
    for (const leg of this.#legs) {
      if (s >= leg.fromS && s < leg.fromS + leg.lengthS) return leg.startPerSecond + leg.slope * (s - leg.fromS);
    }
    return 0;
  }

  /** Integral of the rate from 0 to `elapsedMs`. */
  #integral(elapsedMs: number): number {
    const s = elapsedMs / 1000;
    if (s <= 0) return 0;
    let sum = 0;
    for (const leg of this.#legs) {
      if (s < leg.fromS + leg.lengthS) {
        const into = s - leg.fromS;
        return leg.before + into * (leg.startPerSecond + (leg.slope * into) / 2);
      }
      sum = leg.before + leg.within;
    }
    return sum;
  }

  /** When arrival `k` is due, milliseconds since the start; Infinity if k >= total. */
  timeOfMs(k: number): number {
    if (k >= this.total) return Number.POSITIVE_INFINITY;
    const leg = this.#legs[this.#legOf(k)]!;
    const into = k - leg.before;
    if (into <= 0) return leg.fromS * 1000;
    const root = Math.sqrt(Math.max(0, leg.startPerSecond * leg.startPerSecond + 2 * leg.slope * into));
    const seconds = (2 * into) / (leg.startPerSecond + root);
    return (leg.fromS + Math.min(seconds, leg.lengthS)) * 1000;
  }

  /** Smallest arrival due at or after `elapsedMs`; `total` if none is. Consistent with `timeOfMs` to the last bit. */
  firstAtOrAfter(elapsedMs: number): number {
    let k = Math.min(this.total, Math.max(0, Math.ceil(this.#integral(elapsedMs))));
    while (k > 0 && this.timeOfMs(k - 1) >= elapsedMs) k--;
    while (k < this.total && this.timeOfMs(k) < elapsedMs) k++;
    return k;
  }

  /** Leg in which arrival k falls: the last one with before <= k that has arrivals of its own. */
  #legOf(k: number): number {
    let low = 0;
    let high = this.#legs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#legs[middle]!.before <= k) low = middle;
      else high = middle - 1;
    }
    while (low > 0 && this.#legs[low]!.within === 0) low--;
    return low;
  }
}
