// Targets of one connection's behaviour each, and clients to send them requests; shared by the tests of the HTTP/1.1 client.

import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Call, Driver, Exchange, PreparedRequest, Sink } from "../../../node/load/driver.ts";
import { HttpDriver } from "../../../node/load/drivers/http.ts";
import { type GuardPolicy, type Resolve, TargetGuard } from "../../../node/load/guard.ts";

export interface Listening extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  /** Connections so far. */
  readonly connections: () => number;
  /** Closes every connection there is. */
  readonly hangUp: () => Promise<void>;
}

/** Listens on a free port and closes every connection in the end. */
export async function listen(server: Server, scheme = "http", host = "127.0.0.1"): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    // What the client does to the connection is what many of the tests are about.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${scheme}://${host}:${port}`,
    connections: () => connections,
    async hangUp() {
      const all = [...sockets].map((socket) => new Promise((closed) => socket.once("close", closed)));
      for (const socket of sockets) socket.end();
      await Promise.all(all);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Calls back with each request's head, once it is whole, and the socket it came on. Requests have no bodies here. */
export function onRequest(act: (socket: Socket, head: string, nth: number) => void): Server {
  return createServer((socket) => {
    let text = "";
    let nth = 0;
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        act(socket, head, ++nth);
      }
    });
  });
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
export const answering = (bytes: string | Buffer): Server => onRequest((socket) => socket.write(bytes, "latin1" as never));

export function requestTo(origin: string, more: Partial<PreparedRequest> = {}): PreparedRequest {
  return { method: "GET", origin, path: "/", headers: [], body: null, timeoutMs: 5_000, keepBody: true, ...more };
}

/** Of a sink: its requests may go whenever they can. */
export const READY: Omit<Sink, "onSettled"> = { mayBegin: () => true, onHeld: () => assert.fail("held") };

export interface Client extends Driver, Disposable {
  settle(request: PreparedRequest): Promise<Exchange>;
  /** The same, and the call that may be aborted. */
  start(request: PreparedRequest): { readonly call: Call; readonly settled: Promise<Exchange> };
}

export function clientOf(policy: GuardPolicy = { loopbackOnly: true }, resolve?: Resolve): Client {
  const driver = new HttpDriver(new TargetGuard(policy, resolve));
  const start: Client["start"] = (request) => {
    const { promise, resolve: onSettled } = Promise.withResolvers<Exchange>();
    return { call: driver.send(request, { ...READY, onSettled }), settled: promise };
  };
  return {
    send: (request, sink) => driver.send(request, sink),
    close: () => driver.close(),
    start,
    settle: (request) => start(request).settled,
    [Symbol.dispose]: () => driver.close(),
  };
}
