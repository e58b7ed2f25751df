// Which arrivals are mine: golden-ratio stripes.
//
// Arrival k sits at x(k) = k * PHI mod 2^32, a low-discrepancy sequence. Members own consecutive intervals of
// [0, 2^32), so every arrival has exactly one owner, whatever the weights. An owner's arrivals are evenly spread and
// at most three gaps apart occur (three-gap theorem; Sós 1957), so the next one costs O(1).

/** 2^32 / golden ratio, made odd: the multiplier of Fibonacci hashing (Knuth, TAOCP 3, 6.4). */
const PHI = 2654435769;
/** Size of the circle the stripes lie on. */
export const CIRCLE = 2 ** 32;

/** Half-open interval [low, low + width) of the circle; width 0 owns nothing, CIRCLE owns all. Never wraps. */
export interface Stripe {
  readonly low: number;
  readonly width: number;
}

/** x(k): where arrival k sits on the circle. Exact for 0 <= k < 2^53. */
export function position(k: number): number {
  return Math.imul(k, PHI) >>> 0;
}

/** True if `stripe` owns arrival `k`. */
export function owns(stripe: Stripe, k: number): boolean {
  const x = position(k);
  return x >= stripe.low && x < stripe.low + stripe.width;
}

/** How many of the arrivals 0 <= k < total a stripe owns. O(owned). */
export function ownedBelow(stripe: Stripe, total: number): number {
  const walk = new StripeWalk(stripe);
  let owned = 0;
  for (let k = walk.seek(0); k < total; k = walk.next()) owned++;
  return owned;
}

/** Cuts [0, 2^32) into consecutive stripes as wide as the weights; their widths add up to exactly 2^32. */
export function cut(weights: readonly number[], within: Stripe = { low: 0, width: CIRCLE }): Stripe[] {
  let total = 0;
  for (const weight of weights) total += weight;
  if (!(total > 0)) return weights.map(() => ({ low: within.low, width: 0 }));
  const stripes: Stripe[] = [];
  let sum = 0;
  let low = 0;
  for (const weight of weights) {
    sum += weight;
    const high = Math.round((sum / total) * within.width);
    stripes.push({ low: within.low + low, width: high - low });
    low = high;
  }
  return stripes;
}

/** Walks the arrivals a stripe owns, in order. */
export class StripeWalk {
  readonly #stripe: Stripe;
  /** Smallest step that moves up by less than the width, and by how much. */
  #up = { step: 1, shift: PHI };
  /** Smallest step that moves down by less than the width, and by how much. */
  #down = { step: 1, shift: CIRCLE - PHI };
  #k = Number.POSITIVE_INFINITY;
  /** Position within the stripe. */
  #offset = 0;

  constructor(stripe: Stripe) {
    this.#stripe = stripe;
    if (stripe.width > 0) this.#findSteps(stripe.width);
  }

  /** First owned arrival >= `from`; Infinity if the stripe is empty. */
  seek(from: number): number {
    const { low, width } = this.#stripe;
    if (width === 0) return (this.#k = Number.POSITIVE_INFINITY);
    const start = (position(from) - low + CIRCLE) % CIRCLE;
    const wait = start < width ? 0 : firstHit(CIRCLE - start, width);
    this.#k = from + wait;
    this.#offset = (position(this.#k) - low + CIRCLE) % CIRCLE;
    return this.#k;
  }

  /** The owned arrival after the last one returned. */
  next(): number {
    const up = this.#up;
    const down = this.#down;
    if (this.#offset < this.#stripe.width - up.shift) {
      this.#offset += up.shift;
      this.#k += up.step;
    } else if (this.#offset >= down.shift) {
      this.#offset -= down.shift;
      this.#k += down.step;
    } else {
      this.#offset += up.shift - down.shift;
      this.#k += up.step + down.step;
    }
    return this.#k;
  }

  /** Euclid on the two shifts: each round replaces the larger one by the difference (steps are Fibonacci numbers). */
  #findSteps(width: number): void {
    const up = this.#up;
    const down = this.#down;
    while (up.shift >= width || down.shift >= width) {
      if (up.shift > down.shift) {
        up.shift -= down.shift;
        up.step += down.step;
      } else if (down.shift > up.shift) {
        down.shift -= up.shift;
        down.step += up.step;
      } else {
        // Width 1: the position comes back only after the whole period.
        up.step += down.step;
        up.shift = 0;
        return;
      }
    }
  }
}

/** Smallest n >= 0 with (n * PHI mod 2^32) in [from, from + width). BigInt: the products reach 2^64. */
function firstHit(from: number, width: number): number {
  const low = BigInt(from);
  const hit = firstInRange(BigInt(PHI), BigInt(CIRCLE), low, low + BigInt(width) - 1n);
  return Number(hit);
}

/** Smallest n >= 0 with low <= (a * n mod m) <= high, for 0 <= low <= high < m; -1 if there is none. */
function firstInRange(a: bigint, m: bigint, low: bigint, high: bigint): bigint {
  if (low === 0n) return 0n;
  if (a === 0n) return -1n;
  const direct = (low + a - 1n) / a;
  if (direct * a <= high) return direct;
  const wraps = firstInRange(((-m % a) + a) % a, a, low % a, high % a);
  return wraps < 0n ? -1n : (low + wraps * m + a - 1n) / a;
}
