// A scheme, host and port: its connections, of which the last one used is used first, and how requests to it are
// written.

import type { OnReadOpts, Socket } from "node:net";
import { Bag } from "../bag.ts";
import { monotonicMs } from "../clock.ts";
import type { OpenCount } from "../open-count.ts";
import type { TargetGuard } from "../guard.ts";
import type { RequestError } from "../outcome.ts";
import type { Http1Call } from "./call.ts";
import { Connection, type Owner } from "./connection.ts";
import { HeadMemo } from "./head-memo.ts";
import { RequestEncoder } from "./request.ts";
import { Line } from "../http/line.ts";
import { type Endpoint, endpointOf, openSocket } from "../http/socket.ts";
import type { Pool, Sweep } from "../http/sweep.ts";

export interface OriginOptions {
  readonly guard: TargetGuard;
  readonly count: OpenCount;
  readonly sweep: Sweep;
  readonly readBuffer: Buffer;
  /** Requests on a connection before their answers have come. */
  readonly depth: number;
}

export class Origin implements Owner, Pool {
  readonly readBuffer: Buffer;
  readonly memo = new HeadMemo();
  readonly encoder: RequestEncoder;
  /** Addresses are decided about here, because they never reach the guard's `lookup`; names are decided about there. */
  readonly refusal: RequestError | null;
  readonly #guard: TargetGuard;
  readonly #count: OpenCount;
  readonly #sweep: Sweep;
  readonly #endpoint: Endpoint;
  readonly #depth: number;
  /** Connections with room for a request; those that were closed meanwhile are among them until they are met. */
  #free: Connection[] = [];
  readonly #open = new Bag<Connection>();
  readonly #line: Line<Http1Call>;
  #isClosed = false;

  constructor(url: string, options: OriginOptions) {
    const { guard, count, sweep, readBuffer, depth } = options;
    const parsed = new URL(url);
    this.readBuffer = readBuffer;
    this.encoder = new RequestEncoder(parsed.host);
    this.refusal = guard.refusalOfHost(parsed.hostname);
    this.#guard = guard;
    this.#count = count;
    this.#sweep = sweep;
    this.#endpoint = endpointOf(parsed);
    this.#depth = depth;
    this.#line = new Line(this.#endpoint.isTls, (call) => this.#give(this.#connect(), call));
  }

  send(call: Http1Call): void {
    const connection = this.#take(call.startMs, this.#isAlone(call));
    if (connection === null) this.#line.join(call);
    else this.#give(connection, call);
  }

  repeat(call: Http1Call): void {
    if (this.#isClosed) return call.fail("reset");
    call.repeat();
    this.#line.join(call);
  }

  open(onread: OnReadOpts): Socket {
    const socket = openSocket(this.#endpoint, this.#guard, onread);
    this.#line.opened(socket);
    return socket;
  }

  hasRoom(connection: Connection): void {
    if (!this.#line.isEmpty && this.#serveLine(connection)) return;
    if (connection.isFree || !this.#takesMore(connection)) return;
    connection.isFree = true;
    this.#free.push(connection);
  }

  forget(connection: Connection): void {
    if (this.#open.delete(connection)) this.#count.end();
  }

  connections(): readonly Connection[] {
    return this.#open.all();
  }

  tidy(): void {
    this.#free = this.#free.filter(({ isClosed }) => !isClosed);
  }

  close(): void {
    this.#isClosed = true;
    this.#line.close();
    for (const connection of this.#open.all()) connection.close();
  }

  /** True if those that wait have got the connection, or it is left to empty itself for the first of them. */
  #serveLine(connection: Connection): boolean {
    while (this.#takesMore(connection) && connection.isUsable(monotonicMs())) {
      this.#withhold(connection);
      const isEmpty = connection.load === 0;
      const call = this.#line.next((first) => isEmpty || !this.#isAlone(first));
      if (call === null) return !this.#line.isEmpty;
      // Those on one that is not open yet are asked when it is.
      if (connection.isReady && !call.waited()) continue;
      this.#give(connection, call);
      return true;
    }
    return false;
  }

  /** Nobody else finds it. */
  #withhold(connection: Connection): void {
    if (!connection.isFree) return;
    connection.isFree = false;
    this.#free.splice(this.#free.indexOf(connection), 1);
  }

  #takesMore({ isClosed, isFinal, isTaken, load }: Connection): boolean {
    return !isClosed && !isFinal && (load === 0 || (!isTaken && load < this.#depth));
  }

  #isAlone(call: Http1Call): boolean {
    return this.#depth === 1 || !call.isIdempotent;
  }

  #give(connection: Connection, call: Http1Call): void {
    connection.isTaken = this.#isAlone(call);
    connection.carry(call, this.#depth > 1);
    if (!connection.isTaken) this.hasRoom(connection);
  }

  /** Takes the last connection with room out of those that have it; one that carries nothing, if it is to be alone. */
  #take(nowMs: number, isAlone: boolean): Connection | null {
    const free = this.#free;
    for (let i = free.length - 1; i >= 0; i--) {
      const connection = free[i]!;
      const isUsable = connection.isUsable(nowMs);
      if (isUsable && isAlone && connection.load > 0) continue;
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
    this.#sweep.watch();
    return connection;
  }
}
