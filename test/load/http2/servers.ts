// A target that speaks HTTP/2 frame by frame, so that a test can make it say anything; shared by the tests of the HTTP/2 client.

import { createServer, type Server, type Socket } from "node:net";
import type { PreparedRequest } from "../../../node/load/driver.ts";
import { HpackDecoder } from "../../../node/load/http2/hpack.ts";
import { requestTo } from "../http1/servers.ts";

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const PREFACE_BYTES = 24;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

type Payload = Buffer | string | readonly number[];

const bytesOf = (payload: Payload): Buffer => (typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload));

export function frame(type: number, flags: number, stream: number, payload: Payload = []): Buffer {
  const bytes = bytesOf(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

export const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4));
  return bytes;
};

/** Identifiers and values in turn. */
export function settings(...pairs: readonly number[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 3);
  for (let i = 0; i < pairs.length; i += 2) {
    bytes.writeUInt16BE(pairs[i]!, i * 3);
    bytes.writeUInt32BE(pairs[i + 1]!, i * 3 + 2);
  }
  return frame(SETTINGS, 0, 0, bytes);
}

const literal = (text: string): Buffer => {
  const bytes = Buffer.from(text, "latin1");
  const octets: number[] = [];
  let rest = bytes.length;
  if (rest >= 127) {
    octets.push(127);
    for (rest -= 127; rest >= 128; rest >>= 7) octets.push((rest & 127) | 128);
  }
  return Buffer.concat([Buffer.from([...octets, rest]), bytes]);
};

/** A header block that uses no table; names and values in turn. */
export function block(...fields: readonly string[]): Buffer {
  return Buffer.concat(fields.map((text, i) => Buffer.concat([Buffer.from(i % 2 === 0 ? [0] : []), literal(text)])));
}

export const head = (stream: number, flags = END_HEADERS, ...fields: readonly string[]): Buffer =>
  frame(HEADERS, flags, stream, block(":status", "200", ...fields));
export const data = (stream: number, payload: Payload, flags = END_STREAM): Buffer => frame(DATA, flags, stream, payload);
export const ok = (stream: number, body = "ok"): Buffer => Buffer.concat([head(stream), data(stream, body)]);
export const reset = (stream: number, code: number): Buffer => frame(RST_STREAM, 0, stream, u32(code));
export const goaway = (last: number, code = 0): Buffer => frame(GOAWAY, 0, 0, u32(last, code));

/** A connection as the target has it. */
export interface Peer {
  readonly socket: Socket;
  /** What has come, without the preface. */
  readonly frames: readonly Frame[];
  /** All octets that have come. */
  readonly received: () => number;
  send(...parts: readonly Buffer[]): void;
}

export interface Behaviour {
  /** What it says first; usual settings, unless something else is given. */
  readonly greeting?: Buffer;
  /** The head of a request is there. `nth` counts over all connections. */
  readonly onRequest?: (peer: Peer, stream: number, nth: number, fields: readonly string[]) => void;
  readonly onFrame?: (peer: Peer, frame: Frame) => void;
}

export function speaking(behaviour: Behaviour): Server {
  const server = createServer();
  let nth = 0;
  server.on("connection", (socket) => attend(socket, behaviour, () => ++nth));
  return server;
}

/** Behaves so on a socket that something else has accepted. */
export function attend(socket: Socket, behaviour: Behaviour, count: () => number): void {
  const frames: Frame[] = [];
  const decoder = new HpackDecoder(1_000_000);
  let bytes: Buffer = Buffer.alloc(0);
  let received = 0;
  const peer: Peer = {
    socket,
    frames,
    received: () => received,
    send: (...parts) => void (socket.destroyed || socket.write(Buffer.concat(parts))),
  };
  const greeting = behaviour.greeting ?? settings();
  if (greeting.length > 0) socket.write(greeting);
  let isPrefaced = false;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    bytes = Buffer.concat([bytes, chunk]);
    if (!isPrefaced) {
      if (bytes.length < PREFACE_BYTES) return;
      isPrefaced = true;
      bytes = bytes.subarray(PREFACE_BYTES);
    }
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3);
      const got = { type: bytes[3]!, flags: bytes[4]!, stream: bytes.readUInt32BE(5), payload: bytes.subarray(9, end) };
      bytes = bytes.subarray(end);
      frames.push(got);
      behaviour.onFrame?.(peer, got);
      if (got.type !== HEADERS) continue;
      behaviour.onRequest?.(peer, got.stream, count(), decoder.decode(got.payload, 0, got.payload.length) ?? []);
    }
  });
}

/** Answers every request with what is given for its stream. */
export const answering = (answer: (stream: number, nth: number) => Buffer, greeting?: Buffer): Server =>
  speaking({
    ...(greeting === undefined ? {} : { greeting }),
    onRequest: (peer, stream, nth) => peer.send(answer(stream, nth)),
  });

export function request2(origin: string, more: Partial<PreparedRequest> = {}): PreparedRequest {
  return requestTo(origin, { ...more, http: { version: 2, ...more.http } });
}

/** Calls back once. */
export const fieldOf = (fields: readonly string[], name: string): string | undefined =>
  fields.find((_, i) => i % 2 === 1 && fields[i - 1] === name);
