// How long to wait before a push is tried again: exponential with full jitter, never sooner than the receiver asked for.

export interface BackoffLimits {
  /** Upper bound of the first wait; doubles with every attempt … */
  readonly firstMs: number;
  /** … up to this one. */
  readonly mostMs: number;
}

/** 30 s at most, so that a receiver that is back is found within half a minute; 200 agents then ask 13 times a second. */
export const BACKOFF: BackoffLimits = { firstMs: 500, mostMs: 30_000 };

/** Jitter may come out near 0; a receiver in trouble is not asked again at once. */
const LEAST_MS = 50;
/** A longer Retry-After is a mistake, or as good as a refusal. */
const LONGEST_RETRY_AFTER_MS = 300_000;

/**
 * Full jitter (Brooker, "Exponential Backoff And Jitter"): anything between nothing and the bound, so that agents who failed
 * together do not come back together. `attempt` counts from 0, `random` is in [0, 1), `retryAfterMs` is null if not said.
 */
export function backoffMs(attempt: number, random: number, retryAfterMs: number | null, limits = BACKOFF): number {
  const bound = Math.min(limits.mostMs, limits.firstMs * 2 ** Math.min(attempt, 30));
  const jitterMs = Math.max(Math.min(LEAST_MS, limits.firstMs), random * bound);
  return retryAfterMs === null ? jitterMs : Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) + jitterMs;
}

/** Milliseconds of a Retry-After header, in seconds or as a date; null if there is none or it means nothing. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
