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
  #bytes = Buffer.allocUnsafeSlow(LONGEST);
  #length = 0;
  #misses = 0;

  /** Length of the head that begins there, if it is the one that is known, and its facts; else 0. */
  recall(bytes: Buffer, from: number, to: number, facts: HeadFacts): number {
    const length = this.#length;
    if (length === 0 || to - from < length || !this.#isWorthwhile()) return 0;
    if (bytes.compare(this.#bytes, 0, length, from, from + length) !== 0) return 0;
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

  #isWorthwhile(): boolean {
    return this.#misses < PATIENCE || this.#misses % PATIENCE === 0;
  }
}
