// How much this agent says and hears: on its links, and by gossip.

/** `frames` go over links to neighbours; `runs` are gossip, which every agent forwards to all. */
export type Carrier = "frames" | "runs";
export type Direction = "in" | "out";

export interface TrafficCount {
  readonly carrier: Carrier;
  readonly direction: Direction;
  readonly messages: number;
  readonly bytes: number;
}

/** Since the start; without the overhead of encryption and of the streams. */
export class Traffic {
  readonly #counts = (["frames", "runs"] as const).flatMap((carrier) =>
    (["in", "out"] as const).map((direction) => ({ carrier, direction, messages: 0, bytes: 0 })),
  );

  count(carrier: Carrier, direction: Direction, sizeBytes: number): void {
    const count = this.#counts.find((one) => one.carrier === carrier && one.direction === direction)!;
    count.messages++;
    count.bytes += sizeBytes;
  }

  counts(): readonly TrafficCount[] {
    return this.#counts;
  }
}
