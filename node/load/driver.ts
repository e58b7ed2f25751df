// What every protocol fulfils: a prepared request goes in, one callback comes out.

import type { ErrorKind } from "../metrics/results.ts";

/** How a request is sent; what is absent is as the plan's settings say. */
export interface HttpOptions {
  readonly client?: "own" | "undici";
  /** HTTP/2 is negotiated in TLS, and spoken without asking elsewhere. "auto": the target chooses, and without TLS it is 1.1. */
  readonly version?: 1.1 | 2 | "auto";
  /** HTTP/2: requests on a connection at a time, as far as the target allows; 1 if absent. */
  readonly streams?: number;
  /** Only methods that may be repeated stand behind one another. */
  readonly pipelining?: number;
  /**
   * Kept for the next request; or closed after the answer, which the request announces; or the same with a reset, which
   * leaves no port in TIME_WAIT. On TLS a reset is a close.
   */
  readonly close?: "keep" | "close" | "rst";
  /** At most so many are followed, and only to these origins; the last answer counts. */
  readonly redirects?: { readonly most: number; readonly origins: ReadonlySet<string> };
}

/** Keeps cookies for whoever sends the requests. URLs are those that were asked for. */
export interface Cookies {
  /** Value of the `cookie` header; null if there is none to send. */
  headerFor(url: URL): string | null;
  /** Takes the values of `set-cookie` headers. */
  store(url: URL, values: readonly string[]): void;
}

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
  /** False: nobody reads headers of the answer. */
  readonly keepHead?: boolean;
  /** The same object for all requests of one step: what they have in common is computed once. */
  readonly step?: object;
  readonly http?: HttpOptions;
  readonly cookies?: Cookies;
}

/** How long the parts of getting a connection took. */
export interface Setup {
  /** Before it could be opened: resolving the name, and whatever was sent before (redirects, a connection that was lost). */
  readonly blockedMs: number;
  readonly connectingMs: number;
  /** 0 without TLS. */
  readonly tlsMs: number;
}

/**
 * How a request ended. Times are monotonic milliseconds (clock.ts). From start to end it was setting up, then sending up
 * to `writtenMs`, waiting up to `firstByteMs`, receiving up to `endMs`.
 */
export interface Exchange {
  /** 0 if no answer came. */
  readonly status: number;
  /** Null if a whole answer came, whatever its status. */
  readonly error: ErrorKind | null;
  /** When the driver was called: connecting, if need be, counts as part of the request. */
  readonly startMs: number;
  /** Null if a connection was open already; absent where the driver cannot tell, and then no phase is recorded. */
  readonly setup?: Setup | null | undefined;
  /** When the request was handed to the socket; 0 if it was not. */
  readonly writtenMs: number;
  /** When the answer began; 0 if it did not. */
  readonly firstByteMs: number;
  /** When the answer, or the attempt, ended. */
  readonly endMs: number;
  /**
   * Bytes of the protocol on the connection, headers and framing included, those of TLS not; of all that was sent for
   * it, if a connection was lost or a redirect followed.
   */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** A header of the answer by its lower-case name, several of them joined by ", "; null if it is not there. */
  header(name: string): string | null;
  /** The same, one by one; absent where the driver cannot tell. */
  values?(name: string): readonly string[];
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
  /** `nowMs` is this instant on the monotonic clock, from whoever has just looked. */
  send(request: PreparedRequest, sink: Sink, nowMs?: number): Call;
  /** Closes every connection at once. */
  close(): void;
}
