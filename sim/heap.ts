// A 4-ary heap by (time, order) in typed arrays. Four children instead of two: half the levels, and siblings share a
// cache line.

const FIRST_CAPACITY = 1024;

export class Heap {
  size = 0;
  #time = new Float64Array(FIRST_CAPACITY);
  #order = new Float64Array(FIRST_CAPACITY);
  #slot = new Int32Array(FIRST_CAPACITY);

  /** Of the first one; Infinity if there is none. */
  get firstTime(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#time[0]!;
  }

  push(due: number, rank: number, slot: number): void {
    if (this.size === this.#time.length) this.#grow();
    const time = this.#time;
    const order = this.#order;
    const slots = this.#slot;
    let i = this.size++;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      const earlier = time[parent]! - due;
      if (earlier < 0 || (earlier === 0 && order[parent]! < rank)) break;
      time[i] = time[parent]!;
      order[i] = order[parent]!;
      slots[i] = slots[parent]!;
      i = parent;
    }
    time[i] = due;
    order[i] = rank;
    slots[i] = slot;
  }

  /** Removes the first one and returns its slot. There must be one. */
  pop(): number {
    const first = this.#slot[0]!;
    if (--this.size > 0) this.#sink();
    return first;
  }

  /** Puts what was last in the place of what was first. */
  #sink(): void {
    const time = this.#time;
    const order = this.#order;
    const slots = this.#slot;
    const { size } = this;
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
    const capacity = 2 * this.#time.length;
    this.#time = enlarged(this.#time, new Float64Array(capacity));
    this.#order = enlarged(this.#order, new Float64Array(capacity));
    this.#slot = enlarged(this.#slot, new Int32Array(capacity));
  }
}

export function enlarged<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
