// Where other agents may be found: a list of addresses, and names that resolve to one address per pod.

import dns from "node:dns/promises";
import { isIP } from "node:net";
import { LoadswarmError } from "../plan/errors.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port` or `[address]:port`. IPv6 needs the brackets; IPv4 may have them, so that whoever is given an address of
 * either kind, as a pod is, can write both alike. Throws CONFIG_INVALID, naming the flag.
 */
export function parseHostPort(text: string, flag: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    const hint = `write it like ${flag} 127.0.0.1:7700`;
    throw new LoadswarmError("CONFIG_INVALID", `${flag}: "${text}" is not HOST:PORT`, hint);
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** As `parseHostPort` reads it. */
export function hostPortText({ host, port }: HostPort): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

export function multiaddrOf(ip: string, port: number): string {
  return `/${isIP(ip) === 6 ? "ip6" : "ip4"}/${ip}/tcp/${port}`;
}

/** The most addresses taken from one answer: a headless Service of 3,000 pods, and no more than memory allows. */
const MAX_ADDRESSES = 5000;

/**
 * All multiaddrs at which agents may answer now. `names` (a headless Service) are asked of DNS for every address;
 * hosts in `join` may be names as well. What cannot be resolved is left out and named in `failed`.
 */
export async function discover(
  join: readonly HostPort[],
  names: readonly HostPort[],
): Promise<{ addresses: string[]; failed: string[] }> {
  const failed: string[] = [];
  const found = await Promise.all([
    ...join.map(({ host, port }) => resolved(host, port, oneAddress, failed)),
    ...names.map(({ host, port }) => resolved(host, port, everyAddress, failed)),
  ]);
  return { addresses: [...new Set(found.flat())].slice(0, MAX_ADDRESSES), failed };
}

async function resolved(
  host: string,
  port: number,
  resolve: (host: string) => Promise<string[]>,
  failed: string[],
): Promise<string[]> {
  try {
    const ips = isIP(host) === 0 ? await resolve(host) : [host];
    return ips.map((ip) => multiaddrOf(ip, port));
  } catch {
    failed.push(host);
    return [];
  }
}

async function oneAddress(host: string): Promise<string[]> {
  return (await dns.lookup(host, { all: true })).map((entry) => entry.address);
}

async function everyAddress(host: string): Promise<string[]> {
  const [v4, v6] = await Promise.allSettled([dns.resolve4(host), dns.resolve6(host)]);
  const found = [v4, v6].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  if (found.length === 0) throw v4.status === "rejected" ? v4.reason : new Error(`${host} has no address`);
  return found;
}
