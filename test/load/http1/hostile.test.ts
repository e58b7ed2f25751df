// Targets that do what targets must not: the right kind of error, bounded memory, and the next request goes on as if nothing were.

import assert from "node:assert/strict";
import { createServer as createHttp2 } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { createServer as createTls } from "node:tls";
import type { PreparedRequest } from "../../../node/load/driver.ts";
import type { Resolve } from "../../../node/load/guard.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { answering, clientOf, listen, OK, onRequest, requestTo } from "./servers.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";
/** What a request may leave behind, all told: buffers of the one socket on both sides, and garbage not yet collected. */
const MEMORY_BYTES = 96 * 1024 * 1024;
const TIMEOUT_MS = 400;

/** Sends a piece over and over, as fast as it is taken. */
function endless(socket: Socket, head: string, piece: string | Buffer): void {
  socket.write(head);
  const pump = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", pump);
  pump();
}

/** One octet at a time, too slowly to ever come to an end. */
function drip(socket: Socket, head: string, octet: string): void {
  socket.write(head);
  const timer = setInterval(() => socket.write(octet), 20);
  socket.on("close", () => clearInterval(timer));
}

const MEGABYTE = "x".repeat(1024 * 1024);
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const fields = (count: number, length: number): string =>
  Array.from({ length: count }, (_, i) => `x-${i}: ${"y".repeat(length)}\r\n`).join("");

interface Row {
  readonly what: string;
  readonly server: () => Server;
  readonly kind: string | null;
  readonly scheme?: "https";
  readonly more?: Partial<PreparedRequest>;
}

const row = (what: string, kind: string | null, server: () => Server, more: Partial<Row> = {}): Row => ({ what, kind, server, ...more });
const counted = { more: { keepBody: false } };

const ROWS: readonly Row[] = [
  row("resets before it answers", "reset", () => onRequest((socket) => socket.resetAndDestroy())),
  row("resets as it is connected to", "reset", () => createServer((socket) => socket.resetAndDestroy())),
  row("closes as it is connected to", "reset", () => createServer((socket) => socket.end())),
  row("closes before it answers", "reset", () => onRequest((socket) => socket.end())),
  row("resets in the middle of a head", "reset", () => onRequest((socket) => socket.write(HEAD, () => socket.resetAndDestroy()))),
  row("closes in the middle of a head", "reset", () => onRequest((socket) => socket.end(HEAD))),
  row("closes in the middle of a body", "reset", () => onRequest((socket) => socket.end(`${HEAD}content-length: 9\r\n\r\nabc`))),
  row("closes in the middle of a chunk", "reset", () => onRequest((socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n9\r\nabc`))),
  row("closes before the last chunk", "reset", () => onRequest((socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`))),
  row("never answers", "timeout", () => createServer()),
  row("stops in the middle of a head", "timeout", () => answering(`${HEAD}x: y`)),
  row("stops in the middle of a body", "timeout", () => answering(`${HEAD}content-length: 9\r\n\r\nabc`)),
  row("drips a head", "timeout", () => onRequest((socket) => drip(socket, HEAD, "x"))),
  row("drips a value", "timeout", () => onRequest((socket) => drip(socket, `${HEAD}x: `, "y"))),
  row("drips a body", "timeout", () => onRequest((socket) => drip(socket, `${HEAD}content-length: 1000000\r\n\r\n`, "x"))),
  row("drips chunks", "timeout", () => onRequest((socket) => drip(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n`, chunk("x")))),
  row("announces 1 GB that is to be kept", "too_large", () => answering(`${HEAD}content-length: 1073741824\r\n\r\n`)),
  row("announces 1 GB and one octet", "too_large", () => answering(`${HEAD}content-length: 1073741825\r\n\r\n`), counted),
  row("sends chunks without end that are to be kept", "too_large", () =>
    onRequest((socket) => endless(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n`, chunk(MEGABYTE)))),
  row("sends tiny chunks without end that are to be kept", "timeout", () =>
    onRequest((socket) => endless(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n`, chunk("x").repeat(1_000))), { more: { timeoutMs: 200 } }),
  row("sends without end", "timeout", () => onRequest((socket) => endless(socket, `${HEAD}\r\n`, MEGABYTE)), counted),
  row("sends a field without end", "protocol", () => onRequest((socket) => endless(socket, `${HEAD}x: `, MEGABYTE))),
  row("sends fields without end", "protocol", () => onRequest((socket) => endless(socket, HEAD, "x: y\r\n".repeat(1_000)))),
  row("sends a trailer without end", "protocol", () =>
    onRequest((socket) => endless(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n0\r\n`, "x: y\r\n".repeat(1_000)))),
  row("sends interim answers without end", "protocol", () =>
    onRequest((socket) => endless(socket, "", "HTTP/1.1 102 Processing\r\n\r\n".repeat(1_000)))),
  row("sends a chunk extension without end", "protocol", () =>
    onRequest((socket) => endless(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n5;`, "x".repeat(1_000)))),
  row("sends 10,000 fields", "protocol", () => answering(`${HEAD}${fields(10_000, 10)}content-length: 2\r\n\r\nok`)),
  row("sends 1,000 fields", null, () => answering(`${HEAD}${fields(1_000, 10)}content-length: 2\r\n\r\nok`)),
  row("answers garbage", "protocol", () => answering(Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 89 + 7) % 256)))),
  row("speaks first, and something else", "protocol", () => createServer((socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n"))),
  row("flips to HTTP/2", "protocol", () => createHttp2() as unknown as Server),
  row("flips to WebSocket", "protocol", () => answering("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")),
  row("flips to TLS", "protocol", () => onRequest((socket) => socket.write(Buffer.of(0x15, 3, 3, 0, 2, 2, 0x28)))),
  row("speaks plain text where TLS is asked for", "tls", () => createServer((socket) => socket.end(OK)), { scheme: "https" }),
  row("never finishes the handshake", "timeout", () => createServer(), { scheme: "https" }),
  row("resets in the handshake", "reset", () => createServer((socket) => socket.once("data", () => socket.resetAndDestroy())), { scheme: "https" }),
  row("speaks HTTP/2 only", "tls", () => createTls({ key: KEY, cert: CERTIFICATE, ALPNProtocols: ["h2"] }), { scheme: "https" }),
  row("has a certificate nobody vouches for", "tls", () => createTls({ key: KEY, cert: CERTIFICATE }), { scheme: "https" }),
];

const memory = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

for (const { what, server, kind, scheme, more } of ROWS) {
  test(`a target that ${what}: ${kind ?? "no error"}, memory is bounded, the run goes on`, async () => {
    await using target = await listen(server(), scheme);
    await using good = await listen(answering(OK));
    using client = clientOf();
    const before = memory();
    const exchange = await client.settle(requestTo(target.origin, { timeoutMs: TIMEOUT_MS, ...more }));
    const grown = memory() - before;
    assert.equal(exchange.error, kind);
    assert.ok(exchange.endMs >= exchange.startMs + (kind === "timeout" ? (more?.timeoutMs ?? TIMEOUT_MS) : 0));
    assert.ok(grown < MEMORY_BYTES, `${grown} bytes`);
    assert.equal((await client.settle(requestTo(good.origin))).body.toString(), "ok");
  });
}

test("a target that refuses: refused, and the run goes on", async () => {
  const gone = await listen(createServer());
  await gone[Symbol.asyncDispose]();
  await using good = await listen(answering(OK));
  using client = clientOf();
  const exchange = await client.settle(requestTo(gone.origin));
  assert.deepEqual([exchange.error, exchange.writtenMs, exchange.bytesSent], ["refused", 0, 0]);
  assert.equal((await client.settle(requestTo(good.origin))).error, null);
});

const failure = (code: string): Error => Object.assign(new Error(code), { code });
const at = (...addresses: string[]): Resolve => (_, done) => done(null, addresses.map((address) => ({ address, family: 4 })));

const NAMES: readonly (readonly [string, Resolve, string])[] = [
  ["does not exist", (_, done) => done(failure("ENOTFOUND"), []), "dns"],
  ["cannot be looked up now", (_, done) => done(failure("EAI_AGAIN"), []), "dns"],
  ["has no address", at(), "dns"],
  ["points to the cloud's credentials", at("169.254.169.254"), "blocked"],
  ["points inside and outside", at("127.0.0.1", "192.0.2.1"), "blocked"],
  ["is never answered for", () => {}, "timeout"],
];

for (const [what, resolve, kind] of NAMES) {
  test(`a name that ${what}: ${kind}, nothing is sent, the run goes on`, async () => {
    await using good = await listen(answering(OK));
    using client = clientOf({ loopbackOnly: true }, resolve);
    const exchange = await client.settle(requestTo(`http://shop.test:${good.port}`, { timeoutMs: 100 }));
    assert.deepEqual([exchange.error, exchange.writtenMs, exchange.bytesSent], [kind, 0, 0]);
    assert.equal((await client.settle(requestTo(good.origin))).error, null);
    assert.equal(good.connections(), 1);
  });
}

test("a name that changes is checked anew for every connection: where it points now, or nowhere", async () => {
  await using target = await listen(onRequest((socket, _, nth) => socket.end(nth === 1 ? OK : "")));
  let address = "127.0.0.1";
  using client = clientOf({ loopbackOnly: true }, (host, done) => at(address)(host, done));
  const request = requestTo(`http://shop.test:${target.port}`, { headers: ["connection", "close"] });
  assert.equal((await client.settle(request)).error, null);
  address = "192.0.2.1";
  assert.equal((await client.settle(request)).error, "blocked");
  address = "127.0.0.1";
  assert.equal((await client.settle(request)).error, null);
  assert.equal(target.connections(), 2);
});

test("a thousand requests at once to a target that resets them: each fails once, and the next one is answered", async () => {
  await using target = await listen(onRequest((socket, head) => (head.includes("/good") ? socket.write(OK) : socket.resetAndDestroy())));
  using client = clientOf();
  const all = await Promise.all(Array.from({ length: 1_000 }, () => client.settle(requestTo(target.origin))));
  assert.deepEqual(new Set(all.map(({ error }) => error)), new Set(["reset"]));
  assert.equal((await client.settle(requestTo(target.origin, { path: "/good" }))).error, null);
});
