// HTTP/1.1 by undici: one client, and so one connection, per request in flight; the last one used is used first.

import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { buildConnector, Client, Dispatcher } from "undici";
import { Bag } from "../bag.ts";
import { monotonicMs } from "../clock.ts";
import type { Call, Driver, Exchange, PreparedRequest, Sink } from "../driver.ts";
import type { TargetGuard } from "../guard.ts";
import { SWEEP_MS } from "../http/limits.ts";
import { type Idling, type Pool, Sweep } from "../http/sweep.ts";
import { KEPT_BODY_BYTES, RESPONSE_BYTES } from "../limits.ts";
import { classify, RequestError } from "../outcome.ts";
import { Unsent } from "../unsent.ts";
import type { ErrorKind } from "../../metrics/results.ts";

const NO_BODY = Buffer.alloc(0);

const require = createRequire(import.meta.url);
/** Loaded when a plan asks for it: 60 ms and 8 MB in every worker. */
const undici = (): typeof import("undici") => require("undici") as typeof import("undici");

/** Headers of an answer in undici's form. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;
const NO_HEADERS: Headers = {};

/** A client and the socket it happens to hold, whose counters say what went over the wire. */
interface Connection extends Idling {
  load: number;
  readonly client: Client;
  readonly origin: Origin;
  socket: Socket | null;
}

/** A scheme, host and port, with its idle connections. */
interface Origin {
  readonly url: string;
  /** Addresses are decided about here, because they never reach the guard's `lookup`; names are decided about there. */
  readonly refusal: RequestError | null;
  readonly connect: buildConnector.connector;
  /** Those that were closed meanwhile are among them until they are met. */
  idle: Connection[];
}

export class UndiciDriver implements Driver, Pool {
  readonly #guard: TargetGuard;
  readonly #origins = new Map<string, Origin>();
  readonly #open = new Bag<Connection>();
  readonly #sweep = new Sweep(() => [this]);

  constructor(guard: TargetGuard) {
    this.#guard = guard;
  }

  send(request: PreparedRequest, sink: Sink): Call {
    const origin = this.#origins.get(request.origin) ?? this.#addOrigin(request.origin);
    if (origin.refusal !== null) return new Unsent(origin.refusal.kind, sink);
    const connection = this.#take(origin) ?? this.#connection(origin);
    connection.load = 1;
    connection.wasIdle = false;
    return new UndiciCall(this, connection, request, sink);
  }

  close(): void {
    for (const connection of this.#open.all()) this.discard(connection);
    this.#origins.clear();
    this.#sweep.stop();
  }

  /** The connection is free for the next request. */
  release(connection: Connection): void {
    if (connection.place < 0) return;
    connection.load = 0;
    connection.origin.idle.push(connection);
  }

  /** The connection is in an unknown state: it is closed, and the next request opens another. */
  discard(connection: Connection): void {
    if (this.#open.delete(connection)) destroy(connection.client);
  }

  connections(): readonly Connection[] {
    return this.#open.all();
  }

  tidy(): void {
    for (const origin of this.#origins.values()) origin.idle = origin.idle.filter(({ place }) => place >= 0);
  }

  #take({ idle }: Origin): Connection | null {
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (connection.place >= 0) return connection;
    }
    return null;
  }

  #addOrigin(url: string): Origin {
    const refusal = this.#guard.refusalOfHost(new URL(url).hostname);
    const connect = undici().buildConnector({
      // Else undici negotiates HTTP/2 behind our back, which is slower here and no longer what the plan says.
      allowH2: false,
      lookup: this.#guard.lookup,
      // The request's own timeout bounds it.
      timeout: 0,
      rejectUnauthorized: true,
    } as buildConnector.BuildOptions);
    const origin: Origin = { url, refusal, connect, idle: [] };
    this.#origins.set(url, origin);
    return origin;
  }

  #connection(origin: Origin): Connection {
    const client = new (undici().Client)(origin.url, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      // Left open as long as ours.
      keepAliveTimeout: 2 * SWEEP_MS,
      connect: (options, callback) => {
        origin.connect(options, (...[error, socket]: [null, Socket] | [Error, null]) => {
          connection.socket = socket;
          if (error === null) callback(null, socket);
          else callback(error, null);
        });
      },
    });
    const close = () => this.discard(connection);
    const connection: Connection = { client, origin, socket: null, load: 0, wasIdle: false, place: -1, close };
    this.#open.add(connection);
    this.#sweep.watch();
    return connection;
  }
}

function destroy(client: Client): void {
  client.destroy().catch(() => {
    // Destroying twice is the only way to fail, and is what was wanted.
  });
}

/** A request in flight and undici's handler for it. */
class UndiciCall implements Call, Exchange, Dispatcher.DispatchHandler {
  status = 0;
  error: ErrorKind | null = null;
  readonly startMs = monotonicMs();
  writtenMs = 0;
  firstByteMs = 0;
  endMs = 0;
  bytesSent = 0;
  bytesReceived = 0;
  body: Buffer = NO_BODY;
  #headers: Headers = NO_HEADERS;
  #chunks: Buffer[] | null;
  #bodyBytes = 0;
  #sentBefore = 0;
  #receivedBefore = 0;
  #settled = false;
  /** `send` has returned. */
  #deferred = false;
  readonly #driver: UndiciDriver;
  readonly #connection: Connection;
  readonly #sink: Sink;
  readonly #timer: NodeJS.Timeout;

  constructor(driver: UndiciDriver, connection: Connection, request: PreparedRequest, sink: Sink) {
    this.#driver = driver;
    this.#connection = connection;
    this.#sink = sink;
    this.#chunks = request.keepBody ? [] : null;
    this.#timer = setTimeout(timeOut, request.timeoutMs, this);
    const { method, path, body } = request;
    connection.client.dispatch({ method, path, body, headers: request.headers as string[] }, this);
    this.#deferred = true;
  }

  header(name: string): string | null {
    const values = this.values(name);
    return values.length === 0 ? null : values.join(", ");
  }

  values(name: string): readonly string[] {
    const value = this.#headers[name];
    return value === undefined ? [] : typeof value === "string" ? [value] : value;
  }

  abort(): Exchange {
    this.#end(null);
    return this;
  }

  /** Ends the request as failed. */
  fail(kind: ErrorKind): void {
    if (this.#settled) return;
    this.#end(kind);
    this.#sink.onSettled(this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { socket } = this.#connection;
    if (this.#settled || socket === null) return;
    if (this.#deferred && !this.#sink.mayBegin()) {
      this.#settle();
      controller.abort(new RequestError("other", "held back"));
      this.#driver.discard(this.#connection);
      this.#sink.onHeld();
      return;
    }
    this.#sentBefore = socket.bytesWritten;
    this.#receivedBefore = socket.bytesRead;
  }

  onRequestSent(): void {
    this.writtenMs = monotonicMs();
  }

  onResponseStarted(): void {
    this.firstByteMs = monotonicMs();
  }

  onResponseStart(_controller: unknown, status: number, headers: Headers): void {
    // 1xx answers come before the real one.
    if (status < 200) return;
    this.status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#settled) return;
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > RESPONSE_BYTES || (this.#chunks !== null && this.#bodyBytes > KEPT_BODY_BYTES)) {
      this.fail("too_large");
    } else {
      this.#chunks?.push(chunk);
    }
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    this.#settle();
    const chunks = this.#chunks;
    if (chunks !== null && chunks.length > 0) this.body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    this.#driver.release(this.#connection);
    this.#sink.onSettled(this);
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(classify(error));
  }

  #end(kind: ErrorKind | null): void {
    if (this.#settled) return;
    this.error = kind;
    this.#settle();
    this.#driver.discard(this.#connection);
  }

  #settle(): void {
    this.#settled = true;
    this.endMs = monotonicMs();
    clearTimeout(this.#timer);
    const { socket } = this.#connection;
    if (socket === null || this.writtenMs === 0) return;
    this.bytesSent = socket.bytesWritten - this.#sentBefore;
    this.bytesReceived = socket.bytesRead - this.#receivedBefore;
  }
}

function timeOut(call: UndiciCall): void {
  call.fail("timeout");
}
