// Virtual time: what is due next, first come first served at the same instant.

const FIRST_CAPACITY = 1024;

/**
 * A 4-ary heap by (time, order of pushing) in typed arrays. An event is a kind, a subject and a payload, kept in slots
 * that are used again, so that a frame on its way costs no object. Four children instead of two: half the levels, and
 * siblings share a cache line.
 */
export class EventQueue {
  nowMs = 0;
  /** The event taken last. */
  kind = 0;
  subject: unknown = null;
  payload: unknown = null;
  /** Events taken so far. */
  taken = 0;
  #size = 0;
  #pushed = 0;
  #capacity = FIRST_CAPACITY;
  #time = new Float64Array(FIRST_CAPACITY);
  #order = new Float64Array(FIRST_CAPACITY);
  #slot = new Int32Array(FIRST_CAPACITY);
  #kinds = new Uint8Array(FIRST_CAPACITY);
  readonly #subjects: unknown[] = [];
  readonly #payloads: unknown[] = [];
  /** Slots not in use: the last `#freeCount` of them. */
  #free = Int32Array.from({ length: FIRST_CAPACITY }, (_, i) => i);
  #freeCount = FIRST_CAPACITY;

  /** What is due in the past is due now. */
  push(atMs: number, kind: number, subject: unknown, payload: unknown): void {
    if (this.#size === this.#capacity) this.#grow();
    const time = this.#time;
    const order = this.#order;
    const slots = this.#slot;
    const slot = this.#free[--this.#freeCount]!;
    this.#kinds[slot] = kind;
    this.#subjects[slot] = subject;
    this.#payloads[slot] = payload;
    const due = atMs > this.nowMs ? atMs : this.nowMs;
    let i = this.#size++;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      // Of equal times the one pushed first stays above.
      if (time[parent]! <= due) break;
      time[i] = time[parent]!;
      order[i] = order[parent]!;
      slots[i] = slots[parent]!;
      i = parent;
    }
    time[i] = due;
    order[i] = this.#pushed++;
    slots[i] = slot;
  }

  /** Takes the next event due up to and including `untilMs`; false if there is none, and then it is `untilMs`. */
  take(untilMs: number): boolean {
    if (this.#size === 0 || this.#time[0]! > untilMs) {
      if (untilMs > this.nowMs && untilMs !== Number.POSITIVE_INFINITY) this.nowMs = untilMs;
      return false;
    }
    this.nowMs = this.#time[0]!;
    this.taken++;
    const slot = this.#slot[0]!;
    this.kind = this.#kinds[slot]!;
    this.subject = this.#subjects[slot];
    this.payload = this.#payloads[slot];
    this.#subjects[slot] = null;
    this.#payloads[slot] = null;
    this.#free[this.#freeCount++] = slot;
    this.#size--;
    if (this.#size > 0) this.#sink();
    return true;
  }

  /** Puts what was last in the place of what was first. */
  #sink(): void {
    const time = this.#time;
    const order = this.#order;
    const slots = this.#slot;
    const size = this.#size;
    const due = time[size]!;
    const rank = order[size]!;
    const slot = slots[size]!;
    let i = 0;
    for (;;) {
      const first = 4 * i + 1;
      if (first >= size) break;
      const end = first + 4 < size ? first + 4 : size;
      let least = first;
      for (let child = first + 1; child < end; child++) {
        const earlier = time[child]! - time[least]!;
        if (earlier < 0 || (earlier === 0 && order[child]! < order[least]!)) least = child;
      }
      const later = time[least]! - due;
      if (later > 0 || (later === 0 && order[least]! > rank)) break;
      time[i] = time[least]!;
      order[i] = order[least]!;
      slots[i] = slots[least]!;
      i = least;
    }
    time[i] = due;
    order[i] = rank;
    slots[i] = slot;
  }

  #grow(): void {
    const before = this.#capacity;
    this.#capacity = 2 * before;
    this.#time = enlarged(this.#time, new Float64Array(this.#capacity));
    this.#order = enlarged(this.#order, new Float64Array(this.#capacity));
    this.#slot = enlarged(this.#slot, new Int32Array(this.#capacity));
    this.#kinds = enlarged(this.#kinds, new Uint8Array(this.#capacity));
    this.#free = enlarged(this.#free, new Int32Array(this.#capacity));
    for (let slot = before; slot < this.#capacity; slot++) this.#free[this.#freeCount++] = slot;
  }
}

function enlarged<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
