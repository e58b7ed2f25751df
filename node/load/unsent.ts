// An exchange without a request, for every client: over before it began.

import type { ErrorKind } from "../metrics/results.ts";
import { monotonicMs } from "./clock.ts";
import type { Call, Exchange, Sink } from "./driver.ts";

const NO_BODY = Buffer.alloc(0);

/** A request that is not made: the guard refuses its target, or HTTP does not allow it. */
export class Unsent implements Call, Exchange {
  readonly status = 0;
  readonly error: ErrorKind;
  readonly startMs = monotonicMs();
  readonly writtenMs = 0;
  readonly firstByteMs = 0;
  readonly endMs = this.startMs;
  readonly bytesSent = 0;
  readonly bytesReceived = 0;
  readonly body = NO_BODY;

  constructor(kind: ErrorKind, sink: Sink) {
    this.error = kind;
    sink.onSettled(this);
  }

  header(): null {
    return null;
  }

  abort(): Exchange {
    return this;
  }
}
