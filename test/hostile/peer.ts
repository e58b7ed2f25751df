// A peer that has the swarm key and means no good: a real libp2p host that says over the agents' protocol what it likes.

import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Connection, Ed25519PrivateKey, Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import type { Chain, Frame, Standing } from "../../node/core/frame.ts";
import { readFrames } from "../../node/mesh/frame-reader.ts";
import { createHost, type Host, TOPIC } from "../../node/mesh/host.ts";
import { decodeFrame, encodeFrame } from "../../node/wire/codec.ts";
import { type Authority, SignedMembers } from "../../node/wire/signing.ts";

const PROTOCOL = "/loadswarm/frames/1";
/** A peer that is refused, or whose frames are not read any more, gives up after this. */
const PATIENCE_MS = 3000;

export class HostilePeer {
  readonly id: string;
  readonly #host: Host;
  readonly #at: string;
  readonly signed: SignedMembers;
  #connection: Connection | null = null;
  #stream: Stream | null = null;
  /** What the agents have said, raw, for replays. */
  readonly heard: Uint8Array[] = [];
  readonly members = new Map<string, MemberRecord>();
  readonly runs = new Map<string, RunRecord>();
  standing: Standing | null = null;
  chain: Chain | null = null;
  /** Frames handed to the connection; connections that the agents closed or refused. */
  sent = 0;
  refusals = 0;

  private constructor(host: Host, key: Ed25519PrivateKey, at: string) {
    this.#host = host;
    this.#at = at;
    this.id = host.peerId.toString();
    this.signed = new SignedMembers(this.id, key);
  }

  /** `at` is the multiaddr of an agent. */
  static async start(swarmKey: Uint8Array, at: string): Promise<HostilePeer> {
    const privateKey = await generateKeyPair("Ed25519");
    const peer = new HostilePeer(await createHost(["/ip4/127.0.0.1/tcp/0"], swarmKey, { privateKey }), privateKey, at);
    await peer.#host.handle(PROTOCOL, (stream) => void peer.#listen(stream).catch(() => {}), { maxInboundStreams: 100 });
    peer.#host.services.pubsub.subscribe(TOPIC);
    return peer;
  }

  get address(): string {
    return this.#host.getMultiaddrs()[0]!.toString();
  }

  /** Whether there is a stream to write to now. */
  async connect(): Promise<boolean> {
    if (this.#stream?.status === "open" && this.#stream.writeStatus === "writable") return true;
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      if (this.#connection?.status !== "open") this.#connection = await this.#host.dial(multiaddr(this.#at), { signal });
      this.#stream = await this.#connection.newStream(PROTOCOL, { signal });
      return true;
    } catch {
      this.refusals++;
      await this.disconnect();
      return false;
    }
  }

  async disconnect(): Promise<void> {
    this.#stream = null;
    const connection = this.#connection;
    this.#connection = null;
    try {
      connection?.abort(new Error("done"));
    } catch {
      // Gone already.
    }
  }

  /** With its length before it. Returns whether it went out; if not, the link is gone or the agent does not read. */
  async send(frame: Frame | Uint8Array, by: Authority | null = this.signed): Promise<boolean> {
    const bytes = frame instanceof Uint8Array ? frame : encodeFrame(frame, by);
    return this.sendRaw(Buffer.concat([varint(bytes.length), bytes]));
  }

  async sendRaw(bytes: Uint8Array): Promise<boolean> {
    if (!(await this.connect())) return false;
    const stream = this.#stream!;
    try {
      this.sent++;
      if (!stream.send(bytes)) {
        await Promise.race([
          once(stream, "drain"),
          once(stream, "close").then(() => Promise.reject(new Error("closed"))),
          sleep(PATIENCE_MS, null, { ref: false }).then(() => Promise.reject(new Error("not read"))),
        ]);
      }
      return true;
    } catch {
      await this.disconnect();
      return false;
    }
  }

  /** Over gossipsub. */
  async gossip(bytes: Uint8Array): Promise<void> {
    await this.connect();
    await this.#host.services.pubsub.publish(TOPIC, bytes).catch(() => {});
    this.sent++;
  }

  /** Resolves when the agent has told everything there is to know. */
  async learn(): Promise<void> {
    for (let i = 0; i < 100 && (this.chain === null || this.runs.size === 0); i++) {
      await this.send({ ...(this.standing === null ? {} : { standing: this.standing }), pull: true });
      await sleep(100);
    }
    if (this.chain === null) throw new Error("no agent has said anything");
  }

  async stop(): Promise<void> {
    await this.disconnect();
    await this.#host.stop();
  }

  async #listen(stream: Stream): Promise<void> {
    await readFrames(stream, {
      enter: () => null,
      frame: async (bytes) => this.#heard(bytes),
      waitMs: () => 0,
    });
  }

  #heard(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes, this.signed);
    if (this.heard.length < 500) this.heard.push(Uint8Array.from(bytes));
    this.standing = frame.standing ?? this.standing;
    this.chain = frame.chain ?? this.chain;
    for (const member of frame.members ?? []) this.members.set(member.id, member);
    for (const run of frame.runs ?? []) this.runs.set(run.spec.id, run);
  }
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
