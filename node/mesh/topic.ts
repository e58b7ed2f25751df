// The topic on which runs are gossiped. What comes is checked before it is forwarded: nonsense goes no further than one hop.

import { type GossipSub, TopicValidatorResult } from "@libp2p/gossipsub";
import type { PeerId } from "@libp2p/interface";
import type { Frame } from "../core/frame.ts";
import { invalid } from "../wire/check.ts";
import { decodeFrame } from "../wire/codec.ts";
import type { Operators } from "../wire/permit.ts";
import { TOPIC } from "./host.ts";
import type { PeerLimits } from "./peer-limits.ts";

export interface TopicEvents {
  /** Asked, not told: whether the peer sits in the agreed view. */
  isMember(peer: string): boolean;
  /** A message came, whatever it is worth. */
  heard(sizeBytes: number): void;
  /** Has runs only. */
  frame(frame: Frame): void;
  /** A message that no agent sends, by whoever forwarded it last. */
  malformed(peer: string, sizeBytes: number, cause: unknown): void;
  /** One too many of its source: neither taken nor forwarded. */
  dropped(): void;
  /** A message that had come before, by way of another peer. */
  repeated(): void;
}

/** What of gossipsub's own code is made to count what comes: its limits are on what one RPC holds only, and it tells no more. */
interface Receiver {
  handleReceivedRpc(from: PeerId, rpc: { readonly messages: readonly unknown[] }): Promise<void>;
  validateReceivedMessage(from: PeerId, message: unknown): Promise<{ readonly code: string }>;
  getMeshPeers(topic: string): readonly string[];
}

/** Peers that listen to the topic, and those of them that send every message. */
export function peersOfTopic(pubsub: GossipSub): { readonly listeners: number; readonly mesh: number } {
  const { length: mesh } = (pubsub as unknown as Receiver).getMeshPeers(TOPIC);
  return { listeners: pubsub.getSubscribers(TOPIC).length, mesh };
}

export function listenToTopic(pubsub: GossipSub, limits: PeerLimits, operators: Operators | null, events: TopicEvents): void {
  const receiver = pubsub as unknown as Receiver;
  const receive = receiver.handleReceivedRpc.bind(pubsub);
  receiver.handleReceivedRpc = async (from, rpc) => {
    if (limits.gossip(from.toString(), 1 + rpc.messages.length, performance.now())) await receive(from, rpc);
  };
  const validate = receiver.validateReceivedMessage.bind(pubsub);
  receiver.validateReceivedMessage = async (from, message) => {
    const result = await validate(from, message);
    if (result.code === "duplicate") events.repeated();
    return result;
  };
  pubsub.topicValidators.set(TOPIC, (from, { data }) => {
    const peer = from.toString();
    const sinceMs = performance.now();
    events.heard(data.length);
    const isMember = events.isMember(peer);
    if (!limits.message(peer, data.length, sinceMs) || (!isMember && limits.strangersWaitMs(sinceMs) > 0)) {
      events.dropped();
      return TopicValidatorResult.Ignore;
    }
    try {
      const refused = operators?.refused;
      events.frame(decodeRuns(data, operators));
      // Not forwarded; but whoever did may not have been told of operators yet: that is no nonsense.
      return operators?.refused === refused ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore;
    } catch (cause) {
      events.malformed(peer, data.length, cause);
      return TopicValidatorResult.Reject;
    } finally {
      const nowMs = performance.now();
      limits.worked(peer, nowMs - sinceMs, isMember, nowMs);
    }
  });
  pubsub.subscribe(TOPIC);
}

/** Anything else would be forwarded to everybody for nothing. */
function decodeRuns(bytes: Uint8Array, operators: Operators | null): Frame {
  const refused = operators?.refused;
  const frame = decodeFrame(bytes, null, operators);
  const isRefused = operators?.refused !== refused && Object.keys(frame).length === 0;
  if (!isRefused && Object.keys(frame).join() !== "runs") throw invalid("a gossip message has more than runs, or nothing");
  return frame;
}
