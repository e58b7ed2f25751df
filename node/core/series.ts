// The part of a run's series that is settled, kept by whoever looks at the run, so that only what is new is gathered.

import { type Interval, intervalMs } from "../metrics/results.ts";
import { durationMs } from "../plan/duration.ts";
import type { MemberId, RunId, RunRecord } from "./events.ts";
import { SETTLED_MS } from "./limits.ts";

/** A question with this asks for no series at all. */
export const NO_SERIES = 2 ** 32 - 1;

interface Kept {
  /** Intervals before this one are kept. */
  readonly fromPoint: number;
  /** Whoever has changed them since then has to say so. */
  readonly sinceMs: number;
  /** Whose they are. */
  readonly members: string;
  readonly intervals: readonly Interval[];
}

const NOTHING: Kept = { fromPoint: 0, sinceMs: 0, members: "", intervals: [] };

/** A sum cannot be corrected: if anything kept has changed, or it is of other members, all of it is gathered anew. */
export class Series {
  readonly #kept = new Map<RunId, Kept>();

  wanted(run: RunId): { readonly fromPoint: number; readonly sinceMs: number } {
    const { fromPoint, sinceMs } = this.#kept.get(run) ?? NOTHING;
    return { fromPoint, sinceMs };
  }

  /**
   * The whole series of these members, given what they answered to what was `wanted` at that time; null if what was kept
   * does not fit it.
   */
  complete(
    run: RunRecord,
    fromPoint: number,
    answer: { readonly intervals: readonly Interval[]; readonly isStale: boolean },
    reported: ReadonlySet<MemberId>,
    askedAtMs: number,
  ): readonly Interval[] | null {
    const { id, plan } = run.spec;
    const kept = this.#kept.get(id) ?? NOTHING;
    const members = [...reported].sort().join();
    const fits = kept.fromPoint === fromPoint && kept.members === members && !answer.isStale;
    if (fromPoint > 0 && !fits) {
      this.#kept.delete(id);
      return null;
    }
    const intervals = fromPoint > 0 ? [...kept.intervals, ...answer.intervals] : answer.intervals;
    const startAtMs = run.control.startAtMs ?? askedAtMs;
    const settled = Math.floor((askedAtMs - startAtMs - SETTLED_MS) / intervalMs(durationMs(plan)));
    if (settled <= 0) return intervals;
    const sinceMs = askedAtMs - REPORTED_WITHIN_MS;
    const before = intervals.filter(({ index }) => index < settled);
    this.#kept.set(id, { fromPoint: settled, sinceMs, members, intervals: before });
    return intervals;
  }

  forget(run: RunId): void {
    this.#kept.delete(run);
  }
}

/** A report is in an agent's answers this long after the time it bears, at most. */
const REPORTED_WITHIN_MS = 1000;
