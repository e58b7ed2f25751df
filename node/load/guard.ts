// The guard between a plan and the network: no connection is made to an address that the agent does not allow.

import { lookup as resolveHost, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { domainToASCII } from "node:url";
import { RequestError } from "./outcome.ts";

/** Which targets this agent may send load to. `allow` holds addresses, CIDR blocks and host names. */
export type GuardPolicy = { readonly loopbackOnly: true } | { readonly allow: readonly string[] };

/** Every address of a host, as `dns.lookup` with `all` gives them. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly { readonly address: string; readonly family: number }[]) => void,
) => void;

/**
 * Never a target, whatever the policy: link-local networks, where clouds serve credentials, and the metadata services
 * outside of them (AWS on IPv6, Alibaba). Each also in the forms in which IPv6 carries an IPv4 address: mapped
 * (BlockList sees through those by itself), IPv4-compatible, NAT64, 6to4.
 */
const FORBIDDEN = [
  "169.254.0.0/16",
  "::169.254.0.0/112",
  "64:ff9b::169.254.0.0/112",
  "2002:a9fe::/32",
  "fe80::/10",
  "fd00:ec2::254",
  "100.100.100.200",
  "::100.100.100.200",
  "64:ff9b::100.100.100.200",
  "2002:6464:64c8::/48",
];

const LOOPBACK = ["127.0.0.0/8", "::1"];

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry);
  return list;
}

/** False if the entry is neither an address nor a CIDR block. A zone has no place in either. */
function addEntry(list: BlockList, entry: string): boolean {
  const [address = "", bits, ...rest] = entry.replace(/^\[([^\]]*)\](?=\/|$)/, "$1").split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%") || rest.length > 0) return false;
  const name = family === 4 ? "ipv4" : "ipv6";
  if (bits === undefined) {
    list.addAddress(address, name);
    return true;
  }
  const prefix = Number(bits);
  if (!/^\d+$/.test(bits) || prefix > (family === 4 ? 32 : 128)) return false;
  list.addSubnet(address, prefix, name);
  return true;
}

const HOST_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Why an entry of `--allow-target` is neither an address, a CIDR block nor a host name, as the rest of a sentence that
 * begins with the entry; null if it is one of them. The guard itself allows nothing by a faulty entry.
 */
export function faultyAllowEntry(entry: string): string | null {
  if (entry === "") return "is empty";
  if (addEntry(new BlockList(), entry)) return null;
  if (entry.includes("://")) return "is a URL, of which only the host belongs here";
  if (entry.includes("*")) return "has a wildcard, but every host name is given in full";
  if (entry.includes("%")) return "has a zone, but the guard judges addresses without one";
  if (entry.includes("/")) return "is no CIDR block, which is an address, / and the number of bits (0-32, IPv6 0-128)";
  if (/^\[.*\]:\d*$|^[^:]*:\d*$/.test(entry)) return "has a port, but a host is allowed with all of its ports";
  const labels = entry.replace(/\.$/, "").split(".");
  // The URL standard reads every host that ends so as an IPv4 address, so no request ever goes to such a name.
  if (/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!)) return "is no IPv4 address, which has four numbers from 0 to 255";
  if (entry.length <= 253 && labels.every((label) => HOST_LABEL.test(label))) return null;
  const ascii = domainToASCII(entry);
  if (ascii !== "" && ascii !== entry.toLowerCase()) return `is compared in ASCII, in which it is ${ascii}`;
  return "is neither an address nor a host name";
}

const forbidden = blockListOf(FORBIDDEN);

function isIn(list: BlockList, address: string): boolean {
  // A zone (fe80::1%eth0) says through which interface, not whether.
  const bare = address.split("%", 1)[0]!;
  const family = isIP(bare);
  return family !== 0 && list.check(bare, family === 4 ? "ipv4" : "ipv6");
}

const systemResolve: Resolve = (hostname, done) => {
  resolveHost(hostname, { all: true, order: "verbatim" }, done);
};

/** Decides about every address before a connection is made, and makes connections only to addresses decided about. */
export class TargetGuard {
  readonly #allowed: BlockList;
  readonly #hosts: ReadonlySet<string>;
  readonly #resolve: Resolve;

  constructor(policy: GuardPolicy, resolve: Resolve = systemResolve) {
    const hosts = new Set<string>();
    this.#allowed = new BlockList();
    for (const entry of "allow" in policy ? policy.allow : LOOPBACK) {
      if (!addEntry(this.#allowed, entry)) hosts.add(hostKey(entry));
    }
    this.#hosts = hosts;
    this.#resolve = resolve;
  }

  /** Why the host of a URL may not be connected to, as far as it is an address; null if allowed, or if it is a name. */
  refusalOfHost(hostname: string): RequestError | null {
    const bare = hostname.replace(/^\[(.*)\]$/, "$1");
    return isIP(bare) === 0 ? null : this.#refusal(bare, bare);
  }

  /**
   * For `net.connect`, which then connects to the addresses given back and to no others. A name is refused as a whole
   * if any of its addresses is: a name that points inside and outside at once is a mistake or a trick.
   */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, (error, addresses) => {
      const refusal = error ?? this.#refusalOfAny(hostname, addresses);
      const family = options.family === "IPv4" ? 4 : options.family === "IPv6" ? 6 : (options.family ?? 0);
      const usable = addresses?.filter((each) => family === 0 || each.family === family) ?? [];
      if (refusal !== null) callback(refusal as NodeJS.ErrnoException, options.all ? [] : "");
      else if (usable.length === 0) {
        callback(new RequestError("dns", `${hostname} has no address`), options.all ? [] : "");
      } else if (options.all) callback(null, usable as LookupAddress[]);
      else callback(null, usable[0]!.address, usable[0]!.family);
    });
  };

  #refusalOfAny(hostname: string, addresses: readonly { readonly address: string }[]): RequestError | null {
    for (const { address } of addresses) {
      const refusal = this.#refusal(address, hostname);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  #refusal(address: string, host: string): RequestError | null {
    if (isIP(address) === 0 || isIn(forbidden, address)) {
      return new RequestError("blocked", `${host} is ${address}, which is never a target`);
    }
    if (isIn(this.#allowed, address) || this.#hosts.has(hostKey(host))) return null;
    return new RequestError("blocked", `${host} is ${address}, which this agent does not allow`);
  }
}

/** Host names are compared without case and without the final dot of a fully qualified one. */
function hostKey(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}
