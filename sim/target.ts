// The target in the simulator, and the judge: it counts what arrives and believes no agent.

export class Target {
  readonly #hits = new Map<string, Set<number>>();
  /** Times of all hits, in the order in which they came. */
  readonly timesMs: number[] = [];
  duplicates = 0;

  hit(run: string, k: number, atMs: number): void {
    let hits = this.#hits.get(run);
    if (hits === undefined) this.#hits.set(run, (hits = new Set()));
    if (hits.has(k)) this.duplicates++;
    else hits.add(k);
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
    const times = Float64Array.from(this.timesMs).sort();
    let worst = 0;
    for (let from = 0, to = 0; to < times.length; to++) {
      while (times[to]! - times[from]! >= 1000) from++;
      worst = Math.max(worst, to - from + 1);
    }
    return worst;
  }
}
