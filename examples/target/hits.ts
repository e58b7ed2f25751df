// What arrived at the target, counted independently of whoever sent it.

/** Seconds of history that /stats shows. */
const HISTORY_SECONDS = 120;
/** Distinct `k` values remembered. Beyond it they are only counted as untracked, so memory stays near 100 MB. */
const MAX_KEYS = 1_000_000;
/** A longer `k` value is not remembered. */
const MAX_KEY_LENGTH = 64;

export interface HitStats {
  total_hits: number;
  /** RFC 3339: when counting began. */
  since: string;
  /** [epoch second, hits] for the last 120 seconds, oldest first, the current second last. */
  perSecond: [number, number][];
  /** Values of `k` that had been seen before. */
  duplicates: number;
  /** Different values of `k`. */
  distinct: number;
  /** Values of `k` too long, or too many, to be remembered: whether they repeat is unknown. */
  untracked: number;
}

/** Counts hits in all, per second and by their key. */
export class HitCounter {
  readonly #nowMs: () => number;
  readonly #maxKeys: number;
  #total = 0;
  #sinceMs: number;
  #keys = new Set<string>();
  #duplicates = 0;
  #untracked = 0;
  /** Ring of the last seconds; a slot belongs to the second written beside it. */
  #hits = new Uint32Array(HISTORY_SECONDS);
  #second = new Float64Array(HISTORY_SECONDS);

  constructor(nowMs: () => number = Date.now, maxKeys: number = MAX_KEYS) {
    this.#nowMs = nowMs;
    this.#maxKeys = maxKeys;
    this.#sinceMs = nowMs();
  }

  /** Counts one hit and returns the total. `key` is null when the request carried no `k`. */
  hit(key: string | null): number {
    const second = Math.floor(this.#nowMs() / 1000);
    const slot = second % HISTORY_SECONDS;
    if (this.#second[slot] !== second) {
      this.#second[slot] = second;
      this.#hits[slot] = 0;
    }
    this.#hits[slot]!++;
    if (key !== null) this.#remember(key);
    return ++this.#total;
  }

  reset(): void {
    this.#total = 0;
    this.#sinceMs = this.#nowMs();
    this.#keys.clear();
    this.#duplicates = 0;
    this.#untracked = 0;
    this.#second.fill(0);
  }

  stats(): HitStats {
    const now = Math.floor(this.#nowMs() / 1000);
    const first = Math.max(now - HISTORY_SECONDS + 1, Math.floor(this.#sinceMs / 1000));
    const perSecond: [number, number][] = [];
    for (let second = first; second <= now; second++) {
      const slot = second % HISTORY_SECONDS;
      perSecond.push([second, this.#second[slot] === second ? this.#hits[slot]! : 0]);
    }
    return {
      total_hits: this.#total,
      since: new Date(this.#sinceMs).toISOString(),
      perSecond,
      duplicates: this.#duplicates,
      distinct: this.#keys.size,
      untracked: this.#untracked,
    };
  }

  #remember(key: string): void {
    if (this.#keys.has(key)) this.#duplicates++;
    else if (this.#keys.size < this.#maxKeys && key.length <= MAX_KEY_LENGTH) this.#keys.add(key);
    else this.#untracked++;
  }
}
