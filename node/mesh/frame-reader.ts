// Frames from a stream, one after the other: whoever sends more than may be read waits, and so does what it has sent.

import type { Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { MAX_FRAME_BYTES } from "../wire/codec.ts";
import { READ_BUFFER_BYTES } from "./host.ts";

/** Frames that have arrived already are dealt with for so long before everything else has a turn. */
const TURN_MS = 10;

export interface FrameSink {
  /** Deals with a frame. The next one is read when that is done. */
  frame(bytes: Uint8Array): Promise<void>;
  /** For how many ms no frame may be read after one of this size. */
  waitMs(sizeBytes: number): number;
}

/** Thrown where the peer has sent what can be no frame; whatever else ends a stream is its end. */
export class MalformedStream extends Error {
  override readonly name = "MalformedStream";
}

/** Never resolves: throws when the stream ends, or what the sink throws. */
export async function readFrames(stream: Stream, sink: FrameSink): Promise<never> {
  const frames = lpStream(stream, { maxBufferSize: READ_BUFFER_BYTES, lengthDecoder: decodeLength });
  let turnEndsMs = performance.now() + TURN_MS;
  for (;;) {
    const bytes = (await frames.read()).subarray();
    const waitMs = sink.waitMs(bytes.length);
    // Nobody takes what comes meanwhile; paused, the stream lets its sender send no more than a little.
    pause(stream);
    await sink.frame(bytes);
    if (waitMs > 0 || performance.now() > turnEndsMs) {
      await (waitMs > 0 ? sleep(waitMs) : nextTurn());
      turnEndsMs = performance.now() + TURN_MS;
    }
    resume(stream);
  }
}

/** libp2p throws from both when the stream has ended meanwhile, which the next read tells as well. */
function pause(stream: Stream): void {
  try {
    stream.pause();
  } catch {
    // Nothing more comes.
  }
}

function resume(stream: Stream): void {
  try {
    stream.resume();
  } catch {
    // Nothing more comes.
  }
}

/** Bytes of the longest length prefix: 2^28 is more than MAX_FRAME_BYTES. */
const LENGTH_BYTES = 4;

/**
 * Unsigned LEB128. lpStream feeds it byte by byte and takes a RangeError for "more"; its own decoder never tires of a
 * prefix that does not end.
 */
export function decodeLength(data: { readonly byteLength: number; get(index: number): number }): number {
  let length = 0;
  for (let i = 0; i < data.byteLength; i++) {
    const byte = data.get(i);
    length += (byte & 127) * 2 ** (7 * i);
    if (byte >= 128) continue;
    if (length > MAX_FRAME_BYTES) throw new MalformedStream(`${length} bytes are more than a frame may have`);
    return length;
  }
  if (data.byteLength >= LENGTH_BYTES) throw new MalformedStream("the length of a frame does not end");
  throw new RangeError("the length of a frame is not complete yet");
}
