// What is told of an exchange that takes several requests: the answer to the last of them, unless it is said otherwise.

import type { ErrorKind } from "../../metrics/results.ts";
import { monotonicMs } from "../clock.ts";
import type { Exchange, Setup } from "../driver.ts";

const NO_BODY = Buffer.alloc(0);

export abstract class LastExchange implements Exchange {
  readonly startMs = monotonicMs();
  /** The answer before the one that is waited for. */
  protected last: Exchange | null = null;

  get status(): number {
    return this.last?.status ?? 0;
  }

  get error(): ErrorKind | null {
    return this.last?.error ?? null;
  }

  abstract get setup(): Setup | null | undefined;

  get writtenMs(): number {
    return this.last?.writtenMs ?? 0;
  }

  get firstByteMs(): number {
    return this.last?.firstByteMs ?? 0;
  }

  get endMs(): number {
    return this.last?.endMs ?? this.startMs;
  }

  get bytesSent(): number {
    return this.last?.bytesSent ?? 0;
  }

  get bytesReceived(): number {
    return this.last?.bytesReceived ?? 0;
  }

  get body(): Buffer {
    return this.last?.body ?? NO_BODY;
  }

  header(name: string): string | null {
    return this.last?.header(name) ?? null;
  }

  values(name: string): readonly string[] {
    return this.last?.values?.(name) ?? [];
  }
}
