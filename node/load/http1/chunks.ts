// Takes the chunked coding off a body (RFC 9112, 7.1), wherever it is cut.

import { CR, HEX, IS_CHUNK_EXTENSION, LF, SEMICOLON, VALUE } from "../http/grammar.ts";
import type { Fault } from "./head.ts";
import { CHUNK_EXTENSION_BYTES } from "./limits.ts";

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const LAST = 6;

/** More say nothing but zero. */
const SIZE_DIGITS = 16;

export class ChunkParser {
  fault: Fault | null = null;
  #state = SIZE;
  #digits = 0;
  #size = 0;
  #extension = "";

  /** The last chunk, which is empty, has come; the trailer follows. */
  get isLast(): boolean {
    return this.#state === LAST;
  }

  begin(): void {
    this.fault = null;
    this.#next();
  }

  /** Where the last chunk ends, or `to`, or the place of a fault. `onData` is told of every piece of the body. */
  parse(bytes: Buffer, from: number, to: number, onData: (bytes: Buffer, from: number, to: number) => boolean): number {
    let at = from;
    while (at < to && this.fault === null && this.#state !== LAST) {
      if (this.#state === DATA) {
        const end = Math.min(to, at + this.#size);
        this.#size -= end - at;
        if (this.#size === 0) this.#state = DATA_CR;
        if (!onData(bytes, at, end)) return end;
        at = end;
      } else {
        at = this.#frame(bytes, at, to);
      }
    }
    return at;
  }

  #next(): void {
    this.#state = SIZE;
    this.#digits = 0;
    this.#size = 0;
    this.#extension = "";
  }

  #frame(bytes: Buffer, at: number, to: number): number {
    const octet = bytes[at]!;
    switch (this.#state) {
      case SIZE:
        return this.#digit(octet, at);
      case EXTENSION:
        return this.#extend(bytes, at, to);
      case SIZE_LF:
        if (octet !== LF) return this.#fail("chunk size", at);
        this.#state = this.#size === 0 ? LAST : DATA;
        return at + 1;
      case DATA_CR:
        if (octet !== CR) return this.#fail("chunk end", at);
        this.#state = DATA_LF;
        return at + 1;
      default:
        if (octet !== LF) return this.#fail("chunk end", at);
        this.#next();
        return at + 1;
    }
  }

  #digit(octet: number, at: number): number {
    const value = HEX[octet]!;
    if (value < 16) {
      this.#size = this.#size * 16 + value;
      if (++this.#digits > SIZE_DIGITS || this.#size > Number.MAX_SAFE_INTEGER) return this.#fail("chunk size", at);
      return at + 1;
    }
    if (this.#digits === 0) return this.#fail("chunk size", at);
    if (octet === CR) {
      this.#state = SIZE_LF;
      return at + 1;
    }
    if (octet !== SEMICOLON) return this.#fail("chunk size", at);
    this.#state = EXTENSION;
    return at;
  }

  #extend(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && VALUE[bytes[at]!] === 1) at++;
    this.#extension += bytes.toString("latin1", from, at);
    if (this.#extension.length > CHUNK_EXTENSION_BYTES) return this.#fail("chunk extension", at);
    if (at === to) return at;
    if (bytes[at] !== CR || !IS_CHUNK_EXTENSION.test(this.#extension)) return this.#fail("chunk extension", at);
    this.#state = SIZE_LF;
    return at + 1;
  }

  #fail(fault: Fault, at: number): number {
    this.fault = fault;
    return at;
  }
}
