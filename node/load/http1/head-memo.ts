// The last head that was read whole: a target repeats itself, and the same octets mean the same.

/** What a head says about framing and the connection. */
export interface HeadFacts {
  status: number;
  /** Of the version, 1.0 or 1.1. */
  minor: number;
  /** -1 without one. */
  contentLength: number;
  isChunked: boolean;
  /** What `connection` says. */
  closes: boolean;
  persists: boolean;
  /** Of `keep-alive: timeout=…`; -1 without one. */
  keepAliveSeconds: number;
}

/** Longer heads are read every time. */
const LONGEST = 1024;
/** A target that has so often said something new is looked at only now and then. */
const PATIENCE = 32;

function copyFacts(from: HeadFacts, to: HeadFacts): void {
  to.status = from.status;
  to.minor = from.minor;
  to.contentLength = from.contentLength;
  to.isChunked = from.isChunked;
  to.closes = from.closes;
  to.persists = from.persists;
  to.keepAliveSeconds = from.keepAliveSeconds;
}

/** For all connections to one origin. */
export class HeadMemo implements HeadFacts {
  status = 0;
  minor = 1;
  contentLength = -1;
  isChunked = false;
  closes = false;
  persists = false;
  keepAliveSeconds = -1;
  readonly #bytes = Buffer.alloc(LONGEST);
  /** The same memory, four octets at a time. */
  readonly #words = new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset, LONGEST / 4);
  #length = 0;
  /** What was read into last, and its words. */
  #source: Buffer | null = null;
  #sourceWords: Int32Array = new Int32Array(0);
  #misses = 0;

  /** Length of the head that begins there, if it is the one that is known, and its facts; else 0. */
  recall(bytes: Buffer, from: number, to: number, facts: HeadFacts): number {
    const length = this.#length;
    // Behind another answer in one read it may begin anywhere; then it is simply read.
    if (length === 0 || to - from < length || from !== 0 || !this.#isWorthwhile()) return 0;
    if (bytes !== this.#source && !this.#view(bytes)) return 0;
    const words = length >> 2;
    for (let i = 0; i < words; i++) if (this.#sourceWords[i] !== this.#words[i]) return 0;
    for (let i = words << 2; i < length; i++) if (bytes[i] !== this.#bytes[i]) return 0;
    this.#misses = 0;
    copyFacts(this, facts);
    return length;
  }

  /** A head that was not recalled has been read whole. */
  keep(bytes: Buffer, from: number, to: number, facts: HeadFacts): void {
    this.#misses++;
    if (to - from > LONGEST || !this.#isWorthwhile()) return;
    this.#length = bytes.copy(this.#bytes, 0, from, to);
    copyFacts(facts, this);
  }

  /** False if its octets cannot be taken four at a time. */
  #view(bytes: Buffer): boolean {
    if (bytes.byteOffset % 4 !== 0) return false;
    this.#source = bytes;
    this.#sourceWords = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    return true;
  }

  #isWorthwhile(): boolean {
    return this.#misses < PATIENCE || this.#misses % PATIENCE === 0;
  }
}
