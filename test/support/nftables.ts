// Faults of the network, as rules on the router of a Netns: partitions, loss, and the way into the hosts' loopback.

import { execute, type Host, type Netns } from "./netns.ts";

/** Why nftables cannot be used; null if it can. */
export function nftMissing(): string | null {
  try {
    execute("nft", ["list", "tables"]);
    return null;
  } catch {
    return "nftables cannot be used (apt-get install nftables)";
  }
}

export interface PartitionOptions {
  /** Only what earlier groups send to later ones is lost. */
  readonly oneWay?: boolean;
  /** `drop`: packets vanish, as behind a broken switch. `reject`: connections are reset, as by a firewall. */
  readonly style?: "drop" | "reject";
}

const TABLE = "inet chaos";
/** Replaces whatever was there before, in one transaction. */
const CLEAR = `add table ${TABLE}\ndelete table ${TABLE}\n`;

/** What the router does to packets between hosts. What goes to and comes from outside is never touched. */
export class Firewall {
  readonly #net: Netns;

  constructor(net: Netns) {
    this.#net = net;
  }

  /** Hosts in different groups do not hear each other any more. */
  partition(groups: readonly (readonly Host[])[], { oneWay = false, style = "drop" }: PartitionOptions = {}): void {
    const verdict = style === "drop" ? "drop" : "meta l4proto tcp reject with tcp reset";
    const rules = groups.flatMap((from, i) =>
      groups
        .filter((to, j) => (oneWay ? i < j : i !== j) && from.length > 0 && to.length > 0)
        .map((to) => `ip saddr ${setOf(from)} ip daddr ${setOf(to)} counter ${verdict}`),
    );
    this.#apply(rules);
  }

  /** Of every hundred packets between hosts, so many are lost, by chance. */
  loss(percent: number): void {
    const all = setOf(this.#net.hosts);
    this.#apply([`ip saddr ${all} ip daddr ${all} numgen random mod 100 < ${percent} counter drop`]);
  }

  heal(): void {
    this.#net.onRouter("nft", ["-f", "-"], CLEAR);
  }

  /** Packets lost since the last change: none means that nothing was cut. */
  lost(): number {
    const listed = this.#net.onRouter("nft", ["list", "table", ...TABLE.split(" ")]);
    return [...listed.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  }

  #apply(rules: readonly string[]): void {
    const chain = ["type filter hook forward priority 0; policy accept;", ...rules].join("\n    ");
    this.#net.onRouter("nft", ["-f", "-"], `${CLEAR}table ${TABLE} {\n  chain forward {\n    ${chain}\n  }\n}\n`);
  }
}

/** Lets this process reach a port that a host opens on its loopback only, as `kubectl port-forward` would. */
export function forwardPort(net: Netns, host: Host, port: number): void {
  net.on(host, "sh", ["-c", "echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet"]);
  const rule = `ip saddr ${net.outside} tcp dport ${port} dnat to 127.0.0.1:${port}`;
  const chain = `type nat hook prerouting priority -100; policy accept;\n    ${rule}`;
  net.on(host, "nft", ["-f", "-"], `table ip forwarded {\n  chain prerouting {\n    ${chain}\n  }\n}\n`);
}

function setOf(hosts: readonly Host[]): string {
  return `{ ${hosts.map((host) => host.ip).join(", ")} }`;
}
