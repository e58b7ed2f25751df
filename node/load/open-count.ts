// What a load thread has open: its connections, and its requests that wait for their answers; in memory that the main thread
// reads.

const MADE = 0;
const GONE = 1;
const SENT = 2;
const SETTLED = 3;

/** Of all threads of an agent. */
export interface OpenCounts {
  readonly open: number;
  readonly made: number;
  /** Requests that wait for their answers. */
  readonly requests: number;
}

/** The thread writes, with plain stores; whoever reads is a moment behind. */
export class OpenCount {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Float64Array;

  constructor(memory = new SharedArrayBuffer(32)) {
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

  /** A request was handed to a driver … */
  send(): void {
    this.#numbers[SENT]!++;
  }

  /** … and there is nothing more to wait for. */
  settle(): void {
    this.#numbers[SETTLED]!++;
  }

  /** The thread is gone, and its connections and requests with it. */
  endAll(): void {
    this.#numbers[GONE] = this.#numbers[MADE]!;
    this.#numbers[SETTLED] = this.#numbers[SENT]!;
  }

  /** Requests that wait for their answers, those for which a connection is still to be found included. */
  get requests(): number {
    return this.#numbers[SENT]! - this.#numbers[SETTLED]!;
  }

  get made(): number {
    return this.#numbers[MADE]!;
  }

  get open(): number {
    return this.#numbers[MADE]! - this.#numbers[GONE]!;
  }
}
