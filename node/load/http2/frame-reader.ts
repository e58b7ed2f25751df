// Finds the frames in the bytes of a connection, wherever they are cut. Data is passed on as it comes, the rest is put together.

import { DATA, FRAME_SIZE_ERROR, HEAD_LENGTH, MOST_31_BITS, PADDED, PROTOCOL_ERROR, read32, USUAL_FRAME_BYTES } from "./frames.ts";

/** Whom it tells what it reads. All of them say whether to go on. */
export interface FrameSink {
  /** A whole frame that is no data. */
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): boolean;
  /** A frame of data begins; its payload is so long, padding and all. */
  onDataFrame(stream: number, flags: number, length: number): boolean;
  /** A piece of its data, in memory that is used again afterwards. */
  onData(bytes: Buffer, from: number, to: number): boolean;
  onDataEnd(): boolean;
  /** It is no frame: the connection is of no more use. */
  onFault(code: number): false;
}

const HEAD = 0;
const PAYLOAD = 1;
const PAD_LENGTH = 2;
const BODY = 3;
const PADDING = 4;

export class FrameReader {
  readonly #sink: FrameSink;
  #phase = HEAD;
  /** What came of a head or of a payload before the bytes at hand. */
  #held: Buffer | null = null;
  #heldLength = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Octets of the payload that have not been dealt with. */
  #remaining = 0;
  #padding = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  read(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at >= 0 && at < to) at = this.#step(bytes, at, to);
  }

  /** Where it goes on; -1 if it does not. */
  #step(bytes: Buffer, at: number, to: number): number {
    switch (this.#phase) {
      case HEAD:
        return this.#head(bytes, at, to);
      case PAYLOAD:
        return this.#payload(bytes, at, to);
      case PAD_LENGTH:
        this.#padding = bytes[at]!;
        this.#remaining -= this.#padding + 1;
        if (this.#remaining < 0) return this.#fail(PROTOCOL_ERROR);
        this.#phase = BODY;
        return this.#remaining > 0 ? at + 1 : this.#bodyEnds(at + 1);
      case BODY: {
        const end = Math.min(to, at + this.#remaining);
        this.#remaining -= end - at;
        if (!this.#sink.onData(bytes, at, end)) return -1;
        return this.#remaining > 0 ? end : this.#bodyEnds(end);
      }
      default: {
        const end = Math.min(to, at + this.#padding);
        this.#padding -= end - at;
        return this.#padding > 0 ? end : this.#dataEnds(end);
      }
    }
  }

  #head(bytes: Buffer, at: number, to: number): number {
    if (this.#heldLength === 0 && to - at >= HEAD_LENGTH) return this.#begin(bytes, at, at + HEAD_LENGTH);
    const end = this.#hold(bytes, at, to, HEAD_LENGTH);
    if (this.#heldLength < HEAD_LENGTH) return end;
    this.#heldLength = 0;
    return this.#begin(this.#held!, 0, end);
  }

  /** The head of the frame is there; the payload comes at `next`. */
  #begin(head: Buffer, at: number, next: number): number {
    const length = (head[at]! << 16) | (head[at + 1]! << 8) | head[at + 2]!;
    if (length > USUAL_FRAME_BYTES) return this.#fail(FRAME_SIZE_ERROR);
    this.#type = head[at + 3]!;
    this.#flags = head[at + 4]!;
    this.#stream = read32(head, at + 5) & MOST_31_BITS;
    this.#remaining = length;
    if (this.#type !== DATA) {
      this.#phase = PAYLOAD;
      return length > 0 ? next : this.#frame(head, at, at, next);
    }
    if (!this.#sink.onDataFrame(this.#stream, this.#flags, length)) return -1;
    this.#padding = 0;
    if ((this.#flags & PADDED) !== 0) {
      if (length === 0) return this.#fail(FRAME_SIZE_ERROR);
      this.#phase = PAD_LENGTH;
      return next;
    }
    this.#phase = BODY;
    return length > 0 ? next : this.#bodyEnds(next);
  }

  #payload(bytes: Buffer, at: number, to: number): number {
    const length = this.#remaining;
    if (this.#heldLength === 0 && to - at >= length) return this.#frame(bytes, at, at + length, at + length);
    const end = this.#hold(bytes, at, to, length);
    if (this.#heldLength < length) return end;
    this.#heldLength = 0;
    return this.#frame(this.#held!, 0, length, end);
  }

  #frame(bytes: Buffer, from: number, to: number, next: number): number {
    this.#phase = HEAD;
    return this.#sink.onFrame(this.#type, this.#flags, this.#stream, bytes, from, to) ? next : -1;
  }

  #bodyEnds(next: number): number {
    if (this.#padding === 0) return this.#dataEnds(next);
    this.#phase = PADDING;
    return next;
  }

  #dataEnds(next: number): number {
    this.#phase = HEAD;
    return this.#sink.onDataEnd() ? next : -1;
  }

  /** Takes what is missing of so many octets; where the rest begins. */
  #hold(bytes: Buffer, at: number, to: number, length: number): number {
    const held = this.#room(length);
    const end = Math.min(to, at + length - this.#heldLength);
    bytes.copy(held, this.#heldLength, at, end);
    this.#heldLength += end - at;
    return end;
  }

  #room(length: number): Buffer {
    const held = this.#held;
    if (held !== null && held.length >= length) return held;
    const grown = Buffer.allocUnsafeSlow(Math.max(length, 64));
    held?.copy(grown, 0, 0, this.#heldLength);
    return (this.#held = grown);
  }

  #fail(code: number): number {
    this.#sink.onFault(code);
    return -1;
  }
}
