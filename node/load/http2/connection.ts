// One connection: opens, carries requests on streams beside one another, and says what was lost with it.

import type { OnReadOpts, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Carrier, Http2Call } from "./call.ts";
import { FrameReader } from "./frame-reader.ts";
import { CANCEL, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, INITIAL_WINDOW_SIZE, NO_ERROR, PROTOCOL_ERROR } from "./frames.ts";
import type { FieldList } from "./head-reader.ts";
import { type Conversation, Intake } from "./intake.ts";
import { STREAM_WINDOW_BYTES, UNREAD_BYTES } from "./limits.ts";
import { Opening } from "../http/opening.ts";
import type { Idling } from "../http/sweep.ts";
import { kindOfCode, kindOfSocketError } from "./outcome.ts";
import { Sender } from "./sender.ts";
import { Streams } from "./streams.ts";

/** Whose connection it is. */
export interface Owner {
  /** Memory to read into. */
  readonly readBuffer: Buffer;
  /** Streams that may be open at a time on a connection of which nothing is known yet. */
  readonly streams: number;
  /** Begins to connect. */
  open(onread: OnReadOpts): Socket;
  /** There may be room for a request again. */
  hasRoom(connection: Connection): void;
  /** The target takes so many streams on a connection; how many of them the plan allows. */
  learn(streams: number): number;
  /** It needs another connection; it fails as `kind` if it had too many already. */
  move(call: Http2Call, kind: ErrorKind): void;
  /** It is closed. */
  forget(connection: Connection): void;
}

export class Connection implements Carrier, Conversation, Idling {
  /** Neither open nor about to be. */
  isClosed = false;
  /** The target has introduced itself. */
  isReady = false;
  /** It stands where its owner looks for room. */
  isFree = false;
  wasIdle = false;
  place = -1;
  readonly #owner: Owner;
  readonly #isTls: boolean;
  readonly #socket: Socket;
  readonly #sender: Sender;
  readonly #intake: Intake;
  readonly #frames: FrameReader;
  readonly #streams = new Streams();
  /** Those for which there is no stream yet, in order. */
  readonly #waiting: Http2Call[] = [];
  readonly #opening: Opening;
  /** We have introduced ourselves. */
  #isIntroduced = false;
  /** No further stream is opened. */
  #isRetired = false;
  #resets = false;
  #mostStreams: number;
  /** When something came last. */
  #readMs = 0;
  /** The stream of the data at hand; null if nobody waits for it. */
  #current: Http2Call | null = null;
  #isLast = false;
  /** What the target said when it took its leave. */
  #goodbye = NO_ERROR;

  constructor(owner: Owner, isTls: boolean) {
    this.#owner = owner;
    this.#isTls = isTls;
    this.#mostStreams = owner.streams;
    this.#intake = new Intake(this);
    this.#frames = new FrameReader(this.#intake);
    const callback = (count: number, bytes: Uint8Array): boolean => {
      this.#read(count, bytes as Buffer);
      return true;
    };
    const socket = owner.open({ buffer: owner.readBuffer, callback });
    this.#socket = socket;
    this.#sender = new Sender(socket, owner.streams > 1);
    this.#opening = new Opening(socket, isTls, () => this.#introduce());
    socket.once("end", () => this.#lose("reset"));
    socket.on("error", (error) => this.#lose(kindOfSocketError(error)));
    socket.once("close", () => this.#lose("reset"));
  }

  /** Requests that it carries. */
  get load(): number {
    return this.#streams.size + this.#waiting.length;
  }

  get hasRoom(): boolean {
    const most = this.isReady ? this.#mostStreams : Math.min(this.#mostStreams, this.#owner.streams);
    return !this.isClosed && !this.#isRetired && this.load < most;
  }

  /** Opens a stream for the request, at once if that may be. */
  carry(call: Http2Call): void {
    call.carrier = this;
    this.wasIdle = false;
    if (!this.isReady || this.#isRetired || this.#streams.size >= this.#mostStreams) return void this.#waiting.push(call);
    this.#begin(call);
    this.#sender.soon();
  }

  /** Nobody waits for its answer any more. If nothing came of the connection since it was sent, the connection is given up. */
  abandon(call: Http2Call, isLate: boolean): void {
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
    else if (call.place >= 0) {
      this.#sender.reset(call, CANCEL);
      this.#remove(call);
      this.#sender.soon();
      if (isLate && this.#readMs < call.writtenMs) this.#isRetired = true;
    }
    const isUseless = !this.isReady || this.#isRetired || this.#mostStreams === 0;
    if (this.load === 0 && isUseless) this.close();
    else this.#advance();
  }

  /** Closes it; a reset leaves no port in TIME_WAIT. Whoever waits for an answer hears of it when the socket is gone. */
  close(code = NO_ERROR): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#owner.forget(this);
    if (this.#resets && !this.#isTls) return void this.#socket.resetAndDestroy();
    if (this.#isIntroduced) {
      this.#sender.sayGoodbye(code);
      this.#sender.flush();
    }
    this.#socket.destroy();
  }

  onSetting(id: number, value: number): boolean {
    if (id === INITIAL_WINDOW_SIZE) return this.#sender.setInitialWindow(value, this.#streams.all);
    this.#mostStreams = this.#owner.learn(value);
    return true;
  }

  onSettings(): void {
    this.#sender.acknowledgeSettings();
    this.#watchUnread();
    if (this.isClosed) return;
    if (!this.isReady) this.#ready();
    this.#sender.pump();
    this.#advance();
  }

  onPing(bytes: Buffer, from: number): void {
    this.#sender.answerPing(bytes, from);
    this.#watchUnread();
  }

  onFields(stream: number, list: FieldList, isEnd: boolean, sizeBytes: number): boolean {
    const call = this.#streams.find(stream);
    if (call === null) {
      this.#intake.overheadBytes += sizeBytes;
      return this.#streams.wasOpened(stream);
    }
    call.bytesReceived += sizeBytes;
    if (call.firstByteMs === 0) call.firstByteMs = this.#readMs;
    if (!call.onFields(list, isEnd)) this.#break(call, "protocol");
    else if (call.isTooLong) this.#break(call, "too_large");
    else if (isEnd) this.#complete(call);
    else if (call.status > 0) this.#intake.progress();
    return true;
  }

  onBodyFrame(stream: number, isEnd: boolean, sizeBytes: number): boolean {
    const call = (this.#current = this.#streams.find(stream));
    if (call === null) return this.#streams.wasOpened(stream);
    this.#isLast = isEnd;
    call.receiveWindow -= sizeBytes;
    if (call.receiveWindow < 0) return false;
    if (!isEnd && call.receiveWindow < STREAM_WINDOW_BYTES / 2) {
      this.#sender.openWindow(stream, STREAM_WINDOW_BYTES - call.receiveWindow);
      call.receiveWindow = STREAM_WINDOW_BYTES;
    }
    return true;
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    const call = this.#current;
    if (call === null) return;
    call.bytesReceived += to - from;
    this.#intake.overheadBytes -= to - from;
    const kind = call.onData(bytes, from, to);
    if (kind === null) this.#intake.progress();
    else this.#break(call, kind);
  }

  onBodyEnd(): void {
    const call = this.#current;
    this.#current = null;
    if (call !== null && this.#isLast) this.#complete(call);
  }

  onReset(stream: number, code: number): boolean {
    const call = this.#streams.find(stream);
    if (call === null) return this.#streams.wasOpened(stream);
    this.#remove(call);
    this.#owner.hasRoom(this);
    call.fail(kindOfCode(code));
    this.#advance();
    return true;
  }

  onWindow(stream: number, bytes: number): boolean {
    const call = stream === 0 ? null : this.#streams.find(stream);
    if (stream !== 0 && call === null) return this.#streams.wasOpened(stream);
    const isRight = bytes > 0 && (call === null ? this.#sender.widen(bytes) : this.#sender.widenStream(call, bytes));
    const code = bytes === 0 ? PROTOCOL_ERROR : FLOW_CONTROL_ERROR;
    if (isRight) this.#sender.pump();
    else if (call === null) this.onFault(code);
    else this.#break(call, "protocol", code);
    return true;
  }

  /** The target takes no further streams, and has not looked at those after the last it names (RFC 9113, 6.8). */
  onGoodbye(lastStream: number, code: number): void {
    this.#isRetired = true;
    this.#goodbye = code;
    const kind = code === NO_ERROR ? "refused" : kindOfCode(code);
    const unseen = [...this.#streams.all].filter(({ stream }) => stream > lastStream);
    for (const call of unseen) this.#remove(call);
    const moved = [...unseen, ...this.#waiting.splice(0)];
    if (this.load === 0) this.close();
    for (const call of moved) {
      // A target that takes a few requests on every connection comes to an end with them.
      if (lastStream > 0) call.moves = 0;
      this.#owner.move(call, kind);
    }
  }

  onTaken(bytes: number): void {
    this.#sender.openWindow(0, bytes);
  }

  onFault(code: number): void {
    this.close(code);
    this.#lose("protocol");
  }

  /** The socket is open. What was negotiated must be what the plan says. */
  #introduce(): void {
    if (this.#isTls && (this.#socket as TLSSocket).alpnProtocol !== "h2") return this.#lose("version");
    this.#isIntroduced = true;
    this.#sender.introduce();
    this.#sender.flush();
  }

  /** The target has said how many streams it takes; who finds no place has to look elsewhere. */
  #ready(): void {
    this.isReady = true;
    const surplus = this.#waiting.splice(Math.max(1, this.#mostStreams));
    const readyMs = monotonicMs();
    for (const call of this.#waiting) call.setup = this.#opening.setupOf(call.startMs, readyMs);
    for (const call of surplus) this.#owner.move(call, "refused");
  }

  /** Opens streams for those that wait, as many as may be. */
  #advance(): void {
    if (!this.isReady) return;
    while (this.#waiting.length > 0 && this.#streams.size < this.#mostStreams && !this.isClosed && !this.#isRetired) {
      const call = this.#waiting.shift()!;
      if (!call.isSettled && call.mayBegin()) this.#begin(call);
    }
    if (this.isClosed) return;
    if (this.#isRetired) {
      const waiting = this.#waiting.splice(0);
      if (this.load === 0) this.close();
      for (const call of waiting) this.#owner.move(call, "refused");
    }
    this.#owner.hasRoom(this);
    this.#sender.soon();
  }

  #begin(call: Http2Call): void {
    const stream = this.#streams.add(call);
    this.#sender.open(call, stream);
    if (call.message.closes) {
      this.#isRetired = true;
      this.#resets = call.request.http?.close === "rst";
    }
    if (this.#streams.areUsedUp) this.#isRetired = true;
  }

  #remove(call: Http2Call): void {
    this.#streams.delete(call);
    this.#sender.forget(call);
    if (this.#current === call) this.#current = null;
    // What belongs to no stream belongs to the connection, and so to whoever uses it.
    call.bytesSent += this.#sender.overheadBytes;
    this.#sender.overheadBytes = 0;
    call.bytesReceived += this.#intake.overheadBytes;
    this.#intake.overheadBytes = 0;
  }

  /** The answer is there: first the connection, so that the next request finds it, then whoever waits. */
  #complete(call: Http2Call): void {
    if (!call.isWhole) return this.#break(call, "protocol");
    this.#intake.progress();
    if (!call.isWritten) this.#sender.reset(call, NO_ERROR);
    this.#remove(call);
    const nowMs = this.#readMs;
    if (this.#isRetired || this.#waiting.length > 0) this.#advance();
    else this.#owner.hasRoom(this);
    call.succeed(nowMs);
  }

  /** The answer is none, or not one that is taken: the stream ends here, and the connection goes on. */
  #break(call: Http2Call, kind: ErrorKind, code = kind === "protocol" ? PROTOCOL_ERROR : CANCEL): void {
    this.#sender.reset(call, code);
    this.#remove(call);
    this.#advance();
    call.fail(kind);
  }

  #read(count: number, bytes: Buffer): void {
    if (this.isClosed) return;
    this.#readMs = monotonicMs();
    if (!this.isReady && bytes.toString("latin1", 0, Math.min(count, 5)) === "HTTP/") return this.#lose("version");
    this.#sender.isReading = true;
    this.#frames.read(bytes, 0, count);
    this.#sender.isReading = false;
    this.#sender.flush();
  }

  /** A target that asks for answers and does not read them. */
  #watchUnread(): void {
    if (this.#sender.unreadBytes > UNREAD_BYTES) this.onFault(ENHANCE_YOUR_CALM);
  }

  /** The connection is no more, and with it what it carried. */
  #lose(kind: ErrorKind): void {
    this.close();
    const lost = kind === "reset" ? kindOfCode(this.#goodbye) : kind;
    const waiting = this.#waiting.splice(0);
    const open = [...this.#streams.all];
    for (const call of open) this.#remove(call);
    // What was written is not sent a second time: the target may have read it, and would see more than is reported.
    for (const call of open) call.fail(lost);
    for (const call of waiting) {
      if (this.isReady) this.#owner.move(call, lost);
      else call.fail(lost);
    }
  }
}
