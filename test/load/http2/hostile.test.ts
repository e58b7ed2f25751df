// Targets that do what targets of HTTP/2 must not: the right kind of error, bounded memory, and the next request goes on.

import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { createServer as createTls } from "node:tls";
import type { PreparedRequest } from "../../../node/load/driver.ts";
import type { Resolve } from "../../../node/load/guard.ts";
import { STREAM_WINDOW_BYTES } from "../../../node/load/http2/limits.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { answering as answering1, clientOf, listen, onRequest } from "../http1/servers.ts";
import {
  answering,
  block,
  CONTINUATION,
  data,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  head,
  HEADERS,
  ok,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  request2,
  reset,
  RST_STREAM,
  SETTINGS,
  settings,
  speaking,
  u32,
  WINDOW_UPDATE,
} from "./servers.ts";

/** What a request may leave behind, all told: buffers of the one socket on both sides, and garbage not yet collected. */
const MEMORY_BYTES = 96 * 1024 * 1024;
/** For those that never answer; the others have time, however busy the machine is. */
const TIMEOUT_MS = 400;
const PATIENCE_MS = 10_000;
const MEGABYTE = 1024 * 1024;

/** Sends a piece over and over, as fast as it is taken. */
function endless(socket: Socket, start: Buffer, piece: Buffer): void {
  socket.write(start);
  const pump = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", pump);
  pump();
}

/** Says this without end, when a request has come. */
const flooding = (piece: (stream: number) => Buffer, start: (stream: number) => Buffer = () => Buffer.alloc(0)): Server =>
  speaking({
    onRequest: ({ socket }, stream) => {
      const one = piece(stream);
      endless(socket, start(stream), Buffer.concat(new Array<Buffer>(Math.ceil(MEGABYTE / 4 / one.length)).fill(one)));
    },
  });

/** Sends a body without end, as much at a time as the windows allow. */
function pouring(): Server {
  return speaking({
    onRequest: ({ socket }, stream) => {
      socket.write(head(stream));
      pour(socket, stream, STREAM_WINDOW_BYTES);
    },
    onFrame: ({ socket }, { type, payload, stream }) => {
      if (type === WINDOW_UPDATE && stream > 0) pour(socket, stream, payload.readUInt32BE(0));
    },
  });
  function pour(socket: Socket, stream: number, bytes: number): void {
    for (let sent = 0; sent < bytes && !socket.destroyed; sent += 16_384) {
      socket.write(data(stream, Buffer.alloc(Math.min(16_384, bytes - sent)), 0));
    }
  }
}

const fields = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => [`x-${i}`, "y".repeat(10)]).flat();
/** A long head in as many frames as it takes. */
function longHead(stream: number, count: number): Buffer {
  const bytes = block(":status", "200", ...fields(count));
  const frames: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += 16_384) {
    const isLast = from + 16_384 >= bytes.length;
    const flags = (isLast ? END_HEADERS : 0) | (from === 0 ? END_STREAM : 0);
    frames.push(frame(from === 0 ? HEADERS : CONTINUATION, flags, stream, bytes.subarray(from, from + 16_384)));
  }
  return Buffer.concat(frames);
}

interface Row {
  readonly what: string;
  readonly server: () => Server;
  readonly kind: string | null;
  readonly scheme?: "https";
  readonly more?: Partial<PreparedRequest>;
}

const row = (what: string, kind: string | null, server: () => Server, more: Partial<Row> = {}): Row => ({ what, kind, server, ...more });
const says = (what: string, kind: string | null, answer: (stream: number) => Buffer, more: Partial<Row> = {}): Row =>
  row(what, kind, () => answering(answer), more);
const greets = (what: string, kind: string | null, greeting: Buffer, more: Partial<Row> = {}): Row =>
  row(what, kind, () => answering((stream) => ok(stream), greeting), more);
const counted = { more: { keepBody: false } };
const posting = { more: { method: "POST", body: "x".repeat(200_000) } };
const statused = (stream: number, flags: number, ...all: readonly string[]): Buffer => frame(HEADERS, flags, stream, block(...all));
const WHOLE = END_HEADERS | END_STREAM;

const CONNECTIONS: readonly Row[] = [
  row("resets as it is connected to", "reset", () => createServer((socket) => socket.resetAndDestroy())),
  row("closes as it is connected to", "reset", () => createServer((socket) => socket.end())),
  row("never says anything", "timeout", () => createServer()),
  row("never answers", "timeout", () => speaking({})),
  row("resets when the request has come", "reset", () => speaking({ onRequest: ({ socket }) => socket.resetAndDestroy() })),
  row("closes when the request has come", "reset", () => speaking({ onRequest: ({ socket }) => socket.end() })),
  row("closes in the middle of a frame", "reset", () => speaking({ onRequest: ({ socket }, stream) => socket.end(ok(stream).subarray(0, 12)) })),
  row("closes in the middle of a body", "reset", () =>
    speaking({ onRequest: ({ socket }, stream) => socket.end(Buffer.concat([head(stream), data(stream, "abc", 0)])) })),
  says("stops in the middle of a frame", "timeout", (stream) => ok(stream).subarray(0, 12)),
  says("stops in the middle of a body", "timeout", (stream) => Buffer.concat([head(stream), data(stream, "abc", 0)])),
  greets("greets with garbage", "protocol", Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 89 + 7) % 256))),
  greets("speaks first, and something else", "protocol", Buffer.from("SSH-2.0-OpenSSH_9.6\r\n")),
  greets("does not begin with settings", "protocol", frame(PING, 0, 0, "12345678")),
  greets("acknowledges settings before it has said its own", "protocol", frame(SETTINGS, 1, 0)),
  row("flips to HTTP/1.1", "version", () => answering1("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")),
  row("flips to HTTP/1.1 at once", "version", () => createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))),
  row("flips to TLS", "protocol", () => onRequest((socket) => socket.write(Buffer.of(0x15, 3, 3, 0, 2, 2, 0x28)))),
  says("answers garbage", "protocol", () => Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 89 + 7) % 256))),
  row("speaks plain text where TLS is asked for", "tls", () => createServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")), { scheme: "https" }),
  row("never finishes the handshake", "timeout", () => createServer(), { scheme: "https" }),
  row("has a certificate nobody vouches for", "tls", () => createTls({ key: KEY, cert: CERTIFICATE, ALPNProtocols: ["h2"] }), { scheme: "https" }),
];

const ANSWERS: readonly Row[] = [
  says("has no status", "protocol", (stream) => statused(stream, WHOLE, "x", "y")),
  says("has a status that is none", "protocol", (stream) => statused(stream, WHOLE, ":status", "20x")),
  says("has two statuses", "protocol", (stream) => statused(stream, WHOLE, ":status", "200", ":status", "200")),
  says("says its status after a field", "protocol", (stream) => statused(stream, WHOLE, "x", "y", ":status", "200")),
  says("has a field that only requests have", "protocol", (stream) => statused(stream, WHOLE, ":status", "200", ":path", "/")),
  says("has a name in capitals", "protocol", (stream) => head(stream, WHOLE, "X", "y")),
  says("has a name with a space", "protocol", (stream) => head(stream, WHOLE, "x y", "z")),
  says("has a line break in a value", "protocol", (stream) => head(stream, WHOLE, "x", "a\r\nb: c")),
  says("has a field of HTTP/1.1's connections", "protocol", (stream) => head(stream, WHOLE, "transfer-encoding", "chunked")),
  says("switches protocols", "protocol", (stream) => statused(stream, END_HEADERS, ":status", "101")),
  says("ends with an interim answer", "protocol", (stream) => statused(stream, WHOLE, ":status", "103")),
  says("has two lengths", "protocol", (stream) => head(stream, WHOLE, "content-length", "0", "content-length", "1")),
  says("has a length that is none", "protocol", (stream) => head(stream, WHOLE, "content-length", "-1")),
  says("is longer than it says", "protocol", (stream) => Buffer.concat([head(stream, END_HEADERS, "content-length", "1"), data(stream, "ok")])),
  says("is longer than it says, and has no end", "protocol", (stream) => Buffer.concat([head(stream, END_HEADERS, "content-length", "1"), data(stream, "ok", 0)])),
  says("is shorter than it says", "protocol", (stream) => Buffer.concat([head(stream, END_HEADERS, "content-length", "3"), data(stream, "ok")])),
  says("is data without a head", "protocol", (stream) => data(stream, "ok")),
  says("has a body with a status that has none", "protocol", (stream) => Buffer.concat([statused(stream, END_HEADERS, ":status", "204"), data(stream, "ok")])),
  says("has a body where HEAD was asked", "protocol", (stream) => ok(stream), { more: { method: "HEAD" } }),
  says("has a trailer with a status", "protocol", (stream) => Buffer.concat([head(stream), statused(stream, WHOLE, ":status", "200")])),
  says("has a second head", "protocol", (stream) => Buffer.concat([head(stream), head(stream)])),
  says("has 1,000 fields", null, (stream) => longHead(stream, 1_000)),
  says("has 10,000 fields", "protocol", (stream) => longHead(stream, 10_000)),
  says("refers to tables that are empty", "protocol", (stream) => frame(HEADERS, WHOLE, stream, [0x88, 0xbe])),
  says("announces 1 GB that is to be kept", "too_large", (stream) => head(stream, END_HEADERS, "content-length", "1073741824")),
  says("announces 1 GB and one octet", "too_large", (stream) => head(stream, END_HEADERS, "content-length", "1073741825"), counted),
  row("sends 1 GB that is to be kept", "too_large", () => pouring()),
  row("sends 1 GB that is counted", "timeout", () => pouring(), counted),
  says("is refused", "refused", (stream) => reset(stream, 7)),
  says("is cancelled", "reset", (stream) => Buffer.concat([head(stream), reset(stream, 8)])),
  says("ends in an internal error", "reset", (stream) => reset(stream, 2)),
  says("ends in a reproach", "protocol", (stream) => reset(stream, 1)),
  says("wants more security", "tls", (stream) => reset(stream, 0xc)),
  says("wants HTTP/1.1", "protocol", (stream) => reset(stream, 0xd)),
  says("ends without an error before its end", "reset", (stream) => Buffer.concat([head(stream), reset(stream, 0)])),
];

const FRAMES: readonly Row[] = [
  says("a push", "protocol", (stream) => frame(PUSH_PROMISE, END_HEADERS, stream, Buffer.concat([u32(2), block(":path", "/")]))),
  says("a frame too long", "protocol", (stream) => frame(DATA, 0, stream, Buffer.alloc(16_385))),
  says("data on no stream", "protocol", () => data(0, "ok")),
  says("data on a stream that was not opened", "protocol", () => data(99, "ok")),
  says("data on a stream of the target's", "protocol", () => data(2, "ok")),
  says("a head on a stream that was not opened", "protocol", () => head(99)),
  says("a reset of a stream that was not opened", "protocol", () => reset(99, 8)),
  says("a reset of no stream", "protocol", () => reset(0, 8)),
  says("a reset of the wrong length", "protocol", (stream) => frame(RST_STREAM, 0, stream, "123")),
  says("a ping of the wrong length", "protocol", () => frame(PING, 0, 0, "1234567")),
  says("a priority of the wrong length", "protocol", (stream) => frame(PRIORITY, 0, stream, "1234")),
  says("settings of the wrong length", "protocol", () => frame(SETTINGS, 0, 0, "12345")),
  says("settings of a stream", "protocol", (stream) => frame(SETTINGS, 0, stream)),
  says("an acknowledgement with settings in it", "protocol", () => frame(SETTINGS, 1, 0, "123456")),
  says("settings that allow pushes", "protocol", () => settings(2, 1)),
  says("settings with a window too wide", "protocol", () => settings(4, 0x8000_0000)),
  says("settings with frames too short", "protocol", () => settings(5, 100)),
  says("settings nobody knows", null, (stream) => Buffer.concat([settings(0xabcd, 7), ok(stream)])),
  says("a kind of frame nobody knows", null, (stream) => Buffer.concat([frame(0xcd, 7, stream, "x"), ok(stream)])),
  says("a window widened by nothing", "protocol", () => frame(WINDOW_UPDATE, 0, 0, u32(0))),
  says("a window too wide", "protocol", () => frame(WINDOW_UPDATE, 0, 0, u32(0x7fff_ffff))),
  says("a stream's window too wide", "protocol", (stream) => frame(WINDOW_UPDATE, 0, stream, u32(0x7fff_ffff))),
  says("a goodbye of the wrong length", "protocol", () => frame(7, 0, 0, "1234567")),
  says("a head that goes on with something else", "protocol", (stream) => Buffer.concat([frame(HEADERS, 0, stream, [0x88]), frame(PING, 0, 0, "12345678")])),
  says("a continuation of nothing", "protocol", (stream) => frame(CONTINUATION, END_HEADERS, stream, [0x88])),
  says("a head of padding only", "protocol", (stream) => frame(HEADERS, WHOLE | 8, stream, [9, 0x88])),
  says("a goodbye in anger, and is silent", "timeout", (stream) => goaway(stream, 1)),
  row("a goodbye in anger, and closes", "protocol", () => speaking({ onRequest: ({ socket }, stream) => socket.end(goaway(stream, 1)) })),
  row("data without end, whatever the windows", "too_large", () => flooding((stream) => data(stream, Buffer.alloc(16_384), 0), (stream) => head(stream))),
  row("settings without end", "protocol", () => flooding(() => settings(4, 70_000))),
  row("pings without end", "protocol", () => flooding(() => frame(PING, 0, 0, "12345678"))),
  row("resets without end", "reset", () => flooding((stream) => reset(stream, 8))),
  row("empty data without end", "protocol", () => flooding((stream) => data(stream, "", 0), (stream) => head(stream))),
  row("priorities without end", "protocol", () => flooding((stream) => frame(PRIORITY, 0, stream, [0, 0, 0, 0, 0]))),
  row("windows without end", "protocol", () => flooding(() => frame(WINDOW_UPDATE, 0, 0, u32(1)))),
  row("interim answers without end", "protocol", () => flooding((stream) => statused(stream, END_HEADERS, ":status", "103"))),
  row("continuations without end", "protocol", () => flooding((stream) => frame(CONTINUATION, 0, stream, Buffer.alloc(1_000)), (stream) => frame(HEADERS, 0, stream))),
  row("empty continuations without end", "protocol", () => flooding((stream) => frame(CONTINUATION, 0, stream), (stream) => frame(HEADERS, 0, stream))),
  greets("no stream at all", "timeout", settings(3, 0)),
  greets("one stream at a time", null, settings(3, 1)),
  row("a window that never opens", "timeout", () => speaking({ greeting: settings(4, 0) }), posting),
  row("a request that is never taken", "timeout", () => speaking({ onRequest: ({ socket }) => socket.pause() }), posting),
];

const memory = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

async function judge(server: Server, { kind, scheme, more }: Row): Promise<void> {
  await using target = await listen(server, scheme);
  await using good = await listen(answering((stream) => ok(stream)));
  using client = clientOf();
  const before = memory();
  const exchange = await client.settle(request2(target.origin, { timeoutMs: kind === "timeout" ? TIMEOUT_MS : PATIENCE_MS, ...more }));
  const grown = memory() - before;
  assert.equal(exchange.error, kind);
  assert.ok(exchange.endMs >= exchange.startMs + (kind === "timeout" ? TIMEOUT_MS : 0));
  assert.ok(grown < MEMORY_BYTES, `${grown} bytes`);
  assert.equal((await client.settle(request2(good.origin))).body.toString(), "ok");
}

const name = (what: string, kind: string | null): string => `${what}: ${kind ?? "no error"}, memory is bounded, the run goes on`;

for (const each of CONNECTIONS) test(name(`a target that ${each.what}`, each.kind), () => judge(each.server(), each));
for (const each of ANSWERS) test(name(`an answer that ${each.what}`, each.kind), () => judge(each.server(), each));
for (const each of FRAMES) test(name(`a target that sends ${each.what}`, each.kind), () => judge(each.server(), each));

test("a target that refuses: refused, and the run goes on", async () => {
  const gone = await listen(createServer());
  await gone[Symbol.asyncDispose]();
  await using good = await listen(answering((stream) => ok(stream)));
  using client = clientOf();
  const exchange = await client.settle(request2(gone.origin));
  assert.deepEqual([exchange.error, exchange.writtenMs, exchange.bytesSent], ["refused", 0, 0]);
  assert.equal((await client.settle(request2(good.origin))).error, null);
});

const at = (...addresses: string[]): Resolve => (_, done) => done(null, addresses.map((address) => ({ address, family: 4 })));
const NAMES: readonly (readonly [string, Resolve, string])[] = [
  ["does not exist", (_, done) => done(Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" }), []), "dns"],
  ["has no address", at(), "dns"],
  ["points to the cloud's credentials", at("169.254.169.254"), "blocked"],
  ["points inside and outside", at("127.0.0.1", "192.0.2.1"), "blocked"],
  ["is never answered for", () => {}, "timeout"],
];

for (const [what, resolve, kind] of NAMES) {
  test(`a name that ${what}: ${kind}, nothing is sent, the run goes on`, async () => {
    await using good = await listen(answering((stream) => ok(stream)));
    using client = clientOf({ loopbackOnly: true }, resolve);
    const exchange = await client.settle(request2(`http://shop.test:${good.port}`, { timeoutMs: 100 }));
    assert.deepEqual([exchange.error, exchange.writtenMs, exchange.bytesSent], [kind, 0, 0]);
    assert.equal((await client.settle(request2(good.origin))).error, null);
    assert.equal(good.connections(), 1);
  });
}

test("a name that changes is checked anew for every connection: where it points now, or nowhere", async () => {
  await using target = await listen(answering((stream) => ok(stream)));
  let address = "127.0.0.1";
  using client = clientOf({ loopbackOnly: true }, (host, done) => at(address)(host, done));
  const request = request2(`http://shop.test:${target.port}`, { http: { version: 2, close: "close" } });
  const kinds: (string | null)[] = [];
  for (address of ["127.0.0.1", "192.0.2.1", "127.0.0.1"]) kinds.push((await client.settle(request)).error);
  assert.deepEqual([kinds, target.connections()], [[null, "blocked", null], 2]);
});
