// How many agents a plan needs, what each of them and the swarm will use, and which limit breaks first.

import { IN_FLIGHT_PER_WORKER } from "../load/limits.ts";
import type { Demand } from "./demand.ts";

export interface Machines {
  readonly nodeCores: number;
  /** How many there are; null = as many as it takes. */
  readonly nodes: number | null;
  readonly requestsPerCore: number;
  /** Addresses, each with a port, that the target has. */
  readonly targetAddresses: number;
  /** Of one request and its answer, with headers. */
  readonly exchangeBytes: number;
  readonly nodeGbps: number;
  readonly ports: number;
  readonly conntrack: number;
}

/** One of the things that can run out. */
export interface Limit {
  readonly name: string;
  readonly need: number;
  readonly limit: number;
  /** need / limit */
  readonly used: number;
  /** Where the numbers come from. */
  readonly origin: string;
}

export interface Capacity {
  readonly agents: number;
  readonly workers: number;
  readonly fits: boolean;
  readonly perAgent: {
    readonly requestsPerSecond: number;
    readonly connections: number;
    /** What its limit should be, at least. */
    readonly memoryMiB: number;
    readonly megabitsPerSecond: number;
  };
  readonly metrics: { readonly seriesPerAgent: number; readonly samplesPerSecond: number; readonly bytesPerSecond: number };
  /** The fullest first. */
  readonly limits: readonly Limit[];
}

/** Left to the kubelet, the system and the agent's own control thread. */
const CORES_LEFT = 1;
/** A limit is not planned to be used further than this: shares are uneven while agents come and go. */
const HEADROOM = 0.7;
/** Fewer cannot tell a dead agent from a cut network. */
const FEWEST_AGENTS = 3;
/** Largest swarm that was simulated. */
const MOST_AGENTS = 3000;
/** Linux keeps the port of a closed connection for 60 s, and its conntrack entry for 120 s. */
const TIME_WAIT_S = 60;
const CONNTRACK_TIME_WAIT_S = 120;
/** containerd's default for a container. */
const FILES = 1_048_576;
/** Of the process beside its sockets: libp2p's links, threads, logs. */
const OWN_FILES = 300;
/** Resident, measured with 1 to 8 workers; a connection in use is about 10 kB. */
const AGENT_MIB = 130;
const WORKER_MIB = 17;
const CONNECTION_KIB = 10;
/** Remote write: series per agent, and fewer where more agents than this make too many. */
const SERIES = 250;
const LEAN_SERIES = 100;
const LEAN_ABOVE_AGENTS = 500;
const PUSH_EVERY_S = 5;
/** Of one series in a compressed push. */
const SERIES_BYTES = 36;

export function capacityFor(demand: Demand, machines: Machines): Capacity {
  const workers = Math.max(1, machines.nodeCores - CORES_LEFT);
  const agents = machines.nodes ?? fewest(demand, machines, workers);
  const limits = limitsOf(demand, machines, workers, agents).sort((a, b) => b.used - a.used);
  const connections = demand.connections / agents;
  const seriesPerAgent = agents > LEAN_ABOVE_AGENTS ? LEAN_SERIES : SERIES;
  const samplesPerSecond = (seriesPerAgent * agents) / PUSH_EVERY_S;
  return {
    agents,
    workers,
    fits: limits.every(({ used }) => used <= 1),
    perAgent: {
      requestsPerSecond: demand.requestsPerSecond / agents,
      connections,
      memoryMiB: Math.ceil(((AGENT_MIB + WORKER_MIB * workers + (CONNECTION_KIB * connections) / 1024) / HEADROOM) / 128) * 128,
      megabitsPerSecond: megabits(demand, machines) / agents,
    },
    metrics: { seriesPerAgent, samplesPerSecond, bytesPerSecond: samplesPerSecond * SERIES_BYTES },
    limits,
  };
}

/** Agents with which no limit is used further than planned. */
function fewest(demand: Demand, machines: Machines, workers: number): number {
  const alone = limitsOf(demand, machines, workers, 1).filter(({ name }) => name !== MEMBERS);
  // Everything but the process's own files is shared out evenly.
  const needed = alone.map(({ used }) => Math.ceil(used / HEADROOM - 1e-9));
  return Math.max(FEWEST_AGENTS, ...needed);
}

const MEMBERS = "members of the swarm";

function megabits({ requestsPerSecond }: Demand, { exchangeBytes }: Machines): number {
  return (requestsPerSecond * exchangeBytes * 8) / 1e6;
}

function limitsOf(demand: Demand, machines: Machines, workers: number, agents: number): Limit[] {
  const { requestsPerCore, targetAddresses, nodeGbps, ports, conntrack } = machines;
  const share = (whole: number): number => whole / agents;
  const connections = share(demand.connections);
  const closed = share(demand.closedPerSecond);
  const limit = (name: string, need: number, limit: number, origin: string): Limit => ({ name, need, limit, used: need / limit, origin });
  return [
    limit("requests per second of the load threads", share(demand.requestsPerSecond), workers * requestsPerCore, "measured: --requests-per-core"),
    limit("iterations in flight of the load threads", connections, workers * IN_FLIGHT_PER_WORKER, "set: node/load/limits.ts"),
    limit("local ports per target address", (connections + closed * TIME_WAIT_S) / targetAddresses, ports, "computed: 60 s of TIME_WAIT"),
    limit("conntrack entries of a node", connections + closed * CONNTRACK_TIME_WAIT_S, conntrack, "computed: 120 s of TIME_WAIT"),
    limit("open files of an agent", connections + OWN_FILES, FILES, "computed: containerd's default"),
    limit("megabits per second of a node", share(megabits(demand, machines)), nodeGbps * 1000, "computed: --exchange-bytes"),
    limit(MEMBERS, agents, MOST_AGENTS, "simulated"),
  ];
}
