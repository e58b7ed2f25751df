// Links: for each connected peer one outgoing stream of length-prefixed frames, and whatever streams it opens to us.

import type { Connection, Stream } from "@libp2p/interface";
import { type LengthPrefixedStream, lpStream } from "@libp2p/utils";
import { MAX_FRAME_BYTES } from "../wire/codec.ts";
import { MalformedStream, readFrames } from "./frame-reader.ts";
import type { Host } from "./host.ts";
import { updateWindowSeldom } from "./window-updates.ts";

/** Protocol of the frame streams; its version is the wire version. */
const PROTOCOL = "/loadswarm/frames/1";
/** Bytes waiting for one slow peer; beyond that its link is closed, and the hello of the next one tells it everything. */
const MAX_QUEUED_BYTES = 4 * MAX_FRAME_BYTES;
const OPEN_TIMEOUT_MS = 5000;
/** How long a closing agent waits for its last frames to be taken; a peer that hangs must not keep it. */
const FLUSH_TIMEOUT_MS = 2000;
/** The same for one link that is closed; then its connection has so long to end. A dead one is gone within a second. */
const CLOSE_TIMEOUT_MS = 750;
const END_TIMEOUT_MS = 200;
/** Of one connection: a link has one, and another one where it was given up for a moment. */
const MAX_STREAMS = 2;
/** Silent for so long, a connection gives way to a new one: agents that are linked say something every two seconds at least. */
const STALE_MS = 3500;

export interface LinkEvents {
  up(peer: string): void;
  /** The last connection to the peer is gone. */
  down(peer: string): void;
  /** Asked before a frame of the peer's is read: as LargeFrames.enter. */
  enter(peer: string, sizeBytes: number): Promise<() => void> | null;
  /** The peer's next frame is read when this one is dealt with. */
  frame(peer: string, bytes: Uint8Array): Promise<void>;
  /** For how many ms no frame of this peer may be read after one of this size. */
  waitMs(peer: string, sizeBytes: number): number;
  /** A stream of the peer's held what can be no frame. */
  malformed(peer: string, cause: MalformedStream): void;
}

interface Link {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly frames: LengthPrefixedStream;
  queuedBytes: number;
  /** Resolves when everything queued so far has been handed to the transport. */
  written: Promise<void>;
}

export class Links {
  readonly #host: Host;
  readonly #events: LinkEvents;
  readonly #links = new Map<string, Link>();
  /** Peers whose connections are being closed. */
  readonly #closing = new Map<string, Promise<void>>();
  /** When each connection was opened or last heard of, monotonic. */
  readonly #heardAtMs = new WeakMap<Connection, number>();
  /** Frames that went nowhere: link gone or peer too slow. */
  droppedFrames = 0;

  constructor(host: Host, events: LinkEvents) {
    this.#host = host;
    this.#events = events;
  }

  async start(): Promise<void> {
    this.#host.addEventListener("connection:open", (event) => void this.#opened(event.detail));
    this.#host.addEventListener("connection:close", (event) => this.#closed(event.detail));
    await this.#host.handle(PROTOCOL, (stream, connection) => void this.#receive(stream, connection), {
      maxInboundStreams: MAX_STREAMS,
    });
    // The host has been listening for a moment already.
    for (const connection of this.#host.getConnections()) void this.#opened(connection);
  }

  has(peer: string): boolean {
    return this.#links.has(peer);
  }

  count(): number {
    return this.#links.size;
  }

  /** Whether it was taken; false if there is no link. */
  send(peer: string, bytes: Uint8Array): boolean {
    const link = this.#links.get(peer);
    if (link === undefined) return false;
    if (bytes.length > MAX_FRAME_BYTES) {
      this.droppedFrames++;
      return true;
    }
    if (link.queuedBytes > MAX_QUEUED_BYTES) {
      this.droppedFrames++;
      drop(link.connection, new Error("the peer takes frames too slowly"));
      return true;
    }
    link.queuedBytes += bytes.length;
    link.written = link.written
      .then(() => link.frames.write(bytes))
      .catch(() => {
        this.droppedFrames++;
      })
      .finally(() => {
        link.queuedBytes -= bytes.length;
      });
    return true;
  }

  /** Closes every connection to a peer at once, whatever is under way. */
  abort(peer: string): void {
    for (const one of this.#connections(peer)) drop(one, new Error("the peer is refused"));
  }

  /**
   * Closes every connection to a peer once what was sent before is on its way; at most a second later they are gone,
   * whether the peer still lives or not. `down` is told as of any link that closes.
   */
  close(peer: string): Promise<void> {
    return this.#closeWithin(peer, CLOSE_TIMEOUT_MS);
  }

  /** The same for every peer, with some more patience for frames under way. */
  async closeAll(): Promise<void> {
    await Promise.all(Array.from(this.#links.keys(), (peer) => this.#closeWithin(peer, FLUSH_TIMEOUT_MS)));
  }

  #closeWithin(peer: string, timeoutMs: number): Promise<void> {
    const underWay = this.#closing.get(peer);
    if (underWay !== undefined) return underWay;
    const closing = this.#close(peer, timeoutMs).finally(() => this.#closing.delete(peer));
    this.#closing.set(peer, closing);
    return closing;
  }

  /** Resolves when no connection to the peer is being closed: until then libp2p would take such a one for a good one. */
  async closed(peer: string): Promise<void> {
    await this.#closing.get(peer);
  }

  /**
   * First only our stream, and then it is the peer's turn: when it has read all of it, it drops the connection. Would we do
   * that, libp2p at its side would throw away what it had received and not yet handed on.
   */
  async #close(peer: string, timeoutMs: number): Promise<void> {
    const link = this.#links.get(peer);
    if (link !== undefined) {
      const dropped = new Promise<void>((resolve) => {
        link.connection.addEventListener("close", () => resolve(), { once: true });
      });
      const finished = link.written.then(() => link.stream.close()).then(() => dropped, ignored);
      await within(timeoutMs, finished);
    }
    const connections = this.#host.getConnections().filter((one) => one.remotePeer.toString() === peer);
    await Promise.all(connections.map((one) => end(one)));
  }

  async #opened(connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString();
    this.#heardAtMs.set(connection, performance.now());
    const surplus = this.#surplusOf(peer);
    for (const one of surplus) void end(one);
    if (surplus.includes(connection)) return;
    await this.#establish(peer, connection);
  }

  /**
   * Two agents that dial each other at once end up with two connections. Both keep the one that the lower peer id
   * dialled, and of several such the oldest. But a connection that has been silent while the peer made a new one is one
   * that the peer has lost.
   */
  #surplusOf(peer: string): Connection[] {
    const self = this.#host.peerId.toString();
    const lower = peer < self ? "inbound" : "outbound";
    const staleMs = performance.now() - STALE_MS;
    const rank = (one: Connection) =>
      Number((this.#heardAtMs.get(one) ?? 0) < staleMs) * 2 + Number(one.direction !== lower);
    const open = this.#connections(peer).sort((a, b) => rank(a) - rank(b) || a.timeline.open - b.timeline.open);
    return open.slice(1);
  }

  #connections(peer: string): Connection[] {
    return this.#host.getConnections().filter((one) => one.remotePeer.toString() === peer && one.status === "open");
  }

  async #establish(peer: string, connection: Connection): Promise<void> {
    if (this.#links.get(peer)?.connection === connection) return;
    try {
      const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS);
      const stream = await connection.newStream(PROTOCOL, { signal });
      // It may have closed while the stream was negotiated: nobody would ever tell us again.
      if (connection.status !== "open") return;
      const frames = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES });
      // A stream on a new connection is a new link: what was queued on the old one may be lost, a hello makes it good.
      const replaces = this.#links.has(peer);
      this.#links.set(peer, { connection, stream, frames, queuedBytes: 0, written: Promise.resolve() });
      stream.addEventListener("close", () => this.#streamClosed(peer, stream), { once: true });
      if (replaces) this.#events.down(peer);
      this.#events.up(peer);
    } catch (cause) {
      drop(connection, cause);
    }
  }

  /** A peer that resets our stream but keeps the connection would leave us with a link that leads nowhere. */
  #streamClosed(peer: string, stream: Stream): void {
    const link = this.#links.get(peer);
    if (link?.stream === stream && link.connection.status === "open") {
      drop(link.connection, new Error("the frame stream was closed"));
    }
  }

  #closed(connection: Connection): void {
    const peer = connection.remotePeer.toString();
    if (this.#links.get(peer)?.connection !== connection) return;
    this.#links.delete(peer);
    const other = this.#connections(peer)[0];
    this.#events.down(peer);
    if (other !== undefined) void this.#establish(peer, other);
  }

  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString();
    updateWindowSeldom(stream);
    try {
      await readFrames(stream, {
        enter: (sizeBytes) => this.#events.enter(peer, sizeBytes),
        frame: (bytes) => {
          this.#heardAtMs.set(connection, performance.now());
          return this.#events.frame(peer, bytes);
        },
        waitMs: (sizeBytes) => this.#events.waitMs(peer, sizeBytes),
      });
    } catch (cause) {
      if (cause instanceof MalformedStream) this.#events.malformed(peer, cause);
      // Without this stream the link is deaf, so the peer loses the whole connection; the next hello sets right what a
      // frame that was a fault of ours would have told.
      drop(connection, cause);
    }
  }
}

/** Closes a connection as one should, or aborts it where that takes too long. */
async function end(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(END_TIMEOUT_MS) });
  } catch (cause) {
    drop(connection, cause);
  }
}

/** What fails here is closed all the same, by what comes next. */
function ignored(): void {}

async function within(timeoutMs: number, done: Promise<unknown>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, timeoutMs);
  await Promise.race([done, patience.promise]);
  clearTimeout(timer);
}

/**
 * Aborts a connection, also one that is only half closed, because its peer does not answer. libp2p throws from it when the
 * socket beneath has gone already, though its status says otherwise.
 */
function drop(connection: Connection, cause: unknown): void {
  try {
    connection.abort(cause instanceof Error ? cause : new Error(String(cause)));
  } catch {
    // Gone before we could send it away.
  }
}
