// Timeouts of many requests with one timer: those that wait equally long expire in the order in which they began.

import { monotonicMs } from "../clock.ts";

/** What may expire. The links belong to the list it is in. */
export interface Expiring {
  readonly startMs: number;
  before: Expiring | null;
  after: Expiring | null;
  expire(): void;
}

/** Empty lists are dropped when there are more; only odd timeouts make so many. */
const LISTS = 32;

/** Those that wait equally long. */
export class Queue {
  readonly timeoutMs: number;
  first: Expiring | null = null;
  last: Expiring | null = null;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  get dueMs(): number {
    return this.first === null ? Number.POSITIVE_INFINITY : this.first.startMs + this.timeoutMs;
  }

  /** Nothing happens if it has expired, or was removed. */
  remove(item: Expiring): void {
    if (item.before !== null) item.before.after = item.after;
    else if (this.first === item) this.first = item.after;
    else return;
    if (item.after !== null) item.after.before = item.before;
    else this.last = item.before;
    item.before = item.after = null;
  }
}

export class Deadlines {
  readonly #queues = new Map<number, Queue>();
  #timer: NodeJS.Timeout | null = null;
  #timerMs = Number.POSITIVE_INFINITY;

  /** It expires so long after its start, unless it is removed from the queue that is given back. */
  add(item: Expiring, timeoutMs: number): Queue {
    const queue = this.#queues.get(timeoutMs) ?? this.#addQueue(timeoutMs);
    if (queue.last === null) {
      queue.first = queue.last = item;
      if (queue.dueMs < this.#timerMs) this.#arm(queue.dueMs);
    } else {
      item.before = queue.last;
      queue.last = queue.last.after = item;
    }
    return queue;
  }

  #addQueue(timeoutMs: number): Queue {
    if (this.#queues.size >= LISTS) {
      for (const [key, { first }] of this.#queues) if (first === null) this.#queues.delete(key);
    }
    const queue = new Queue(timeoutMs);
    this.#queues.set(timeoutMs, queue);
    return queue;
  }

  /** The timer holds no process: a connection, or the look-up of its address, does. */
  #arm(dueMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(dueMs - monotonicMs()))).unref();
  }

  #look(): void {
    this.#timer = null;
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = monotonicMs();
    for (const queue of this.#queues.values()) {
      while (queue.dueMs <= nowMs) {
        const item = queue.first!;
        queue.remove(item);
        item.expire();
      }
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) nextMs = Math.min(nextMs, queue.dueMs);
    if (nextMs < this.#timerMs) this.#arm(nextMs);
  }
}
