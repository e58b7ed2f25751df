// The libp2p host, with the settings that a swarm of busy agents needs instead of the defaults.

// First of all: it is too late once @libp2p/pnet is there.
import "./plain-xsalsa20.ts";
import { noise } from "@libp2p/noise";
import { gossipsub, type GossipSub, StrictNoSign } from "@libp2p/gossipsub";
import { identify, type Identify } from "@libp2p/identify";
import type { Ed25519PrivateKey, Libp2p, PeerId } from "@libp2p/interface";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createHash } from "node:crypto";
import { createLibp2p } from "libp2p";
import { MAX_FRAME_BYTES } from "../wire/codec.ts";
import { MAX_PLAN_BYTES } from "../wire/plan-hash.ts";
import { PeerRecords } from "./peer-records.ts";

export type Host = Libp2p<{ identify: Identify; pubsub: GossipSub }>;

/** The one topic: runs and their control registers. */
export const TOPIC = "loadswarm/1/runs";

/** No bound that a real swarm reaches; libp2p's own (5 a second, 10 pending) refuse the joiners of one host or NAT. */
const UNBOUNDED_INBOUND = 1e9;
const MAX_PENDING_INBOUND = 1024;
/** A handshake takes 10 ms, and on a busy machine a second. */
const HANDSHAKE_TIMEOUT_MS = 5000;
/**
 * Connections that one peer may have made to us: a link, and the next one beside it for a moment. Fewer would refuse a peer
 * whose last connection is dead without our knowing; more is how one peer takes the room of all.
 */
const MAX_CONNECTIONS_PER_PEER = 2;
/** 10 neighbours, the links dialled for gathering, and room for joiners. */
const MAX_CONNECTIONS = 2048;
const DIAL_TIMEOUT_MS = 5000;
/** What is known of a peer is forgotten after one to two of it without a connection; one that comes back tells it anew. */
const FORGET_MS = 10_000;
/** What a peer may send ahead of our reading. At 50 ms to it and back, 1 MiB is 20 MB/s. */
const MAX_WINDOW_BYTES = 1024 * 1024;
/** The largest frame and what may follow it. */
export const READ_BUFFER_BYTES = MAX_FRAME_BYTES + MAX_WINDOW_BYTES;
/** Of one RPC. Ours have one message, and ids of the few of the last minutes; libp2p's own 5000 of each cost 0.1 s. */
const RPC_LIMITS = {
  maxSubscriptions: 10,
  maxMessages: 100,
  maxIhaveMessageIDs: 1000,
  maxIwantMessageIDs: 1000,
  maxIdontwantMessageIDs: 512,
  maxControlMessages: 100,
  maxPeerInfos: 16,
};

export interface HostOptions {
  /** Its id; a new one by default. */
  readonly privateKey?: Ed25519PrivateKey;
  /** Peers to which there is to be no connection. */
  readonly isRefused?: (peer: string) => boolean;
  /** Whether a connection from this IP address is to be answered; it is when this resolves. */
  readonly mayConnect?: (ip: string) => Promise<boolean>;
  /** Whether there is room for an inbound connection of this peer. */
  readonly hasRoom?: (peer: string) => boolean;
  /** How often it is looked who is connected: peers that were not at two looks are forgotten. */
  readonly forgetMs?: number;
}

/**
 * `listen` are multiaddrs; `key` is the content of a swarm key file, without which anybody who reaches the port may
 * join. Throws what libp2p throws when a port is in use.
 */
export async function createHost(
  listen: readonly string[],
  key: Uint8Array | null,
  { privateKey, isRefused = () => false, mayConnect = async () => true, hasRoom = () => true, forgetMs = FORGET_MS }: HostOptions = {},
): Promise<Host> {
  const isTooMany = (peer: PeerId) => node.getConnections(peer).length >= MAX_CONNECTIONS_PER_PEER;
  const datastore = new PeerRecords();
  const node: Libp2p = await createLibp2p({
    datastore,
    ...(privateKey === undefined ? {} : { privateKey }),
    connectionGater: {
      denyInboundConnection: async ({ remoteAddr }) => !(await mayConnect(ipOf(remoteAddr))),
      denyDialPeer: (peer) => isRefused(peer.toString()),
      denyInboundEncryptedConnection: (peer) => isRefused(peer.toString()),
      denyOutboundEncryptedConnection: (peer) => isRefused(peer.toString()),
      denyInboundUpgradedConnection: (peer) => isTooMany(peer) || !hasRoom(peer.toString()),
    },
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    // A frame is read as a whole; libp2p's own 4 MB would reset the stream of a larger one.
    streamMuxers: [
      yamux({ streamOptions: { maxReadBufferLength: READ_BUFFER_BYTES, maxStreamWindowSize: MAX_WINDOW_BYTES } }),
    ],
    ...(key === null ? {} : { connectionProtector: preSharedKey({ psk: key }) }),
    connectionManager: {
      inboundConnectionThreshold: UNBOUNDED_INBOUND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      maxConnections: MAX_CONNECTIONS,
      inboundUpgradeTimeout: HANDSHAKE_TIMEOUT_MS,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: DIAL_TIMEOUT_MS,
      // The links' own loop redials, for ever; libp2p's gives up after five tries.
      reconnectRetries: 0,
    },
    // Pings that a busy agent answers late would abort its links (measured: none left after 17 s of load).
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        fallbackToFloodsub: false,
        floodPublish: true,
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: (message) => createHash("sha256").update(message.data).digest(),
        allowedTopics: [TOPIC],
        maxInboundDataLength: 2 * MAX_PLAN_BYTES,
        maxOutboundBufferSize: MAX_FRAME_BYTES,
        decodeRpcLimits: RPC_LIMITS,
        maxInboundStreams: 2,
        // Fifteen agents on one address (hostNetwork, NAT, loopback) would be graylisted.
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  });
  const forgetting = setInterval(() => void datastore.sweep([node.peerId, ...node.getPeers()]), forgetMs).unref();
  node.addEventListener("stop", () => clearInterval(forgetting), { once: true });
  return node as unknown as Host;
}

/** Of `/ip4/…` and `/ip6/…`, which is all that TCP has. */
function ipOf(address: Multiaddr): string {
  return address.toString().split("/")[2] ?? "";
}
