// What a connection receives: every frame is checked (RFC 9113, 4 to 6), heads are put together and read, floods are
// noticed.

import {
  ACK,
  COMPRESSION_ERROR,
  CONTINUATION,
  ENABLE_PUSH,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  GOAWAY,
  HEAD_LENGTH,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_SIZE,
  MOST_31_BITS,
  PADDED,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  read32,
  RST_STREAM,
  SETTINGS,
  USUAL_FRAME_BYTES,
  WINDOW_UPDATE,
  WITH_PRIORITY,
} from "./frames.ts";
import type { FrameSink } from "./frame-reader.ts";
import { type FieldList, HeadReader } from "./head-reader.ts";
import { CONNECTION_WINDOW_BYTES, HEAD_BLOCK_BYTES, IDLE_FRAMES } from "./limits.ts";

/** What the frames mean to a connection. Those that say something of a stream say false if it was never opened. */
export interface Conversation {
  readonly isClosed: boolean;
  /** A setting that matters; false if it cannot be. */
  onSetting(id: number, value: number): boolean;
  /** All of a frame of settings. */
  onSettings(): void;
  onPing(bytes: Buffer, from: number): void;
  onFields(stream: number, list: FieldList, isEnd: boolean, sizeBytes: number): boolean;
  /** The data of a frame, whose payload is so long. What is given on of it is taken out of the overhead. */
  onBodyFrame(stream: number, isEnd: boolean, sizeBytes: number): boolean;
  onBody(bytes: Buffer, from: number, to: number): void;
  onBodyEnd(): void;
  onReset(stream: number, code: number): boolean;
  /** False if the stream was never opened. */
  onWindow(stream: number, bytes: number): boolean;
  onGoodbye(lastStream: number, code: number): void;
  /** So much was taken of the window of the connection. */
  onTaken(bytes: number): void;
  /** The connection is of no more use. */
  onFault(code: number): void;
}

export class Intake implements FrameSink {
  /** Octets that belong to no answer, and have not been counted to any. */
  overheadBytes = 0;
  readonly #to: Conversation;
  readonly #heads = new HeadReader();
  #isGreeted = false;
  /** Frames since the last that brought an answer further. */
  #idleFrames = 0;
  #window = CONNECTION_WINDOW_BYTES;
  /** The stream whose head is not complete; 0 if none is. */
  #openHead = 0;
  #isLast = false;
  #block: Buffer | null = null;
  #blockLength = 0;
  #blockBytes = 0;

  constructor(to: Conversation) {
    this.#to = to;
  }

  /** An answer got further. */
  progress(): void {
    this.#idleFrames = 0;
  }

  onFault(code: number): false {
    this.#to.onFault(code);
    return false;
  }

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): boolean {
    if (!this.#isGreeted && (type !== SETTINGS || (flags & ACK) !== 0)) return this.onFault(PROTOCOL_ERROR);
    if (this.#openHead !== 0 && (type !== CONTINUATION || stream !== this.#openHead)) {
      return this.onFault(PROTOCOL_ERROR);
    }
    if (++this.#idleFrames > IDLE_FRAMES) return this.onFault(ENHANCE_YOUR_CALM);
    if (type !== HEADERS && type !== CONTINUATION) this.overheadBytes += HEAD_LENGTH + to - from;
    switch (type) {
      case HEADERS:
        return this.#headers(flags, stream, bytes, from, to);
      case CONTINUATION:
        return this.#continuation(flags, stream, bytes, from, to);
      case SETTINGS:
        return this.#settings(flags, stream, bytes, from, to);
      case RST_STREAM:
        if (to - from !== 4) return this.onFault(FRAME_SIZE_ERROR);
        if (stream === 0 || !this.#to.onReset(stream, read32(bytes, from))) return this.onFault(PROTOCOL_ERROR);
        break;
      case WINDOW_UPDATE:
        return this.#windowUpdate(stream, bytes, from, to);
      case GOAWAY:
        if (to - from < 8) return this.onFault(FRAME_SIZE_ERROR);
        if (stream !== 0) return this.onFault(PROTOCOL_ERROR);
        this.#to.onGoodbye(read32(bytes, from) & MOST_31_BITS, read32(bytes, from + 4));
        break;
      case PING:
        if (to - from !== 8) return this.onFault(FRAME_SIZE_ERROR);
        if (stream !== 0) return this.onFault(PROTOCOL_ERROR);
        if ((flags & ACK) === 0) this.#to.onPing(bytes, from);
        break;
      case PRIORITY:
        if (to - from !== 5) return this.onFault(FRAME_SIZE_ERROR);
        if (stream === 0) return this.onFault(PROTOCOL_ERROR);
        break;
      case PUSH_PROMISE:
        // We have said that we take none.
        return this.onFault(PROTOCOL_ERROR);
      default:
        // Kinds of frames that others may invent are read over (RFC 9113, 5.5).
        break;
    }
    return !this.#to.isClosed;
  }

  onDataFrame(stream: number, flags: number, length: number): boolean {
    if (!this.#isGreeted || this.#openHead !== 0 || stream === 0) return this.onFault(PROTOCOL_ERROR);
    this.#window -= length;
    if (this.#window < 0) return this.onFault(FLOW_CONTROL_ERROR);
    if (++this.#idleFrames > IDLE_FRAMES) return this.onFault(ENHANCE_YOUR_CALM);
    this.overheadBytes += HEAD_LENGTH;
    const isEnd = (flags & END_STREAM) !== 0;
    if (!this.#to.onBodyFrame(stream, isEnd, length)) return this.onFault(PROTOCOL_ERROR);
    if (this.#to.isClosed) return false;
    if (this.#window < CONNECTION_WINDOW_BYTES / 2) {
      this.#to.onTaken(CONNECTION_WINDOW_BYTES - this.#window);
      this.#window = CONNECTION_WINDOW_BYTES;
    }
    return true;
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    this.overheadBytes += to - from;
    this.#to.onBody(bytes, from, to);
    return !this.#to.isClosed;
  }

  onDataEnd(): boolean {
    this.#to.onBodyEnd();
    return !this.#to.isClosed;
  }

  #headers(flags: number, stream: number, bytes: Buffer, start: number, end: number): boolean {
    let from = start;
    let to = end;
    if ((flags & PADDED) !== 0) to -= from < to ? bytes[from++]! : 1;
    if ((flags & WITH_PRIORITY) !== 0) from += 5;
    if (from > to || stream === 0) return this.onFault(PROTOCOL_ERROR);
    this.#isLast = (flags & END_STREAM) !== 0;
    this.#blockBytes = HEAD_LENGTH + end - start;
    if ((flags & END_HEADERS) !== 0) return this.#fields(stream, bytes, from, to);
    this.#openHead = stream;
    this.#blockLength = 0;
    return this.#append(bytes, from, to);
  }

  #continuation(flags: number, stream: number, bytes: Buffer, from: number, to: number): boolean {
    if (this.#openHead === 0) return this.onFault(PROTOCOL_ERROR);
    this.#blockBytes += HEAD_LENGTH + to - from;
    if (!this.#append(bytes, from, to)) return false;
    if ((flags & END_HEADERS) === 0) return true;
    this.#openHead = 0;
    return this.#fields(stream, this.#block!, 0, this.#blockLength);
  }

  #append(bytes: Buffer, from: number, to: number): boolean {
    const length = this.#blockLength + to - from;
    if (length > HEAD_BLOCK_BYTES) return this.onFault(ENHANCE_YOUR_CALM);
    if (this.#block === null || this.#block.length < length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(HEAD_BLOCK_BYTES, Math.max(length * 2, 1024)));
      this.#block?.copy(grown, 0, 0, this.#blockLength);
      this.#block = grown;
    }
    bytes.copy(this.#block, this.#blockLength, from, to);
    this.#blockLength = length;
    return true;
  }

  #fields(stream: number, bytes: Buffer, from: number, to: number): boolean {
    const list = this.#heads.read(bytes, from, to);
    if (list === null) return this.onFault(COMPRESSION_ERROR);
    if (!this.#to.onFields(stream, list, this.#isLast, this.#blockBytes)) return this.onFault(PROTOCOL_ERROR);
    return !this.#to.isClosed;
  }

  #settings(flags: number, stream: number, bytes: Buffer, from: number, to: number): boolean {
    if (stream !== 0) return this.onFault(PROTOCOL_ERROR);
    const isAck = (flags & ACK) !== 0;
    if ((to - from) % 6 !== 0 || (isAck && to > from)) return this.onFault(FRAME_SIZE_ERROR);
    if (isAck) return true;
    for (let at = from; at < to; at += 6) {
      const id = (bytes[at]! << 8) | bytes[at + 1]!;
      const value = read32(bytes, at + 2);
      if (id === ENABLE_PUSH && value !== 0) return this.onFault(PROTOCOL_ERROR);
      if (id === MAX_FRAME_SIZE && (value < USUAL_FRAME_BYTES || value > 0xff_ffff)) {
        return this.onFault(PROTOCOL_ERROR);
      }
      if (id === INITIAL_WINDOW_SIZE && (value > MOST_31_BITS || !this.#to.onSetting(id, value))) {
        return this.onFault(FLOW_CONTROL_ERROR);
      }
      if (id === MAX_CONCURRENT_STREAMS) this.#to.onSetting(id, value);
    }
    this.#isGreeted = true;
    this.#to.onSettings();
    return !this.#to.isClosed;
  }

  #windowUpdate(stream: number, bytes: Buffer, from: number, to: number): boolean {
    if (to - from !== 4) return this.onFault(FRAME_SIZE_ERROR);
    if (!this.#to.onWindow(stream, read32(bytes, from) & MOST_31_BITS)) return this.onFault(PROTOCOL_ERROR);
    return !this.#to.isClosed;
  }
}
