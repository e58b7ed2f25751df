// Frames from a stream, one after the other: whoever sends more than may be read waits, and so does what it has sent.

import type { Stream } from "@libp2p/interface";
import { type ByteStream, byteStream } from "@libp2p/utils";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { MAX_FRAME_BYTES } from "../wire/codec.ts";
import { READ_BUFFER_BYTES } from "./host.ts";
import { LARGE_FRAME_MS } from "./large-frames.ts";

/** Frames that have arrived already are dealt with for so long before everything else has a turn. */
const TURN_MS = 10;

export interface FrameSink {
  /** Asked before anything of a frame is read but its length: as LargeFrames.enter. */
  enter(sizeBytes: number): Promise<() => void> | null;
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
  const incoming = byteStream(stream, { maxBufferSize: READ_BUFFER_BYTES });
  let turnEndsMs = performance.now() + TURN_MS;
  for (;;) {
    const sizeBytes = await readLength(incoming);
    const waitMs = sink.waitMs(sizeBytes);
    const entering = sink.enter(sizeBytes);
    if (entering === null) await deal(stream, await incoming.read({ bytes: sizeBytes }), sink);
    else await readLarge(stream, incoming, sizeBytes, entering, sink);
    if (waitMs > 0 || performance.now() > turnEndsMs) {
      await (waitMs > 0 ? sleep(waitMs) : nextTurn());
      turnEndsMs = performance.now() + TURN_MS;
    }
    resume(stream);
  }
}

/** Nobody takes what comes meanwhile; paused, the stream lets its sender send no more than a little. */
async function deal(stream: Stream, bytes: { subarray(): Uint8Array }, sink: FrameSink): Promise<void> {
  pause(stream);
  await sink.frame(bytes.subarray());
}

/** Where there is no room yet, its bytes wait at the sender; then it is to come without delay. */
async function readLarge(
  stream: Stream,
  incoming: ByteStream<Stream>,
  sizeBytes: number,
  entering: Promise<() => void>,
  sink: FrameSink,
): Promise<void> {
  pause(stream);
  const leave = await entering;
  try {
    resume(stream);
    const signal = AbortSignal.timeout(LARGE_FRAME_MS);
    const read = incoming.read({ bytes: sizeBytes, signal }).catch((cause: unknown) => {
      throw signal.aborted ? new MalformedStream(`a frame of ${sizeBytes} bytes did not come within ${LARGE_FRAME_MS} ms`) : cause;
    });
    await deal(stream, await read, sink);
  } finally {
    leave();
  }
}

async function readLength(incoming: ByteStream<Stream>): Promise<number> {
  const read: number[] = [];
  for (;;) {
    read.push((await incoming.read({ bytes: 1 })).get(0));
    try {
      return decodeLength({ byteLength: read.length, get: (index) => read[index]! });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
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

/** Unsigned LEB128. A RangeError says that there is more of it to come. */
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
