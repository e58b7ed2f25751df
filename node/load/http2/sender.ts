// What a connection sends: frames gathered to few writes, and bodies as fast as the target takes them.

import type { Socket } from "node:net";
import { monotonicMs } from "../clock.ts";
import type { Http2Call } from "./call.ts";
import {
  ACK,
  CONTINUATION,
  DATA,
  ENABLE_PUSH,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEAD_LENGTH,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  MAX_HEADER_LIST_SIZE,
  MOST_31_BITS,
  PING,
  PREFACE,
  RST_STREAM,
  SETTINGS,
  USUAL_FRAME_BYTES,
  USUAL_WINDOW_BYTES,
  WINDOW_UPDATE,
  write32,
  writeHead,
} from "./frames.ts";
import { HEAD_BYTES } from "../http/limits.ts";
import { CONNECTION_WINDOW_BYTES, STAGING_BYTES, STREAM_WINDOW_BYTES } from "./limits.ts";

/** Longer pieces of a body are not copied. */
const COPIED_BYTES = 1024;
const FIRST_STAGING_BYTES = 256;
/** Sets the size of the dynamic table to 0, before the first head: we use none (RFC 7541, 6.3). */
const NO_TABLE = Buffer.of(0x20);

export class Sender {
  /** Octets of frames that belong to no stream, and have not been counted to any request. */
  overheadBytes = 0;
  /** A read is being dealt with: what comes of it is written when it is over. */
  isReading = false;
  readonly #socket: Socket;
  /** What is sent in one turn goes in one write; else at once. */
  readonly #batches: boolean;
  #isScheduled = false;
  #staging = Buffer.allocUnsafe(FIRST_STAGING_BYTES);
  #staged = 0;
  /** How much more the target takes on the connection, and on a stream that begins. */
  #window = USUAL_WINDOW_BYTES;
  #initialWindow = USUAL_WINDOW_BYTES;
  #isFirst = true;
  /** Requests with a body that is not sent to its end. */
  readonly #uploads: Http2Call[] = [];

  constructor(socket: Socket, batches: boolean) {
    this.#socket = socket;
    this.#batches = batches;
    socket.on("drain", () => this.pump());
  }

  /** What waits for the system to take it. */
  get unreadBytes(): number {
    return this.#staged + this.#socket.writableLength;
  }

  /** Preface and settings; the window of the connection is opened wide. */
  introduce(): void {
    const settings = [ENABLE_PUSH, 0, INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES, MAX_HEADER_LIST_SIZE, HEAD_BYTES];
    const length = (settings.length / 2) * 6;
    this.#reserve(PREFACE.length + HEAD_LENGTH + length);
    this.#staged += this.#staging.write(PREFACE, this.#staged, "latin1");
    let at = writeHead(this.#staging, this.#staged, length, SETTINGS, 0, 0);
    for (let i = 0; i < settings.length; i += 2) {
      this.#staging[at++] = 0;
      this.#staging[at++] = settings[i]!;
      at = write32(this.#staging, at, settings[i + 1]!);
    }
    this.#staged = at;
    this.overheadBytes += PREFACE.length + HEAD_LENGTH + length;
    this.openWindow(0, CONNECTION_WINDOW_BYTES - USUAL_WINDOW_BYTES);
  }

  /** The head of a request, and of its body what may be sent. */
  open(call: Http2Call, stream: number): void {
    const { block, body } = call.message;
    call.stream = stream;
    call.sendWindow = this.#initialWindow;
    const end = body === null ? END_STREAM : 0;
    if (!this.#isFirst && block.length <= USUAL_FRAME_BYTES) {
      const size = HEAD_LENGTH + block.length;
      this.#reserve(size);
      const at = writeHead(this.#staging, this.#staged, block.length, HEADERS, END_HEADERS | end, stream);
      block.copy(this.#staging, at);
      this.#staged += size;
      call.bytesSent += size;
    } else {
      this.#openLong(call, this.#isFirst ? Buffer.concat([NO_TABLE, block]) : block, end);
      this.#isFirst = false;
    }
    call.writtenMs = monotonicMs();
    if (body === null) return;
    this.#uploads.push(call);
    this.pump();
  }

  /** Sends of the bodies what windows and the system take. */
  pump(): void {
    const uploads = this.#uploads;
    if (uploads.length === 0) return;
    this.#socket.cork();
    for (let isMoving = true; isMoving && !this.#socket.writableNeedDrain; ) {
      isMoving = false;
      for (let i = uploads.length - 1; i >= 0; i--) {
        const call = uploads[i]!;
        if (this.#sendPiece(call)) isMoving = true;
        if (!call.isWritten) continue;
        call.writtenMs = monotonicMs();
        uploads.splice(i, 1);
      }
    }
    this.flush();
    this.#socket.uncork();
  }

  /** Nothing more of it is sent. */
  forget(call: Http2Call): void {
    const at = this.#uploads.indexOf(call);
    if (at >= 0) this.#uploads.splice(at, 1);
  }

  /** Ends its stream from our side. */
  reset(call: Http2Call, code: number): void {
    this.forget(call);
    call.bytesSent += this.#frame(RST_STREAM, 0, call.stream, code);
  }

  /** Lets the target send so much more; on stream 0, on the connection. */
  openWindow(stream: number, bytes: number): void {
    this.overheadBytes += this.#frame(WINDOW_UPDATE, 0, stream, bytes);
  }

  acknowledgeSettings(): void {
    this.overheadBytes += this.#frame(SETTINGS, ACK, 0, null);
  }

  answerPing(bytes: Buffer, from: number): void {
    this.overheadBytes += this.#frame(PING, ACK, 0, null, 8);
    bytes.copy(this.#staging, this.#staged - 8, from, from + 8);
  }

  sayGoodbye(code: number): void {
    this.overheadBytes += this.#frame(GOAWAY, 0, 0, null, 8);
    write32(this.#staging, this.#staged - 8, 0);
    write32(this.#staging, this.#staged - 4, code);
  }

  /** The target takes so much more on the connection. False if that is more than there is. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= MOST_31_BITS;
  }

  /** The same on a stream. */
  widenStream(call: Http2Call, bytes: number): boolean {
    call.sendWindow += bytes;
    return call.sendWindow <= MOST_31_BITS;
  }

  /** Streams begin with another window, and those that are open are changed by as much. False if one gets too wide. */
  setInitialWindow(bytes: number, open: readonly Http2Call[]): boolean {
    const change = bytes - this.#initialWindow;
    this.#initialWindow = bytes;
    for (const call of open) if (!this.widenStream(call, change)) return false;
    return true;
  }

  /** Writes what was gathered when this turn is over: after the read at hand, or when others have had their say. */
  soon(): void {
    if (this.isReading || this.#isScheduled) return;
    if (!this.#batches) return this.flush();
    this.#isScheduled = true;
    process.nextTick(flush, this);
  }

  /** Writes what was gathered. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#staged === 0 || this.#socket.destroyed) return;
    const bytes = Buffer.allocUnsafe(this.#staged);
    this.#staging.copy(bytes, 0, 0, this.#staged);
    this.#staged = 0;
    this.#socket.write(bytes);
  }

  #openLong(call: Http2Call, block: Buffer, end: number): void {
    let from = 0;
    let type = HEADERS;
    do {
      const to = Math.min(block.length, from + USUAL_FRAME_BYTES);
      const flags = (to === block.length ? END_HEADERS : 0) | (from === 0 ? end : 0);
      this.#reserve(HEAD_LENGTH + to - from);
      const at = writeHead(this.#staging, this.#staged, to - from, type, flags, call.stream);
      block.copy(this.#staging, at, from, to);
      this.#staged = at + to - from;
      call.bytesSent += HEAD_LENGTH + to - from;
      from = to;
      type = CONTINUATION;
    } while (from < block.length);
  }

  /** False if nothing may be sent. */
  #sendPiece(call: Http2Call): boolean {
    const body = call.message.body!;
    const left = body.length - call.bodySent;
    const length = Math.min(left, this.#window, call.sendWindow, USUAL_FRAME_BYTES);
    if (length <= 0) return false;
    const isCopied = length <= COPIED_BYTES;
    this.#reserve(HEAD_LENGTH + (isCopied ? length : 0));
    const at = writeHead(this.#staging, this.#staged, length, DATA, length === left ? END_STREAM : 0, call.stream);
    this.#staged = at;
    const piece = body.subarray(call.bodySent, call.bodySent + length);
    if (isCopied) this.#staged += piece.copy(this.#staging, at);
    else {
      this.flush();
      this.#socket.write(piece);
    }
    call.bodySent += length;
    call.sendWindow -= length;
    this.#window -= length;
    call.bytesSent += HEAD_LENGTH + length;
    return true;
  }

  /** A frame whose payload is a number, or room for what is put there afterwards; how long it is. */
  #frame(type: number, flags: number, stream: number, number: number | null, room = 0): number {
    const length = number === null ? room : 4;
    this.#reserve(HEAD_LENGTH + length);
    const at = writeHead(this.#staging, this.#staged, length, type, flags, stream);
    if (number !== null) write32(this.#staging, at, number);
    this.#staged = at + length;
    return HEAD_LENGTH + length;
  }

  #reserve(bytes: number): void {
    const needed = this.#staged + bytes;
    if (needed <= this.#staging.length) return;
    if (needed > STAGING_BYTES) this.flush();
    const size = this.#staged + bytes;
    if (size <= this.#staging.length) return;
    const grown = Buffer.allocUnsafe(Math.max(size, Math.min(STAGING_BYTES, this.#staging.length * 2)));
    this.#staging.copy(grown, 0, 0, this.#staged);
    this.#staging = grown;
  }
}

function flush(sender: Sender): void {
  sender.flush();
}
