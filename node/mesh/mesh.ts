// The libp2p network of an agent: host, links, dialer and topic put together behind the Network interface.

import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "./logger.ts";
import type { MemberRecord } from "../core/events.ts";
import type { Frame } from "../core/frame.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { decodeInSlices, encodeFrame, MAX_ADDRESSES } from "../wire/codec.ts";
import type { Operators } from "../wire/permit.ts";
import { SignedMembers } from "../wire/signing.ts";
import { Dialer } from "./dialer.ts";
import { type HostPort, multiaddrOf } from "./discovery.ts";
import { createHost, type Host, TOPIC } from "./host.ts";
import { LargeFrames } from "./large-frames.ts";
import { Links } from "./links.ts";
import type { Network, NetworkCounters, NetworkEvents, Reachable } from "./network.ts";
import { PeerLimits } from "./peer-limits.ts";
import { Strangers } from "./strangers.ts";
import { listenToTopic, peersOfTopic } from "./topic.ts";
import { Traffic } from "./traffic.ts";

export interface MeshOptions {
  readonly listen: HostPort;
  readonly join: readonly HostPort[];
  readonly joinNames: readonly HostPort[];
  readonly swarmKey: Uint8Array | null;
  readonly log: Logger;
  /** Runs that none of them permits are neither taken nor forwarded. Without: all are. */
  readonly operators?: Operators;
}

/** Frames waiting for a link that is being dialled. */
const MAX_WAITING_FRAMES = 64;

export class Mesh implements Network {
  readonly self: string;
  readonly addresses: readonly string[];
  readonly #host: Host;
  readonly #options: MeshOptions;
  readonly #links: Links;
  #dialer: Dialer | null = null;
  /** Frames for members without a link, sent as soon as there is one. */
  readonly #waiting = new Map<string, Uint8Array[]>();
  #events: NetworkEvents | null = null;
  #encoded: { readonly frame: Frame; readonly bytes: Uint8Array } | null = null;
  readonly #limits: PeerLimits;
  readonly #strangers: Strangers;
  readonly #largeFrames = new LargeFrames();
  readonly #signed: SignedMembers;
  readonly #traffic = new Traffic();
  #refusedFrames = 0;
  #droppedMessages = 0;
  #repeatedMessages = 0;

  private constructor(host: Host, key: Ed25519PrivateKey, limits: PeerLimits, strangers: Strangers, options: MeshOptions) {
    this.#host = host;
    this.#options = options;
    this.#limits = limits;
    this.#strangers = strangers;
    this.self = host.peerId.toString();
    this.#signed = new SignedMembers(this.self, key);
    // A machine may have dozens of bridges; others take this many addresses.
    this.addresses = host.getMultiaddrs().slice(0, MAX_ADDRESSES).map((address) => address.toString());
    this.#links = new Links(host, {
      up: (peer) => this.#up(peer),
      down: (peer) => this.#events?.linkDown(peer),
      enter: (peer, sizeBytes) => (this.#isMember(peer) ? null : this.#largeFrames.enter(sizeBytes)),
      frame: (peer, bytes) => this.#frame(peer, bytes),
      waitMs: (peer, sizeBytes) => limits.frame(peer, sizeBytes, performance.now()),
      malformed: (peer, cause) => this.#malformed(peer, 0, cause),
    });
  }

  /** Listens, but answers nobody until `start`. Throws ADDRESS_IN_USE. */
  static async create(options: MeshOptions): Promise<Mesh> {
    const { host, port } = options.listen;
    try {
      const ip = isIP(host) === 0 ? (await lookup(host)).address : host;
      const key = await generateKeyPair("Ed25519");
      const limits = new PeerLimits((peer) => mesh.#refuse(peer));
      const strangers = new Strangers();
      const libp2p = await createHost([multiaddrOf(ip, port)], options.swarmKey, {
        privateKey: key,
        isRefused: (peer) => limits.isRefused(peer, performance.now()),
        mayConnect: (from) => inTurn(strangers.connects(from, performance.now())),
        hasRoom: (peer) => mesh.#hasRoom(peer),
      });
      const mesh: Mesh = new Mesh(libp2p, key, limits, strangers, options);
      return mesh;
    } catch (cause) {
      const hint = "choose another one with --listen HOST:PORT, or port 0 for any that is free";
      throw new LoadswarmError("ADDRESS_IN_USE", `cannot listen for agents on ${host}:${port}: ${reason(cause)}`, hint, cause);
    }
  }

  async start(events: NetworkEvents): Promise<void> {
    this.#events = events;
    listenToTopic(this.#host.services.pubsub, this.#limits, this.#options.operators ?? null, {
      isMember: (peer) => events.isMember(peer),
      heard: (sizeBytes) => this.#traffic.count("runs", "in", sizeBytes),
      frame: (frame) => events.topic(frame),
      malformed: (peer, sizeBytes, cause) => this.#malformed(peer, sizeBytes, cause),
      dropped: () => this.#droppedMessages++,
      repeated: () => this.#repeatedMessages++,
    });
    await this.#links.start();
    const { join, joinNames, log } = this.#options;
    this.#dialer = new Dialer(this.#host, this.#links, {
      join,
      joinNames,
      log,
      isMember: (peer) => events.isMember(peer),
      refused: (peer) => events.refused(peer),
      unreachable: (peer) => events.unreachable(peer),
    });
    this.#dialer.start();
  }

  send(to: Reachable, frame: Frame): void {
    const bytes = this.#encode(frame);
    if (this.#sendNow(to.id, bytes)) return;
    const waiting = this.#waiting.get(to.id) ?? [];
    if (waiting.length >= MAX_WAITING_FRAMES) {
      waiting.shift();
      this.#links.droppedFrames++;
    }
    waiting.push(bytes);
    this.#waiting.set(to.id, waiting);
    void this.#dialer?.dial(to).finally(() => this.#dropWaiting(to.id));
  }

  broadcast(frame: Frame): void {
    const bytes = this.#encode(frame);
    this.#traffic.count("runs", "out", bytes.length);
    this.#host.services.pubsub.publish(TOPIC, bytes).catch((cause: unknown) => {
      this.#options.log.warn({ err: cause }, "gossip was not published; the links carry it");
    });
  }

  hold(members: readonly MemberRecord[]): void {
    this.#dialer?.hold(members);
  }

  probe(member: Reachable): void {
    void this.#dialer?.probe(member);
  }

  unlink(peer: string): void {
    void this.#links.close(peer);
  }

  counters(): NetworkCounters {
    return {
      framesDropped: this.#links.droppedFrames + this.#droppedMessages,
      framesRefused: this.#refusedFrames,
      membersRefused: this.#signed.refused,
      peersRefused: this.#limits.refusals,
      connectionsRefused: this.#strangers.refused,
      links: this.#links.count(),
      traffic: this.#traffic.counts(),
      gossip: { duplicates: this.#repeatedMessages, ...peersOfTopic(this.#host.services.pubsub) },
    };
  }

  async stop(): Promise<void> {
    this.#dialer?.stop();
    await this.#links.closeAll();
    await this.#host.stop();
  }

  /** False without a link. */
  #sendNow(peer: string, bytes: Uint8Array): boolean {
    if (!this.#links.send(peer, bytes)) return false;
    this.#traffic.count("frames", "out", bytes.length);
    return true;
  }

  /** News goes to all neighbours as one frame object: encoded once. */
  #encode(frame: Frame): Uint8Array {
    if (this.#encoded?.frame !== frame) this.#encoded = { frame, bytes: encodeFrame(frame, this.#signed) };
    return this.#encoded.bytes;
  }

  async #frame(peer: string, bytes: Uint8Array): Promise<void> {
    this.#traffic.count("frames", "in", bytes.length);
    await this.#untilTurnOf(peer);
    let frame: Frame;
    try {
      const decoding = decodeInSlices(bytes, this.#signed, this.#options.operators);
      let step = this.#working(peer, () => decoding.next());
      for (; step.done !== true; step = this.#working(peer, () => decoding.next())) await nextTurn();
      frame = step.value;
    } catch (cause) {
      return this.#malformed(peer, bytes.length, cause);
    }
    try {
      this.#working(peer, () => this.#events?.frame(peer, frame));
    } catch (cause) {
      this.#options.log.error({ peer, err: cause }, "a frame could not be dealt with; its link is closed");
      throw cause;
    }
  }

  /** All who are no members share a part of the main thread's time. */
  async #untilTurnOf(peer: string): Promise<void> {
    while (!this.#isMember(peer)) {
      const waitMs = this.#limits.strangersWaitMs(performance.now());
      if (waitMs === 0) return;
      await sleep(waitMs, null, { ref: false });
    }
  }

  #working<T>(peer: string, work: () => T): T {
    const sinceMs = performance.now();
    try {
      return work();
    } finally {
      const nowMs = performance.now();
      this.#limits.worked(peer, nowMs - sinceMs, this.#isMember(peer), nowMs);
    }
  }

  #isMember(peer: string): boolean {
    return this.#events?.isMember(peer) ?? false;
  }

  #malformed(peer: string, sizeBytes: number, cause: unknown): void {
    this.#refusedFrames++;
    this.#options.log.warn({ peer, err: cause, sizeBytes }, "frame refused");
    this.#limits.malformed(peer, performance.now());
  }

  #refuse(peer: string): void {
    this.#options.log.warn({ peer }, "the peer sends nonsense; it is refused for a minute");
    this.#links.abort(peer);
  }

  /** For a stranger by making it, where another one has had its time. */
  #hasRoom(peer: string): boolean {
    if (this.#isMember(peer)) return true;
    const linked = this.#host.getConnections().filter(({ direction, remotePeer }) => {
      return direction === "inbound" && !this.#isMember(remotePeer.toString());
    });
    const nowMs = Date.now();
    const { isTaken, instead } = this.#strangers.arrives(linked.map(({ timeline }) => nowMs - timeline.open));
    if (instead !== null) this.#links.abort(linked[instead]!.remotePeer.toString());
    return isTaken;
  }

  #up(peer: string): void {
    this.#events?.linkUp(peer);
    for (const bytes of this.#waiting.get(peer) ?? []) this.#sendNow(peer, bytes);
    this.#waiting.delete(peer);
  }

  /** The dial has ended: with a connection, whose link is about to come up and takes them, or without. */
  #dropWaiting(peer: string): void {
    if (this.#host.getConnections().some((one) => one.remotePeer.toString() === peer)) return;
    this.#links.droppedFrames += this.#waiting.get(peer)?.length ?? 0;
    this.#waiting.delete(peer);
  }
}

/** Waits so long, and resolves to whether there is anything to wait for. */
async function inTurn(waitMs: number | null): Promise<boolean> {
  if (waitMs !== null && waitMs > 0) await sleep(waitMs, null, { ref: false });
  return waitMs !== null;
}

function reason(cause: unknown): string {
  const text = cause instanceof Error ? `${cause.message} ${String((cause as { errors?: unknown }).errors ?? "")}` : String(cause);
  return /EADDRINUSE/.test(text) ? "the address is in use" : /EADDRNOTAVAIL/.test(text) ? "no such local address" : text.trim();
}
