// Hosts made of network namespaces: each agent gets an address of its own, and a router between them that can be told
// to lose what it should carry. Linux, root, iproute2 and util-linux; nothing of it outlives the process for long.

import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from "node:child_process";
import { existsSync } from "node:fs";

/** The least time after which TCP sends again, as Linux has it by default. */
const RTO_MIN_MS = 200;
/** Of one command that makes or removes something. */
const COMMAND_MS = 20_000;
/** Names begin so, followed by the process that made them: whose process is gone, whoever comes next removes. */
const PREFIX = "lsw";
/** 10.100.0.0/16 to 10.199.0.0/16: the first that this machine does not use. */
const FIRST_NETWORK = 100;
const NETWORKS = 100;

export interface Host {
  readonly name: string;
  readonly ip: string;
}

/** Where Debian keeps what only root uses, and not every root's PATH leads to. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Runs a command to its end. @throws with what it said on stderr */
export function execute(file: string, args: readonly string[], input = ""): string {
  const options = { input, env: { ...process.env, PATH }, timeout: COMMAND_MS };
  return execFileSync(file, args, { ...options, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}

/** Why no namespaces can be made here; null if they can. */
export function netnsMissing(): string | null {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces want root";
  const name = `${PREFIX}${process.pid}-probe`;
  try {
    execute("nsenter", ["--version"]);
    execute("setpriv", ["--version"]);
    execute("ip", ["netns", "add", name]);
    execute("ip", ["netns", "del", name]);
    return null;
  } catch (cause) {
    return `network namespaces cannot be made (apt-get install iproute2): ${(cause as Error).message.trim()}`;
  }
}

/** One network of hosts around a router, all of it in namespaces; this process stands outside, at `outside`. */
export class Netns {
  readonly hosts: readonly Host[];
  /** The address of this process's own namespace on that network: where a target that everybody reaches listens. */
  readonly outside: string;
  readonly #prefix = `${PREFIX}${process.pid}`;
  readonly #rtoMin: string;
  readonly #children = new Set<ChildProcess>();
  readonly #onExit = (): void => this.close();
  readonly #onSignal = (): never => process.exit(1);

  /** `slower`: that much longer does TCP wait before it sends again, for processes whose time passes so much more slowly. */
  constructor(hosts: number, slower = 1) {
    this.#rtoMin = `${Math.round(RTO_MIN_MS * slower)}ms`;
    removeLeftovers();
    process.once("exit", this.#onExit);
    process.once("SIGINT", this.#onSignal).once("SIGTERM", this.#onSignal);
    const network = this.#makeRouter();
    this.outside = `10.${network}.255.1`;
    this.hosts = Array.from({ length: hosts }, (_, i) => this.#makeHost(network, i + 1));
  }

  /** Runs a command on the router, to its end. */
  onRouter(file: string, args: readonly string[], input?: string): string {
    return execute("nsenter", [`--net=/run/netns/${this.#prefix}-router`, file, ...args], input);
  }

  /** Runs a command on a host, to its end. */
  on(host: Host, file: string, args: readonly string[], input?: string): string {
    return execute("nsenter", [`--net=/run/netns/${host.name}`, file, ...args], input);
  }

  /** Starts a process on a host; it is killed with this process, however that ends, and even if it is stopped. */
  spawn(host: Host, file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const guarded = ["setpriv", "--pdeathsig", "KILL", file, ...args];
    const child = spawn("nsenter", [`--net=/run/netns/${host.name}`, ...guarded], options);
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  /** Kills what runs on the hosts, and removes them. */
  close(): void {
    process.off("exit", this.#onExit).off("SIGINT", this.#onSignal).off("SIGTERM", this.#onSignal);
    for (const child of this.#children) child.kill("SIGKILL");
    remove(this.#prefix, namespaces().filter((name) => name.startsWith(`${this.#prefix}-`)));
  }

  /** @returns the second number of the network's addresses */
  #makeRouter(): number {
    const router = `${this.#prefix}-router`;
    batch(null, [
      `netns add ${router}`,
      `link add ${this.#prefix} type veth peer name outside netns ${router}`,
      `link set ${this.#prefix} up`,
    ]);
    batch(router, ["link set lo up", "link set outside up"]);
    this.onRouter("sh", ["-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
    const used = execute("ip", ["-4", "route"]);
    for (let network = FIRST_NETWORK; network < FIRST_NETWORK + NETWORKS; network++) {
      if (used.includes(`10.${network}.`)) continue;
      const [ours, routers] = [`10.${network}.255.1/30`, `10.${network}.255.2`];
      execute("ip", ["addr", "add", ours, "dev", this.#prefix]);
      batch(router, [`addr add ${routers}/30 dev outside`]);
      try {
        // Fails if another process took the same network since we looked: then the next one.
        execute("ip", ["route", "add", `10.${network}.0.0/16`, "via", routers, "rto_min", this.#rtoMin]);
        return network;
      } catch {
        execute("ip", ["addr", "del", ours, "dev", this.#prefix]);
        batch(router, [`addr del ${routers}/30 dev outside`]);
      }
    }
    throw new Error("this machine uses all of 10.100.0.0/16 to 10.199.0.0/16");
  }

  #makeHost(network: number, number: number): Host {
    const name = `${this.#prefix}-${number}`;
    const address = (offset: number): string => `10.${network}.${(4 * number) >> 8}.${((4 * number) & 255) + offset}`;
    const router = `${this.#prefix}-router`;
    batch(null, [`netns add ${name}`]);
    batch(router, [
      `link add host${number} type veth peer name eth0 netns ${name}`,
      `addr add ${address(1)}/30 dev host${number}`,
      `link set host${number} up`,
    ]);
    batch(name, [
      "link set lo up",
      `addr add ${address(2)}/30 dev eth0`,
      "link set eth0 up",
      `route add default via ${address(1)} rto_min ${this.#rtoMin}`,
    ]);
    return { name, ip: address(2) };
  }
}

function batch(namespace: string | null, commands: readonly string[]): void {
  execute("ip", [...(namespace === null ? [] : ["-n", namespace]), "-batch", "-"], `${commands.join("\n")}\n`);
}

function namespaces(): string[] {
  return execute("ip", ["netns", "list"])
    .split("\n")
    .map((line) => line.split(" ")[0]!)
    .filter((name) => name.startsWith(PREFIX));
}

/** What an earlier process left that could not clean up: it was killed. */
function removeLeftovers(): void {
  const byPrefix = Map.groupBy(namespaces(), (name) => name.split("-")[0]!);
  for (const [prefix, names] of byPrefix) {
    if (!existsSync(`/proc/${prefix.slice(PREFIX.length)}`)) remove(prefix, names);
  }
}

function remove(prefix: string, names: readonly string[]): void {
  for (const name of names) {
    for (const pid of execute("ip", ["netns", "pids", name]).split("\n")) {
      if (pid !== "") killed(Number(pid));
    }
  }
  // The route goes with the link at once; with the namespace alone it would go some time later.
  if (existsSync(`/sys/class/net/${prefix}`)) execute("ip", ["link", "del", prefix]);
  batch(null, names.map((name) => `netns del ${name}`));
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was gone already.
  }
}
