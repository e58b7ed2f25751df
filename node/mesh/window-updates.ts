// Fewer packets on streams of small frames.

import type { Stream } from "@libp2p/interface";

/** What a yamux stream of libp2p has inside. */
interface Windowed {
  /** Bytes that the sender may have under way, and how many of them it has left. */
  recvWindow: number;
  recvWindowCapacity: number;
  sendWindowUpdate(): void;
}

/**
 * libp2p's yamux answers every frame with a window update, a packet and a wake-up for each side. From now on this stream
 * tells its sender only when half the window is used, as the first yamux does (hashicorp/yamux, Stream.sendWindowUpdate).
 * Returns false if the stream is made otherwise: then everything stays as it is.
 */
export function updateWindowSeldom(stream: Stream): boolean {
  const windowed = stream as unknown as Partial<Windowed>;
  if (typeof windowed.sendWindowUpdate !== "function" || typeof windowed.recvWindowCapacity !== "number") return false;
  const update = windowed.sendWindowUpdate;
  windowed.sendWindowUpdate = () => {
    if (windowed.recvWindowCapacity! <= windowed.recvWindow! / 2) update.call(windowed);
  };
  return true;
}
