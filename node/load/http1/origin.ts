// A scheme, host and port: its connections, of which the last one used is used first, and how requests to it are written.

import type { OnReadOpts, Socket } from "node:net";
import { Bag } from "../bag.ts";
import type { ConnectionCount } from "../connection-count.ts";
import type { TargetGuard } from "../guard.ts";
import type { RequestError } from "../outcome.ts";
import type { Http1Call } from "./call.ts";
import { Connection, type Owner } from "./connection.ts";
import { HeadMemo } from "./head-memo.ts";
import { RequestEncoder } from "./request.ts";
import { type Endpoint, endpointOf, openSocket } from "./socket.ts";

export class Origin implements Owner {
  readonly readBuffer: Buffer;
  readonly memo = new HeadMemo();
  readonly encoder: RequestEncoder;
  /** Addresses are decided about here, because they never reach the guard's `lookup`; names are decided about there. */
  readonly refusal: RequestError | null;
  readonly #guard: TargetGuard;
  readonly #count: ConnectionCount;
  readonly #endpoint: Endpoint;
  /** Requests on a connection before their answers have come. */
  readonly #depth: number;
  /** Connections with room for a request; those that were closed meanwhile are among them until they are met. */
  readonly #free: Connection[] = [];
  readonly #open = new Bag<Connection>();
  #isClosed = false;

  constructor(url: string, depth: number, guard: TargetGuard, readBuffer: Buffer, count: ConnectionCount) {
    const parsed = new URL(url);
    this.readBuffer = readBuffer;
    this.encoder = new RequestEncoder(parsed.host);
    this.refusal = guard.refusalOfHost(parsed.hostname);
    this.#guard = guard;
    this.#count = count;
    this.#endpoint = endpointOf(parsed);
    this.#depth = depth;
  }

  send(call: Http1Call): void {
    const isAlone = this.#depth === 1 || !call.isIdempotent;
    const connection = this.#take(call.startMs, isAlone) ?? this.#connect();
    connection.carry(call, this.#depth > 1);
    if (!isAlone) this.hasRoom(connection);
  }

  repeat(call: Http1Call): void {
    if (this.#isClosed) return call.fail("reset");
    call.repeat();
    this.#connect().carry(call, false);
  }

  open(onread: OnReadOpts): Socket {
    return openSocket(this.#endpoint, this.#guard, onread);
  }

  hasRoom(connection: Connection): void {
    if (connection.isFree || connection.isClosed || connection.isFinal || connection.inFlight >= this.#depth) return;
    connection.isFree = true;
    this.#free.push(connection);
  }

  forget(connection: Connection): void {
    if (this.#open.delete(connection)) this.#count.end();
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#open.all()) connection.close();
  }

  /** Takes the last connection with room out of those that have it; one that carries nothing, if it is to be alone. */
  #take(nowMs: number, isAlone: boolean): Connection | null {
    const free = this.#free;
    for (let i = free.length - 1; i >= 0; i--) {
      const connection = free[i]!;
      const isUsable = connection.isUsable(nowMs);
      if (isUsable && isAlone && connection.inFlight > 0) continue;
      if (i === free.length - 1) free.pop();
      else free.splice(i, 1);
      connection.isFree = false;
      if (isUsable) return connection;
      if (!connection.isFinal) connection.close();
    }
    return null;
  }

  #connect(): Connection {
    const connection = new Connection(this, this.#endpoint.isTls);
    this.#open.add(connection);
    this.#count.begin();
    return connection;
  }
}
