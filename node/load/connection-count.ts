// How many connections a load thread has made and holds, in memory that the main thread reads.

const MADE = 0;
const GONE = 1;

/** The thread writes, with plain stores; whoever reads is a moment behind. */
export class ConnectionCount {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Float64Array;

  constructor(memory = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#numbers = new Float64Array(memory);
  }

  /** A connection was asked for, whether or not it comes about. */
  begin(): void {
    this.#numbers[MADE]!++;
  }

  end(): void {
    this.#numbers[GONE]!++;
  }

  /** The thread is gone, and its connections with it. */
  endAll(): void {
    this.#numbers[GONE] = this.#numbers[MADE]!;
  }

  get made(): number {
    return this.#numbers[MADE]!;
  }

  get open(): number {
    return this.#numbers[MADE]! - this.#numbers[GONE]!;
  }
}
