// Results of many members added up as they come in, with whose they are: nobody's may be in them twice. What was passed on as a part
// is not remembered here: `Errands` sees to it that nobody is in two parts.

import { intervalsOf, mergeIntervals, mergeTotals, NO_TOTALS } from "../metrics/merge.ts";
import type { Interval, Totals } from "../metrics/results.ts";
import { emptyPositions, fits, insert, insertAll, isEmpty } from "./agreement/positions.ts";
import type { Part, Positions } from "./frame.ts";
import type { OwnReport } from "./reports.ts";
import { isDisjoint, isWithin } from "./subsets.ts";

export class Collected implements Part {
  readonly heard: Positions;
  readonly reported: Positions;
  readonly done: Positions;
  readonly failed: Positions;
  totals: Totals = NO_TOTALS;
  intervals: readonly Interval[] = [];
  isStale = false;
  readonly #size: number;

  /** For a view of this size. */
  constructor(size: number) {
    this.#size = size;
    this.heard = emptyPositions(size);
    this.reported = emptyPositions(size);
    this.done = emptyPositions(size);
    this.failed = emptyPositions(size);
  }

  /** A member's own, as told by itself; null if it has none. */
  addOwn(position: number, own: OwnReport | null): void {
    insert(this.heard, position);
    if (own === null) return;
    insert(this.reported, position);
    if (own.isDone) insert(this.done, position);
    this.#sum(own.totals, intervalsOf(own.points), own.isStale);
  }

  /** What somebody answers for these members. Returns whether it was taken: all of it or nothing. */
  add(part: Part, asked: Positions): boolean {
    const { heard, reported, done, failed } = part;
    const isSound = isWithin(heard, asked) && isWithin(reported, heard) && isWithin(done, reported);
    if (!isSound || !fits(failed, this.#size) || !isDisjoint(reported, this.reported)) return false;
    insertAll(this.heard, heard);
    insertAll(this.reported, reported);
    insertAll(this.done, done);
    insertAll(this.failed, failed);
    if (!isEmpty(reported)) this.#sum(part.totals, part.intervals, part.isStale);
    return true;
  }

  #sum(totals: Totals, intervals: readonly Interval[], isStale: boolean): void {
    this.totals = mergeTotals(this.totals, totals);
    this.intervals = mergeIntervals(this.intervals, intervals);
    this.isStale ||= isStale;
  }
}
