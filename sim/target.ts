// The target in the simulator, and the judge: it counts what arrives and believes no agent.

export class Target {
  readonly #hits = new Map<string, Map<number, number>>();
  /** Times of all hits, in the order in which they came. */
  readonly timesMs: number[] = [];
  duplicates = 0;

  hit(run: string, k: number, atMs: number): void {
    const hits = this.#hits.get(run) ?? new Map<number, number>();
    const times = (hits.get(k) ?? 0) + 1;
    if (times > 1) this.duplicates++;
    hits.set(k, times);
    this.#hits.set(run, hits);
    this.timesMs.push(atMs);
  }

  /** Distinct arrivals of a run that came. */
  distinct(run: string): number {
    return this.#hits.get(run)?.size ?? 0;
  }

  /** Hits within [fromMs, toMs). */
  between(fromMs: number, toMs: number): number {
    let count = 0;
    for (const time of this.timesMs) if (time >= fromMs && time < toMs) count++;
    return count;
  }

  /** The most hits in any window of one second, wherever it begins. */
  worstSecond(): number {
    const times = [...this.timesMs].sort((a, b) => a - b);
    let worst = 0;
    for (let from = 0, to = 0; to < times.length; to++) {
      while (times[to]! - times[from]! >= 1000) from++;
      worst = Math.max(worst, to - from + 1);
    }
    return worst;
  }
}
