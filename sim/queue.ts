// Virtual time: what is due next, first come first served at the same instant.

import { enlarged, Heap } from "./heap.ts";

const FIRST_CAPACITY = 1024;
/** Events of one bucket are sorted together: narrow ones keep the heap that does it small. A power of two is exact. */
const BUCKET_MS = 1 / 16;
/** So many are ahead: a quarter of a second, in which nearly all frames arrive. */
const BUCKETS = 4096;
const HORIZON_MS = BUCKETS * BUCKET_MS;
const NONE = -1;

/**
 * A calendar queue (Brown 1988): what is due soon lies unsorted in narrow buckets of time, which cost the same however
 * many there are; only the bucket whose time has come is sorted, and what is due later waits in a heap. An event is a
 * kind, a subject and a payload, kept in slots that are used again, so that a frame on its way costs no object.
 */
export class EventQueue {
  nowMs = 0;
  /** The event taken last. */
  kind = 0;
  subject: unknown = null;
  payload: unknown = null;
  /** Events taken so far. */
  taken = 0;
  #pushed = 0;
  /** Due before `#nearEndMs`, sorted. */
  readonly #near = new Heap();
  /** Due from then on and within the horizon: the first slot of each bucket's list. */
  readonly #buckets = new Int32Array(BUCKETS).fill(NONE);
  /** One bit for each bucket that is not empty: in a small swarm most are, and are passed over 32 at a time. */
  readonly #filled = new Int32Array(BUCKETS / 32);
  #bucketed = 0;
  #nearEndMs = 0;
  /** Due later still. */
  readonly #far = new Heap();
  // By slot.
  #time = new Float64Array(FIRST_CAPACITY);
  #order = new Float64Array(FIRST_CAPACITY);
  #kinds = new Uint8Array(FIRST_CAPACITY);
  /** The slot after it in its bucket's list, or in that of slots not in use. */
  #next = Int32Array.from({ length: FIRST_CAPACITY }, (_, i) => (i + 1 < FIRST_CAPACITY ? i + 1 : NONE));
  #free = 0;
  readonly #subjects: unknown[] = [];
  readonly #payloads: unknown[] = [];

  /** What is due in the past is due now. */
  push(atMs: number, kind: number, subject: unknown, payload: unknown): void {
    if (this.#free === NONE) this.#grow();
    const slot = this.#free;
    this.#free = this.#next[slot]!;
    const due = atMs > this.nowMs ? atMs : this.nowMs;
    const order = this.#pushed++;
    this.#time[slot] = due;
    this.#order[slot] = order;
    this.#kinds[slot] = kind;
    this.#subjects[slot] = subject;
    this.#payloads[slot] = payload;
    if (due < this.#nearEndMs) this.#near.push(due, order, slot);
    else if (due < this.#nearEndMs + HORIZON_MS) this.#file(due, slot);
    else this.#far.push(due, order, slot);
  }

  /** Takes the next event due up to and including `untilMs`; false if there is none, and then it is `untilMs`. */
  take(untilMs: number): boolean {
    while (this.#near.size === 0 && this.#nearEndMs <= untilMs && this.#advance()) {}
    if (this.#near.firstTime > untilMs || this.#near.size === 0) {
      if (untilMs > this.nowMs && untilMs !== Number.POSITIVE_INFINITY) this.nowMs = untilMs;
      return false;
    }
    this.nowMs = this.#near.firstTime;
    this.taken++;
    const slot = this.#near.pop();
    this.kind = this.#kinds[slot]!;
    this.subject = this.#subjects[slot];
    this.payload = this.#payloads[slot];
    this.#subjects[slot] = null;
    this.#payloads[slot] = null;
    this.#next[slot] = this.#free;
    this.#free = slot;
    return true;
  }

  /** The time of the next bucket that holds anything has come. False if there is nothing left at all. */
  #advance(): boolean {
    if (this.#bucketed > 0) this.#nearEndMs += BUCKET_MS * this.#emptyFrom((this.#nearEndMs / BUCKET_MS) % BUCKETS);
    else if (this.#far.size === 0) return false;
    else this.#nearEndMs = Math.max(this.#nearEndMs, Math.floor(this.#far.firstTime / BUCKET_MS) * BUCKET_MS);
    const bucket = (this.#nearEndMs / BUCKET_MS) % BUCKETS;
    this.#nearEndMs += BUCKET_MS;
    for (let slot = this.#buckets[bucket]!; slot !== NONE; slot = this.#next[slot]!) {
      this.#near.push(this.#time[slot]!, this.#order[slot]!, slot);
      this.#bucketed--;
    }
    this.#buckets[bucket] = NONE;
    this.#filled[bucket >>> 5]! &= ~(1 << (bucket & 31));
    const horizonMs = this.#nearEndMs + HORIZON_MS;
    while (this.#far.firstTime < horizonMs) {
      const slot = this.#far.pop();
      const due = this.#time[slot]!;
      if (due < this.#nearEndMs) this.#near.push(due, this.#order[slot]!, slot);
      else this.#file(due, slot);
    }
    return true;
  }

  /** How many buckets from this one on are empty. One at least is not. */
  #emptyFrom(bucket: number): number {
    let word = bucket >>> 5;
    let bits = this.#filled[word]! & (-1 << (bucket & 31));
    let passed = -(bucket & 31);
    while (bits === 0) {
      word = (word + 1) % this.#filled.length;
      bits = this.#filled[word]!;
      passed += 32;
    }
    return passed + 31 - Math.clz32(bits & -bits);
  }

  #file(due: number, slot: number): void {
    const bucket = Math.floor(due / BUCKET_MS) % BUCKETS;
    this.#filled[bucket >>> 5]! |= 1 << (bucket & 31);
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
    this.#bucketed++;
  }

  #grow(): void {
    const before = this.#time.length;
    const capacity = 2 * before;
    this.#time = enlarged(this.#time, new Float64Array(capacity));
    this.#order = enlarged(this.#order, new Float64Array(capacity));
    this.#kinds = enlarged(this.#kinds, new Uint8Array(capacity));
    this.#next = enlarged(this.#next, new Int32Array(capacity));
    for (let slot = before; slot < capacity; slot++) this.#next[slot] = slot + 1 < capacity ? slot + 1 : NONE;
    this.#free = before;
  }
}
