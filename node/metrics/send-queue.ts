// Encoded pushes that wait for the receiver: one queue, oldest first, bounded by age and by bytes. Pure.

import type { Protocol } from "./receiver-answer.ts";

export interface Push {
  /** When its values were read, milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Compressed, by version; while it is not known which one the receiver speaks, both. Sent as they are, however often. */
  readonly bodies: Readonly<Partial<Record<Protocol, Uint8Array>>>;
  readonly samples: number;
  readonly histograms: number;
}

export interface QueueLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * Ten minutes of receiver outage without a gap, with the longest wait between two attempts and the time that a receiver takes to
 * start: 144 pushes of 9 KB are 1.3 MB. Older samples would be refused by most
 * receivers sooner or later (Prometheus: after an hour), and answered with errors that never end if a push is itself the cause.
 */
export const QUEUE: QueueLimits = { maxAgeMs: 720_000, maxBytes: 16 * 1024 * 1024 };

export class SendQueue {
  readonly #limits: QueueLimits;
  #pushes: Push[] = [];
  #bytes = 0;

  constructor(limits: QueueLimits = QUEUE) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#pushes.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Samples and histograms that wait. */
  get points(): number {
    return this.#pushes.reduce((sum, push) => sum + push.samples + push.histograms, 0);
  }

  get head(): Push | null {
    return this.#pushes[0] ?? null;
  }

  /** Appends; returns what had to go for it, oldest first. The newest push stays, however large it is. */
  add(push: Push): Push[] {
    this.#pushes.push(push);
    this.#bytes += sizeBytes(push);
    const gone: Push[] = [];
    while (this.#bytes > this.#limits.maxBytes && this.#pushes.length > 1) gone.push(this.shift()!);
    return gone;
  }

  shift(): Push | null {
    const push = this.#pushes.shift();
    if (push === undefined) return null;
    this.#bytes -= sizeBytes(push);
    return push;
  }

  /** Takes out what is too old at `nowMs`. */
  expire(nowMs: number): Push[] {
    const kept = this.#pushes.findIndex((push) => nowMs - push.atMs <= this.#limits.maxAgeMs);
    const count = kept === -1 ? this.#pushes.length : kept;
    return Array.from({ length: count }, () => this.shift()!);
  }

  /** Only bodies of this version are needed from now on. */
  settle(protocol: Protocol): void {
    this.#pushes = this.#pushes.map((push) => {
      const body = push.bodies[protocol];
      return body === undefined ? push : { ...push, bodies: { [protocol]: body } };
    });
    this.#bytes = this.#pushes.reduce((sum, push) => sum + sizeBytes(push), 0);
  }
}

function sizeBytes(push: Push): number {
  return Object.values(push.bodies).reduce((sum, body) => sum + body.length, 0);
}
