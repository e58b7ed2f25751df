// A scheme, host and port: its connections, of which the last one used is used first, and how requests to it are written.

import type { OnReadOpts, Socket } from "node:net";
import type { ErrorKind } from "../../metrics/results.ts";
import { Bag } from "../bag.ts";
import type { OpenCount } from "../open-count.ts";
import type { TargetGuard } from "../guard.ts";
import { Line } from "../http/line.ts";
import { type Endpoint, endpointOf, openSocket } from "../http/socket.ts";
import type { Pool, Sweep } from "../http/sweep.ts";
import type { RequestError } from "../outcome.ts";
import type { Http2Call } from "./call.ts";
import { Connection, type Owner } from "./connection.ts";
import { MOVES } from "./limits.ts";
import { RequestEncoder } from "./request.ts";

export interface OriginOptions {
  readonly guard: TargetGuard;
  readonly count: OpenCount;
  readonly sweep: Sweep;
  readonly readBuffer: Buffer;
  /** Streams that the plan allows on a connection. */
  readonly streams: number;
  /** What is offered in the handshake of TLS. */
  readonly protocols: readonly string[];
}

export class Origin implements Owner, Pool {
  readonly readBuffer: Buffer;
  readonly encoder: RequestEncoder;
  /** Addresses are decided about here, because they never reach the guard's `lookup`; names are decided about there. */
  readonly refusal: RequestError | null;
  streams: number;
  readonly #options: OriginOptions;
  readonly #endpoint: Endpoint;
  /** Connections with room for a request; those that have none any more are among them until they are met. */
  #free: Connection[] = [];
  readonly #open = new Bag<Connection>();
  readonly #line: Line<Http2Call>;
  #isClosed = false;

  constructor(url: string, options: OriginOptions) {
    const parsed = new URL(url);
    this.#options = options;
    this.readBuffer = options.readBuffer;
    this.streams = options.streams;
    this.encoder = new RequestEncoder(parsed);
    this.refusal = options.guard.refusalOfHost(parsed.hostname);
    this.#endpoint = endpointOf(parsed);
    this.#line = new Line(this.#endpoint.isTls, (call) => this.#give(this.#connect(), call));
  }

  send(call: Http2Call): void {
    const connection = this.#take();
    if (connection === null) this.#line.join(call);
    else this.#give(connection, call);
  }

  move(call: Http2Call, kind: ErrorKind): void {
    if (call.isSettled) return;
    if (this.#isClosed || call.moves >= MOVES) return call.fail(kind);
    call.move();
    // Time has passed: where it goes now it may be written at once, and nobody would ask.
    if (!call.mayBegin()) return;
    this.send(call);
  }

  open(onread: OnReadOpts): Socket {
    const socket = openSocket(this.#endpoint, this.#options.guard, onread, this.#options.protocols);
    this.#line.opened(socket);
    return socket;
  }

  hasRoom(connection: Connection): void {
    if (connection.isFree) return;
    while (connection.hasRoom) {
      const call = this.#line.next();
      if (call === null) break;
      if (!connection.isReady || call.waited()) connection.carry(call);
    }
    if (connection.isFree || !connection.hasRoom) return;
    connection.isFree = true;
    this.#free.push(connection);
  }

  learn(streams: number): number {
    const most = Math.min(this.#options.streams, streams);
    this.streams = Math.max(1, most);
    return most;
  }

  forget(connection: Connection): void {
    if (this.#open.delete(connection)) this.#options.count.end();
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

  #give(connection: Connection, call: Http2Call): void {
    connection.carry(call);
    this.hasRoom(connection);
  }

  #take(): Connection | null {
    for (let connection = this.#free.pop(); connection !== undefined; connection = this.#free.pop()) {
      connection.isFree = false;
      if (connection.hasRoom) return connection;
    }
    return null;
  }

  #connect(): Connection {
    const connection = new Connection(this, this.#endpoint.isTls);
    this.#open.add(connection);
    this.#options.count.begin();
    this.#options.sweep.watch();
    return connection;
  }
}
