// Meshes on loopback, what they tell, and waiting for it.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { pino } from "pino";
import type { MemberRecord } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import { Mesh, type MeshOptions } from "../../node/mesh/mesh.ts";
import { member } from "../core/support.ts";

/** Resolves when it is so; fails after 10 s, which no sound machine needs. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface Node extends AsyncDisposable {
  readonly mesh: Mesh;
  /** Peers it has a link to now. */
  readonly links: Set<string>;
  /** Everything told, as `kind:peer`. */
  readonly told: string[];
  readonly frames: { readonly from: string; readonly frame: Frame }[];
  readonly topics: Frame[];
  readonly logged: { readonly level: number; readonly msg: string }[];
  /** `host:port` for others to join. */
  readonly at: { readonly host: string; readonly port: number };
  readonly record: MemberRecord;
}

export async function startNode(more: Partial<MeshOptions> = {}): Promise<Node> {
  const logged: Node["logged"] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const listen = { host: "127.0.0.1", port: 0 };
  const mesh = await Mesh.create({ listen, join: [], joinNames: [], swarmKey: null, log, ...more });
  const links = new Set<string>();
  const told: string[] = [];
  const frames: Node["frames"] = [];
  const topics: Frame[] = [];
  await mesh.start({
    isMember: () => false,
    linkUp: (peer) => void (links.add(peer), told.push(`up:${peer}`)),
    linkDown: (peer) => void (links.delete(peer), told.push(`down:${peer}`)),
    refused: (peer) => void told.push(`refused:${peer}`),
    unreachable: (peer) => void told.push(`unreachable:${peer}`),
    frame: (from, frame) => void frames.push({ from, frame }),
    topic: (frame) => void topics.push(frame),
  });
  const [, , host, , port] = mesh.addresses[0]!.split("/");
  return {
    mesh,
    links,
    told,
    frames,
    topics,
    logged,
    at: { host: host!, port: Number(port) },
    record: member(mesh.self, { addresses: mesh.addresses }),
    [Symbol.asyncDispose]: () => mesh.stop(),
  };
}

/** A TCP server on loopback; its sockets are destroyed in the end. */
export async function listenOn(accept: (socket: Socket) => void): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The network between whoever connects (the near side) and the place it leads to (the far side). */
export interface Wire extends AsyncDisposable {
  readonly at: { readonly host: string; readonly port: number };
  /** Nothing passes any more, and no side is told; `near` or `far`: but that side gets its connection reset. */
  cut(reset?: "near" | "far"): void;
}

export async function startWire(to: { readonly host: string; readonly port: number }): Promise<Wire> {
  const pairs: { readonly near: Socket; readonly far: Socket }[] = [];
  const server = await listenOn((near) => {
    const far = connect(to.port, to.host).on("error", () => {});
    pairs.push({ near, far });
    near.pipe(far);
    far.pipe(near);
  });
  return {
    at: { host: "127.0.0.1", port: server.port },
    cut(reset) {
      for (const { near, far } of pairs) {
        near.unpipe().pause();
        far.unpipe().pause();
        if (reset !== undefined) (reset === "near" ? near : far).resetAndDestroy();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { far } of pairs) far.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
