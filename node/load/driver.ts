// What every protocol fulfils: a prepared request goes in, one callback comes out.

import type { ErrorKind } from "../metrics/results.ts";

/** A request with every template filled in. */
export interface PreparedRequest {
  readonly method: string;
  /** Scheme, host and port, as URL.origin gives them. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | null;
  /** From the call to the last byte. */
  readonly timeoutMs: number;
  /** The sink reads the body of the answer; else it is counted and thrown away. */
  readonly keepBody: boolean;
}

/** How a request ended. Times are monotonic milliseconds (clock.ts). */
export interface Exchange {
  /** 0 if no answer came. */
  readonly status: number;
  /** Null if a whole answer came, whatever its status. */
  readonly error: ErrorKind | null;
  /** When the driver was called: connecting, if need be, counts as part of the request. */
  readonly startMs: number;
  /** When the request was handed to the socket; 0 if it was not. */
  readonly writtenMs: number;
  /** When the answer began; 0 if it did not. */
  readonly firstByteMs: number;
  /** When the answer, or the attempt, ended. */
  readonly endMs: number;
  /** Bytes of the protocol on the connection, headers and framing included, those of TLS not. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** A header of the answer by its lower-case name, several of them joined by ", "; null if it is not there. */
  header(name: string): string | null;
  /** Empty unless `keepBody` was asked for. */
  readonly body: Buffer;
}

export interface Sink {
  /** Called exactly once for a request that was not aborted, perhaps before `send` has returned. */
  onSettled(exchange: Exchange): void;
  /** Asked just before a request is written that could not be written at once, such as one that had to connect first. */
  mayBegin(): boolean;
  /** It might not: nothing of it was written, the call is over, and `onSettled` will not be called. */
  onHeld(): void;
}

export interface Call {
  /** Ends the request without a call to the sink; returns what has happened so far. */
  abort(): Exchange;
}

export interface Driver {
  send(request: PreparedRequest, sink: Sink): Call;
  /** Closes every connection at once. */
  close(): void;
}
