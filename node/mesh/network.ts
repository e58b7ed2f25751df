// What the shell needs of a network, and the network of a swarm of one.

import type { MemberId, MemberRecord } from "../core/events.ts";
import type { Frame } from "../core/frame.ts";
import type { TrafficCount } from "./traffic.ts";

/** As much of a member as dialling it takes. */
export type Reachable = Pick<MemberRecord, "id" | "addresses">;

export interface Network {
  /** Own addresses, for other agents to dial. */
  readonly addresses: readonly string[];
  /** Over the link if there is one, else over one that is dialled for it. Never throws; what is lost is counted. */
  send(to: Reachable, frame: Frame): void;
  broadcast(frame: Frame): void;
  /** Hold links to these members for ever. */
  hold(members: readonly MemberRecord[]): void;
  /** Dial this member now; `refused` tells if nothing listens there any more, `unreachable` if nothing answers. */
  probe(member: Reachable): void;
  /** Close the link to this peer once what was sent before is on its way; `linkDown` tells when it is closed. */
  unlink(peer: MemberId): void;
  counters(): NetworkCounters;
  stop(): Promise<void>;
}

/** Since the start. */
export interface NetworkCounters {
  /** Frames that went nowhere: no link, or a peer too slow; messages of a source that sent too many. */
  readonly framesDropped: number;
  /** Frames and messages that did not decode, or that no agent sends. */
  readonly framesRefused: number;
  /** Records of members that those had not signed. */
  readonly membersRefused: number;
  /** How often a peer was shut out for a minute because it sent nonsense. */
  readonly peersRefused: number;
  /** Connections that were one too many: of one address within a time, or of peers that are no members. */
  readonly connectionsRefused: number;
  /** Links that are up now. */
  readonly links: number;
  readonly traffic: readonly TrafficCount[];
  readonly gossip: GossipCounters;
}

export interface GossipCounters {
  /** Messages that had come before. */
  readonly duplicates: number;
  /** Peers that listen, and those of them that send every message. */
  readonly listeners: number;
  readonly mesh: number;
}

/** What a network tells the shell. */
export interface NetworkEvents {
  /** Asked, not told: whether the peer sits in the agreed view. */
  isMember(peer: MemberId): boolean;
  linkUp(peer: MemberId): void;
  linkDown(peer: MemberId): void;
  /** Dialling was refused: the member's process is gone. */
  refused(peer: MemberId): void;
  /** A wanted or probed member was dialled, and its host neither accepted nor refused. */
  unreachable(peer: MemberId): void;
  /** Decoded and checked. */
  frame(from: MemberId, frame: Frame): void;
  /** The same from gossipsub, whose sender is whoever forwarded it last. */
  topic(frame: Frame): void;
}

/** No peers, no libp2p: `loadswarm run` with one agent. */
export const SOLO: Network = {
  addresses: [],
  send() {},
  broadcast() {},
  hold() {},
  probe() {},
  unlink() {},
  counters: () => {
    const gossip = { duplicates: 0, listeners: 0, mesh: 0 };
    return { framesDropped: 0, framesRefused: 0, membersRefused: 0, peersRefused: 0, connectionsRefused: 0, links: 0, traffic: [], gossip };
  },
  stop: () => Promise.resolve(),
};
