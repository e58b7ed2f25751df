// One connection: opens, carries requests one behind the other, reads their answers, and says what was lost with it.

import type { OnReadOpts, Socket } from "node:net";
import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import { Opening } from "../http/opening.ts";
import type { Idling } from "../http/sweep.ts";
import { classify } from "../outcome.ts";
import type { Carrier, Http1Call } from "./call.ts";
import type { HeadMemo } from "./head-memo.ts";
import { BIG_REQUEST_BYTES, KEEP_ALIVE_MARGIN_MS } from "./limits.ts";
import { AnswerParser } from "./parser.ts";

/** Whose connection it is. */
export interface Owner {
  /** Memory to read into. */
  readonly readBuffer: Buffer;
  /** Shared by all connections to the same target. */
  readonly memo: HeadMemo;
  /** Begins to connect. */
  open(onread: OnReadOpts): Socket;
  /** There is room for a request again. */
  hasRoom(connection: Connection): void;
  /** It stood behind an answer that said close, so that the target has not read it, and may be sent again. */
  repeat(call: Http1Call): void;
  /** It is closed. */
  forget(connection: Connection): void;
}

export class Connection implements Carrier, Idling {
  /** Neither open nor about to be. */
  isClosed = false;
  /** No further request may be put on it: an answer is due that nobody waits for any more, and may never come. */
  isFinal = false;
  /** It is open. */
  isReady = false;
  /** It stands where its owner looks for room. */
  isFree = false;
  /** What it carries, if anything, has to be alone on it. */
  isTaken = false;
  wasIdle = false;
  place = -1;
  readonly #owner: Owner;
  readonly #isTls: boolean;
  readonly #socket: Socket;
  readonly #parser: AnswerParser;
  /** Those waiting for the connection or for their answer, in order. */
  readonly #calls: Http1Call[] = [];
  readonly #opening: Opening;
  #isAnswering = false;
  #isCorked = false;
  /** From then on the target may have closed it. */
  #staleMs = Number.POSITIVE_INFINITY;

  constructor(owner: Owner, isTls: boolean) {
    this.#owner = owner;
    this.#isTls = isTls;
    this.#parser = new AnswerParser(owner.memo);
    const callback = (count: number, bytes: Uint8Array): boolean => {
      this.#read(count, bytes as Buffer);
      return true;
    };
    const socket = owner.open({ buffer: owner.readBuffer, callback });
    this.#socket = socket;
    this.#opening = new Opening(socket, isTls, () => this.#ready());
    socket.once("end", () => this.#end());
    socket.on("error", (error) => this.#lose(classify(error)));
    socket.once("close", () => this.#lose("reset"));
  }

  get load(): number {
    return this.#calls.length;
  }

  /** A request may be written to it as far as is known. */
  isUsable(nowMs: number): boolean {
    return !this.isClosed && !this.isFinal && (nowMs < this.#staleMs || this.#calls.length > 0);
  }

  /** Writes the request, at once if the connection is open. */
  carry(call: Http1Call, batches: boolean): void {
    call.carrier = this;
    this.wasIdle = false;
    this.#calls.push(call);
    if (!this.isReady) return;
    if (batches && !this.#isCorked) this.#cork();
    this.#write(call);
  }

  /**
   * Nobody waits for its answer any more. If others wait for theirs, on the same connection, it is read and thrown away;
   * else the connection is closed.
   */
  abandon(call: Http1Call): void {
    let isInFront = true;
    for (const other of this.#calls) {
      if (other === call) isInFront = false;
      else if (!other.isSettled) {
        if (!isInFront) this.isFinal = true;
        return;
      }
    }
    this.#calls.length = 0;
    this.#isAnswering = false;
    this.close();
  }

  /** Closes it; a reset leaves no port in TIME_WAIT. Whoever waits for an answer hears of it when the socket is gone. */
  close(resets = false): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#owner.forget(this);
    if (resets && !this.#isTls) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** It is open. Those that come while others are written stand behind them. */
  #ready(): void {
    const nowMs = monotonicMs();
    let i = 0;
    while (i < this.#calls.length && !this.isClosed) {
      const call = this.#calls[i]!;
      if (call.isSettled || !call.mayBegin()) {
        const at = this.#calls.indexOf(call);
        if (at >= 0) this.#calls.splice(at, 1);
        continue;
      }
      call.setup = this.#opening.setupOf(call.startMs, nowMs);
      this.#write(call);
      i++;
    }
    this.isReady = true;
    if (!this.isClosed) this.#owner.hasRoom(this);
  }

  #write(call: Http1Call): void {
    const { head, body, sizeBytes } = call.message;
    const socket = this.#socket;
    const isBig = sizeBytes > BIG_REQUEST_BYTES;
    const written = isBig ? () => this.#written(call) : undefined;
    call.bytesSent += sizeBytes;
    if (body !== null) {
      socket.cork();
      socket.write(head as string, "latin1");
      socket.write(body, written);
      socket.uncork();
    } else if (typeof head === "string") socket.write(head, "latin1", written);
    else socket.write(head, written);
    call.isWritten = !isBig;
    call.writtenMs = monotonicMs();
  }

  #written(call: Http1Call): void {
    call.isWritten = true;
    // An answer may come before the end of the request.
    if (call.firstByteMs === 0 && !call.isSettled) call.writtenMs = monotonicMs();
  }

  /** Requests of one turn go in one write. */
  #cork(): void {
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #read(count: number, bytes: Buffer): void {
    const nowMs = monotonicMs();
    let at = 0;
    while (at < count) {
      if (this.isClosed) return;
      const call = this.#calls[0];
      // Nobody asked: whatever it is, it must not be taken for the answer to the next request.
      if (call === undefined || call.writtenMs === 0) return this.#lose("protocol");
      if (!this.#isAnswering) this.#begin(call, nowMs);
      call.bytesReceived += count - at;
      at = this.#parser.parse(bytes, at, count);
      call.bytesReceived -= count - at;
      if (this.#parser.fault !== null) return this.#lose("protocol");
      if (this.#parser.isRefused) return this.#lose("too_large");
      if (this.#parser.isEnd) this.#complete(call, nowMs, at < count);
    }
  }

  #begin(call: Http1Call, nowMs: number): void {
    this.#isAnswering = true;
    call.firstByteMs = nowMs;
    this.#parser.begin(call, call.request.method, call.keepsHead);
  }

  /** The answer is there: first the connection, so that the next request finds it, then whoever waits. */
  #complete(call: Http1Call, nowMs: number, isMore: boolean): void {
    const { persists, keepAliveSeconds } = this.#parser;
    this.#isAnswering = false;
    this.#calls.shift();
    this.#staleMs = keepAliveSeconds < 0 ? Number.POSITIVE_INFINITY : nowMs + keepAliveSeconds * 1000 - KEEP_ALIVE_MARGIN_MS;
    const isOver = !persists || call.message.closes || !call.isWritten || ((isMore || this.isFinal) && this.#calls.length === 0);
    if (isOver) {
      const isAnnounced = this.#parser.saysClose || call.message.closes;
      this.close(call.request.http?.close === "rst");
      this.#giveBack("reset", isAnnounced);
    } else {
      this.#owner.hasRoom(this);
    }
    call.succeed(nowMs);
  }

  /** The target has said that it will send no more. */
  #end(): void {
    const [call] = this.#calls;
    if (this.isClosed || call === undefined || !this.#isAnswering || !this.#parser.close()) return this.#lose("reset");
    this.#complete(call, monotonicMs(), false);
  }

  /** The connection is no more: with it goes the answer that had begun, and those that had not. */
  #lose(kind: ErrorKind): void {
    const isFirstToBlame = this.#isAnswering;
    this.#isAnswering = false;
    this.close();
    if (isFirstToBlame) this.#calls.shift()?.fail(kind);
    this.#giveBack(isFirstToBlame ? "reset" : kind, false);
  }

  /**
   * What was written is not sent a second time: the target may have read it before the connection was lost, and would see
   * more than is reported. Only behind an answer that says close it must not have (RFC 9112, 9.6).
   */
  #giveBack(kind: ErrorKind, isUnread: boolean): void {
    for (const call of this.#calls.splice(0)) {
      const mayRepeat = isUnread && call.isIdempotent && !call.isRepeated && call.writtenMs > 0;
      if (mayRepeat && !call.isSettled) this.#owner.repeat(call);
      else call.fail(kind);
    }
  }
}
