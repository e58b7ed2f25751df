// TLS: whom we believe, what is negotiated, and what the second connection is spared; and where the time of a request
// went.

import assert from "node:assert/strict";
import { createServer as createPlainServer } from "node:net";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import { createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import type { Exchange } from "../../../node/load/driver.ts";
import type { Resolve } from "../../../node/load/guard.ts";
import { HANDSHAKES } from "../../../node/load/http/limits.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { clientOf, listen, OK, onRequest, requestTo } from "./servers.ts";

const CLOSING = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

function secure(answer: string, seen: (socket: TLSSocket) => void = () => {}) {
  const server = createServer({ key: KEY, cert: CERTIFICATE, ALPNProtocols: ["h2", "http/1.1"] });
  const plain = onRequest((socket) => socket.write(answer));
  server.on("secureConnection", (socket) => {
    seen(socket);
    plain.emit("connection", socket);
  });
  return server;
}

/** Makes the first handshake only, and all others wait for ever. The paths that it has been asked for, in order. */
function narrowDoor(answer: string) {
  const paths: string[] = [];
  const plain = onRequest((socket, head) => void (paths.push(head.split(" ")[1]!), socket.write(answer)));
  const secured = createServer({ key: KEY, cert: CERTIFICATE });
  secured.on("secureConnection", (socket) => plain.emit("connection", socket));
  const door = createPlainServer();
  door.once("connection", (socket) => secured.emit("connection", socket));
  return { door, paths };
}

/** The parts of an exchange's time, in order. */
function phases({ setup, startMs, writtenMs, firstByteMs, endMs }: Exchange): number[] {
  const { blockedMs, connectingMs, tlsMs } = setup ?? { blockedMs: 0, connectingMs: 0, tlsMs: 0 };
  const sendingMs = writtenMs - startMs - blockedMs - connectingMs - tlsMs;
  return [blockedMs, connectingMs, tlsMs, sendingMs, firstByteMs - writtenMs, endMs - firstByteMs];
}

describe("over TLS", () => {
  const trusted = getCACertificates("default");
  before(() => setDefaultCACertificates([...trusted, CERTIFICATE]));
  after(() => setDefaultCACertificates(trusted));

  it("http/1.1 is negotiated though the target prefers h2, and the server's name is asked for", async () => {
    const seen: unknown[] = [];
    const server = secure(OK, ({ alpnProtocol, servername }) => seen.push([alpnProtocol, servername]));
    await using target = await listen(server, "https", "localhost");
    using client = clientOf();
    for (let i = 0; i < 3; i++) assert.equal((await client.settle(requestTo(target.origin))).body.toString(), "ok");
    assert.deepEqual(seen, [["http/1.1", "localhost"]]);
  });

  it("a connection that follows another is resumed", async () => {
    const resumed: boolean[] = [];
    const server = secure(CLOSING, (socket) => resumed.push(socket.isSessionReused()));
    await using target = await listen(server, "https", "localhost");
    using client = clientOf();
    for (let i = 0; i < 3; i++) assert.equal((await client.settle(requestTo(target.origin))).error, null);
    assert.deepEqual(resumed, [false, true, true]);
  });

  it("a certificate for another name is refused, also where one for this name was believed before", async () => {
    const resolve: Resolve = (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
    await using target = await listen(secure(CLOSING), "https", "localhost");
    using client = clientOf({ loopbackOnly: true }, resolve);
    assert.equal((await client.settle(requestTo(target.origin))).error, null);
    assert.equal((await client.settle(requestTo(`https://shop.test:${target.port}`))).error, "tls");
  });

  it("fifty connections that read into the same memory get each its own answer", async () => {
    // Long enough to be read in several pieces, which the others' pieces come between.
    const bodyOf = (path: string): string => path.repeat(20_000);
    const plain = onRequest((socket, head) => {
      const body = bodyOf(head.split(" ")[1]!);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    const server = createServer({ key: KEY, cert: CERTIFICATE });
    server.on("secureConnection", (socket) => plain.emit("connection", socket));
    await using target = await listen(server, "https", "localhost");
    using client = clientOf();
    const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
    for (let round = 0; round < 2; round++) {
      const send = (path: string) => client.settle(requestTo(target.origin, { path, timeoutMs: 20_000 }));
      const all = await Promise.all(paths.map(send));
      all.forEach(({ body }, i) => assert.ok(body.toString() === bodyOf(paths[i]!), `answer ${i} of round ${round}`));
    }
    assert.equal(target.connections(), 50);
  });

  describe("while as many handshakes are under way as may be", () => {
    // No time passes, and the thread is never idle: all of them count.
    beforeEach(() => {
      const nowMs = performance.now();
      mock.method(performance, "now", () => nowMs);
      mock.method(performance, "eventLoopUtilization", () => ({ idle: 0, active: 0, utilization: 0 }));
    });
    afterEach(() => mock.restoreAll());

    for (const method of ["GET", "POST"]) {
      it(`${method} that waits comes before what comes later, and opens no more than it needs`, async () => {
        const { door, paths } = narrowDoor(OK);
        await using target = await listen(door, "https", "localhost");
        using client = clientOf();
        const http = { pipelining: 2 };
        const send = (path: string, more = {}) => client.settle(requestTo(target.origin, { path, http, ...more }));
        const all = Array.from({ length: 2 * HANDSHAKES }, (_, i) => send(`/${i}`));
        // Two for the next handshake, which begins when the first one ends, and three for whatever gets free.
        all.push(send("/two"), send("/more"), send("/first", { method }), send("/second"), send("/third"));
        await Promise.race(all);
        assert.equal((await send("/later")).error, null);
        assert.deepEqual(paths.slice(2), ["/first", "/second", "/third", "/later"]);
        assert.equal(target.connections(), HANDSHAKES + 1);
      });
    }

    it("nobody who waits is put on a connection that the target is about to close", async () => {
      const { door } = narrowDoor(OK.replace("content-length", "keep-alive: timeout=0\r\ncontent-length"));
      await using target = await listen(door, "https", "localhost");
      using client = clientOf();
      // One of them has a handshake begun for it when the first one ends.
      const all = Array.from({ length: HANDSHAKES + 2 }, () => client.settle(requestTo(target.origin)));
      assert.equal((await Promise.race(all)).error, null);
      client.close();
      const sent = (await Promise.all(all)).filter(({ bytesSent }) => bytesSent > 0);
      assert.equal(sent.length, 1);
    });
  });

  it("close: rst is a close", async () => {
    await using target = await listen(secure(OK), "https", "localhost");
    using client = clientOf();
    const request = requestTo(target.origin, { http: { close: "rst" } });
    for (let i = 0; i < 2; i++) assert.equal((await client.settle(request)).error, null);
    assert.equal(target.connections(), 2);
  });

  it("the parts of a request's time are none of them negative and add up to all of it", async () => {
    await using target = await listen(secure(OK), "https", "localhost");
    using client = clientOf();
    const first = await client.settle(requestTo(target.origin));
    const second = await client.settle(requestTo(target.origin));
    assert.ok(first.setup!.tlsMs > 0 && first.setup!.connectingMs > 0 && first.setup!.blockedMs > 0);
    assert.equal(second.setup, null);
    for (const exchange of [first, second]) {
      const parts = phases(exchange);
      assert.ok(parts.every((part) => part >= 0), parts.join());
      const sum = parts.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - (exchange.endMs - exchange.startMs)) < 1e-6);
    }
  });
});

describe("in the clear", () => {
  it("there is no time of TLS, and no setup on a connection that is open", async () => {
    await using target = await listen(onRequest((socket) => socket.write(OK)));
    using client = clientOf();
    const first = await client.settle(requestTo(target.origin));
    assert.equal(first.setup!.tlsMs, 0);
    assert.ok(first.setup!.connectingMs > 0);
    assert.equal((await client.settle(requestTo(target.origin))).setup, null);
  });

  it("a request that is sent again counts the time that was lost as blocked", async () => {
    const closing = OK.replace("content-length", "connection: close\r\ncontent-length");
    const server = onRequest((socket, _, nth) => void (nth === 1 && setTimeout(() => socket.write(closing), 50)));
    await using target = await listen(server);
    using client = clientOf();
    const request = requestTo(target.origin, { http: { pipelining: 2 } });
    const [, again] = await Promise.all([client.settle(request), client.settle(request)]);
    assert.equal(again!.error, null);
    assert.ok(again!.setup!.blockedMs >= 45, String(again!.setup!.blockedMs));
    assert.ok(phases(again!).every((part) => part >= 0));
  });

  it("a long request is written when its last octet is handed over", async () => {
    const size = 32 * 1024 * 1024;
    const server = onRequest(() => {});
    server.removeAllListeners("connection");
    // It reads nothing for a while, and then all.
    server.on("connection", (socket) => {
      let bytes = 0;
      socket.pause();
      setTimeout(() => socket.resume(), 100);
      socket.on("data", (chunk: Buffer) => void ((bytes += chunk.length) > size && socket.write(OK)));
    });
    await using target = await listen(server);
    using client = clientOf();
    const request = requestTo(target.origin, { method: "POST", body: "x".repeat(size), timeoutMs: 20_000 });
    const exchange = await client.settle(request);
    assert.equal(exchange.error, null);
    assert.ok(phases(exchange)[3]! >= 90, phases(exchange).join());
  });
});
