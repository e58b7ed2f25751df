// Both HTTP/1.1 drivers against targets that behave, and many that do not.

import assert from "node:assert/strict";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { test as testOnce } from "node:test";
import type { Exchange, PreparedRequest } from "../../../node/load/driver.ts";
import { HttpDriver } from "../../../node/load/drivers/http.ts";
import { type GuardPolicy, type Resolve, TargetGuard } from "../../../node/load/guard.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";

/** Listens on a free port and closes every connection in the end. */
async function listen(server: Server): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    // What the driver does to the connection is what some of the tests are about.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A target that answers every request with these bytes. */
const answering = (bytes: string) => createServer((socket) => socket.on("data", () => socket.write(bytes)));
/** A target that does this when the first bytes of a request have come. */
const onData = (act: (socket: Socket) => void) => createServer((socket) => socket.once("data", () => act(socket)));
const http = (listener: RequestListener) => createHttpServer(listener);

/** The client whose turn it is: all of this holds for both. */
let client: "own" | "undici" = "own";

function requestTo(origin: string, more: Partial<PreparedRequest> = {}): PreparedRequest {
  const http = { client };
  return { method: "GET", origin, path: "/", headers: [], body: null, timeoutMs: 5_000, keepBody: true, http, ...more };
}

function test(name: string, run: () => Promise<void>): void {
  for (const each of ["own", "undici"] as const) {
    testOnce(`${each}: ${name}`, () => {
      client = each;
      return run();
    });
  }
}

/** Of a sink: its requests may go whenever they can. */
const READY = { mayBegin: () => true, onHeld: () => assert.fail("held") };

function settle(driver: HttpDriver, request: PreparedRequest): Promise<Exchange> {
  return new Promise((onSettled) => driver.send(request, { ...READY, onSettled }));
}

function setUp(policy: GuardPolicy = { loopbackOnly: true }, resolve?: Resolve): HttpDriver & Disposable {
  const driver = new HttpDriver(new TargetGuard(policy, resolve));
  return Object.assign(driver, { [Symbol.dispose]: () => driver.close() });
}

const FAILURES: readonly (readonly [string, () => Server, string])[] = [
  ["resets the connection", () => onData((socket) => socket.resetAndDestroy()), "reset"],
  ["closes the connection", () => onData((socket) => socket.end()), "reset"],
  ["never answers", () => createServer(), "timeout"],
  ["stops in the middle", () => answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), "timeout"],
  ["answers garbage", () => answering("SSH-2.0-OpenSSH_9.6\r\n"), "protocol"],
  ["sends a header without end", () => answering(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`), "protocol"],
  [
    "cuts its answer short",
    () => onData((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")),
    "reset",
  ],
];

for (const [what, server, kind] of FAILURES) {
  test(`a target that ${what} is an error of kind "${kind}"`, async () => {
    await using target = await listen(server());
    using driver = setUp();
    const exchange = await settle(driver, requestTo(`http://127.0.0.1:${target.port}`, { timeoutMs: 300 }));
    assert.equal(exchange.error, kind);
    assert.ok(exchange.endMs >= exchange.startMs);
  });
}

test("a target that does not listen is an error of kind refused", async () => {
  const target = await listen(createServer());
  await target[Symbol.asyncDispose]();
  using driver = setUp();
  const exchange = await settle(driver, requestTo(`http://127.0.0.1:${target.port}`));
  assert.equal(exchange.error, "refused");
  assert.equal(exchange.writtenMs, 0);
  assert.equal(exchange.status, 0);
});

test("an answer is an answer whatever its status, and the connection is kept", async () => {
  let connections = 0;
  const server = http((request, response) => {
    response.writeHead(Number(request.url!.slice(1)), { "X-Two": ["a", "b"] }).end("body");
  });
  server.on("connection", () => connections++);
  await using target = await listen(server);
  using driver = setUp();
  for (const status of [200, 404, 500, 302]) {
    const exchange = await settle(driver, requestTo(`http://127.0.0.1:${target.port}`, { path: `/${status}` }));
    assert.equal(exchange.error, null);
    assert.equal(exchange.status, status);
    assert.equal(exchange.body.toString(), "body");
    assert.equal(exchange.header("x-two"), "a, b");
    assert.equal(exchange.header("absent"), null);
  }
  assert.equal(connections, 1);
});

test("after a failure the next request has a connection of its own", async () => {
  let first = true;
  await using target = await listen(
    http((request, response) => {
      if (first) request.socket.destroy();
      else response.end("fine");
      first = false;
    }),
  );
  using driver = setUp();
  const request = requestTo(`http://127.0.0.1:${target.port}`);
  assert.equal((await settle(driver, request)).error, "reset");
  assert.equal((await settle(driver, request)).body.toString(), "fine");
});

test("requests at the same time go over connections of their own, never one behind the other", async () => {
  const waiting: (() => void)[] = [];
  await using target = await listen(
    http((_, response) => {
      waiting.push(() => response.end());
      if (waiting.length === 5) for (const answer of waiting) answer();
    }),
  );
  using driver = setUp();
  const request = requestTo(`http://127.0.0.1:${target.port}`);
  const all = await Promise.all(Array.from({ length: 5 }, () => settle(driver, request)));
  assert.ok(all.every(({ status }) => status === 200));
});

test("bytes are counted as they went over the wire, and times are in order", async () => {
  const received: Buffer[] = [];
  const answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  await using target = await listen(
    createServer((socket) =>
      socket.on("data", (chunk: Buffer) => {
        received.push(chunk);
        if (Buffer.concat(received).toString().endsWith("hello")) socket.write(answer);
      }),
    ),
  );
  using driver = setUp();
  const request = requestTo(`http://127.0.0.1:${target.port}`, {
    method: "POST",
    path: "/x?y=1",
    headers: ["content-type", "text/plain", "x-a", "1"],
    body: "hello",
  });
  for (const round of [1, 2]) {
    received.length = 0;
    const exchange = await settle(driver, request);
    const bytes = Buffer.concat(received);
    assert.equal(exchange.bytesSent, bytes.length, `round ${round}`);
    assert.equal(exchange.bytesReceived, answer.length, `round ${round}`);
    assert.match(bytes.toString(), /^POST \/x\?y=1 HTTP\/1\.1\r\n/);
    assert.match(bytes.toString(), /\r\nx-a: 1\r\n/);
    assert.equal(exchange.body.toString(), "abc");
    const times = [exchange.startMs, exchange.writtenMs, exchange.firstByteMs, exchange.endMs];
    assert.deepEqual(times.toSorted((a, b) => a - b), times);
  }
});

test("a body that nobody reads is counted, not kept, however long it is; one that is read has a limit", async () => {
  const size = 17 * 1024 * 1024;
  await using target = await listen(http((_, response) => response.end(Buffer.alloc(size))));
  using driver = setUp();
  const request = requestTo(`http://127.0.0.1:${target.port}`, { timeoutMs: 20_000 });
  const counted = await settle(driver, { ...request, keepBody: false });
  assert.equal(counted.error, null);
  assert.equal(counted.body.length, 0);
  assert.ok(counted.bytesReceived > size);
  assert.equal((await settle(driver, request)).error, "too_large");
});

test("HEAD and empty answers end without a body", async () => {
  await using target = await listen(http((_, response) => response.writeHead(204).end()));
  using driver = setUp();
  for (const method of ["HEAD", "GET", "DELETE"]) {
    const exchange = await settle(driver, requestTo(`http://127.0.0.1:${target.port}`, { method }));
    assert.deepEqual([exchange.error, exchange.status, exchange.body.length], [null, 204, 0], method);
  }
});

test("a request that HTTP does not allow is an error and reaches nobody", async () => {
  let requests = 0;
  await using target = await listen(http(() => requests++));
  using driver = setUp();
  const origin = `http://127.0.0.1:${target.port}`;
  const injected = await settle(driver, requestTo(origin, { headers: ["x", "a\r\nx-injected: 1"] }));
  assert.equal(injected.error, "other");
  assert.equal((await settle(driver, requestTo(origin, { path: "/a b" }))).error, "other");
  assert.equal(requests, 0);
});

test("an aborted request tells what was sent, and its sink is never called", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  await using target = await listen(createServer((socket) => socket.once("data", () => resolve())));
  using driver = setUp();
  let settled = false;
  const call = driver.send(requestTo(`http://127.0.0.1:${target.port}`, { timeoutMs: 200 }), {
    ...READY,
    onSettled: () => (settled = true),
  });
  await asked;
  const exchange = call.abort();
  assert.ok(exchange.writtenMs > 0);
  assert.ok(exchange.bytesSent > 0);
  // Longer than the timeout of the request, which must be gone with it.
  await new Promise((later) => setTimeout(later, 300));
  assert.equal(settled, false);
});

test("a request that may not begin any more when its connection is there is not sent, and its sink hears of it once", async () => {
  let requests = 0;
  await using target = await listen(http((_, response) => void (requests++, response.end("ok"))));
  using driver = setUp();
  const request = requestTo(`http://127.0.0.1:${target.port}`);
  const told: string[] = [];
  await new Promise<void>((held) => {
    driver.send(request, {
      onSettled: () => told.push("settled"),
      mayBegin: () => false,
      onHeld: () => void (told.push("held"), held()),
    });
    assert.deepEqual(told, [], "before it was connected");
  });
  const { status } = await settle(driver, request);
  assert.equal(status, 200);
  assert.equal(requests, 1);
  assert.deepEqual(told, ["held"]);
});

test("a certificate that nobody vouches for is an error of kind tls", async () => {
  const server = createHttpsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.end());
  await using target = await listen(server);
  using driver = setUp();
  const exchange = await settle(driver, requestTo(`https://localhost:${target.port}`));
  assert.equal(exchange.error, "tls");
});

test("TLS with somebody who does not speak it is an error of kind tls", async () => {
  await using target = await listen(http((_, response) => response.end()));
  using driver = setUp();
  assert.equal((await settle(driver, requestTo(`https://127.0.0.1:${target.port}`))).error, "tls");
});

test("what the guard refuses is never connected to, by address or by name", async () => {
  let connections = 0;
  const server = createServer(() => connections++);
  await using target = await listen(server);
  using closed = setUp({ allow: ["192.0.2.1"] });
  assert.equal((await settle(closed, requestTo(`http://127.0.0.1:${target.port}`))).error, "blocked");
  using tricked = setUp({ allow: ["192.0.2.1"] }, (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]));
  assert.equal((await settle(tricked, requestTo(`http://rebound.test:${target.port}`))).error, "blocked");
  assert.equal(connections, 0);
});

test("a name is connected to at the address that was checked", async () => {
  await using target = await listen(http((request, response) => response.end(request.headers.host)));
  using driver = setUp({ loopbackOnly: true }, (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]));
  const exchange = await settle(driver, requestTo(`http://shop.test:${target.port}`));
  assert.equal(exchange.body.toString(), `shop.test:${target.port}`);
});

test("a name that does not resolve is an error of kind dns", async () => {
  const missing = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
  using driver = setUp({ loopbackOnly: true }, (_, done) => done(missing, []));
  assert.equal((await settle(driver, requestTo("http://nowhere.test"))).error, "dns");
});
