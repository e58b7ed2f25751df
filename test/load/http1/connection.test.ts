// Connections: kept, closed, found stale; requests behind one another; what is sent twice and what never is.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import type { Exchange, HttpOptions } from "../../../node/load/driver.ts";
import { clientOf, listen, OK, onRequest, READY, requestTo } from "./servers.ts";

const CLOSING = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
const seconds = (text: string, count: number): string => `HTTP/1.1 200 OK\r\nkeep-alive: timeout=${count}\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
const statuses = (all: readonly Exchange[]): number[] => all.map(({ status }) => status);

describe("a connection that the target closes while it is idle", () => {
  for (const method of ["GET", "DELETE", "POST", "PATCH"]) {
    for (const [how, end] of [["closed", (socket: Socket) => socket.end()], ["reset", (socket: Socket) => socket.resetAndDestroy()]] as const) {
      it(`${method} that crosses the news is lost when it is ${how}: what was written is never written again`, async () => {
        let seen = 0;
        // The second request on a connection is read and met with a close, as if it had come a moment too late.
        await using target = await listen(onRequest((socket, _, nth) => void (seen++, nth === 2 ? end(socket) : socket.write(OK))));
        using client = clientOf();
        const request = requestTo(target.origin, { method });
        const first = await client.settle(request);
        const second = await client.settle(request);
        assert.deepEqual([first.error, second.error, second.bytesSent], [null, "reset", first.bytesSent]);
        assert.equal((await client.settle(request)).error, null);
        assert.equal(seen, 3);
      });
    }
  }

  it("is not used any more once the news has come", async () => {
    await using target = await listen(onRequest((socket) => socket.write(OK)));
    using client = clientOf();
    await client.settle(requestTo(target.origin));
    await target.hangUp();
    const { error } = await client.settle(requestTo(target.origin, { method: "POST" }));
    assert.equal(error, null);
    assert.equal(target.connections(), 2);
  });
});

describe("a connection", () => {
  it("is kept for the next request, the last one used first", async () => {
    const ports: number[] = [];
    await using target = await listen(onRequest((socket) => void (ports.push(socket.remotePort!), socket.write(OK))));
    using client = clientOf();
    await Promise.all([client.settle(requestTo(target.origin)), client.settle(requestTo(target.origin))]);
    for (let i = 0; i < 3; i++) await client.settle(requestTo(target.origin));
    assert.equal(target.connections(), 2);
    assert.equal(new Set(ports.slice(2)).size, 1);
  });

  for (const [what, answer, requests] of [
    ["says close", CLOSING, 1],
    ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 1],
    ["speaks HTTP/1.0 and says keep-alive", "HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 2\r\n\r\nok", 3],
    ["says keep-alive: timeout=0", seconds("ok", 0), 1],
    ["says keep-alive: timeout=60", seconds("ok", 60), 3],
    ["answers more than it was asked", OK + OK, 1],
    ["adds a line end to its answer", `${OK}\r\n`, 1],
  ] as const) {
    it(`to a target that ${what} carries ${requests} of 3 requests`, async () => {
      const counts = new Map<Socket, number>();
      await using target = await listen(onRequest((socket) => void (counts.set(socket, (counts.get(socket) ?? 0) + 1), socket.write(answer))));
      using client = clientOf();
      for (let i = 0; i < 3; i++) assert.equal((await client.settle(requestTo(target.origin))).body.toString(), "ok");
      assert.equal(Math.max(...counts.values()), requests);
    });
  }

  it("on which something comes that nobody asked for is closed, and what came is no answer", async () => {
    let later: Socket | null = null;
    await using target = await listen(onRequest((socket, head) => void (later ??= socket, socket.write(head.includes("/2") ? OK.replace("ok", "me") : OK))));
    using client = clientOf();
    await client.settle(requestTo(target.origin));
    const closed = new Promise((resolve) => later!.once("close", resolve));
    later!.write(OK);
    await closed;
    assert.equal((await client.settle(requestTo(target.origin, { path: "/2" }))).body.toString(), "me");
    assert.equal(target.connections(), 2);
  });

  for (const [close, header, news] of [["keep", "keep-alive", null], ["close", "close", "end"], ["rst", "close", "ECONNRESET"]] as const) {
    it(`with close: ${close} says ${header} and ${news === null ? "stays" : `goes with ${news}`}`, async () => {
      const heads: string[] = [];
      const { promise: gone, resolve } = Promise.withResolvers<string>();
      const server = onRequest((socket, head) => void (heads.push(head), socket.write(OK)));
      server.on("connection", (socket: Socket) => {
        socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code!));
        socket.once("end", () => resolve("end"));
      });
      await using target = await listen(server);
      using client = clientOf();
      const http: HttpOptions = { close };
      for (let i = 0; i < 2; i++) assert.equal((await client.settle(requestTo(target.origin, { http, step: heads }))).error, null);
      assert.match(heads[1]!, new RegExp(`\r\nconnection: ${header}(\r\n|$)`));
      assert.equal(target.connections(), news === null ? 1 : 2);
      if (news !== null) assert.equal(await gone, news);
    });
  }

  it("carries long requests one after the other", async () => {
    const body = "x".repeat(1024 * 1024);
    const server = onRequest(() => {});
    server.removeAllListeners("connection");
    server.on("connection", (socket) => {
      let bytes = 0;
      socket.on("data", (chunk: Buffer) => void ((bytes += chunk.length) > body.length && ((bytes = 0), socket.write(OK))));
    });
    await using target = await listen(server);
    using client = clientOf();
    for (let i = 0; i < 3; i++) assert.equal((await client.settle(requestTo(target.origin, { method: "POST", body }))).status, 200);
    assert.equal(target.connections(), 1);
  });

  it("goes to the next address of a name if the first one refuses", async () => {
    await using target = await listen(onRequest((socket) => socket.write(OK)));
    const addresses = [{ address: "::1", family: 6 }, { address: "127.0.0.2", family: 4 }, { address: "127.0.0.1", family: 4 }];
    using client = clientOf({ loopbackOnly: true }, (_, done) => done(null, addresses));
    for (let i = 0; i < 2; i++) assert.equal((await client.settle(requestTo(`http://shop.test:${target.port}`))).body.toString(), "ok");
    assert.equal(target.connections(), 1);
  });

  it("is closed by an answer that comes before the end of a long request", async () => {
    await using target = await listen(onRequest((socket) => socket.write(OK.replace("200 OK", "413 Too Large"))));
    using client = clientOf();
    const request = requestTo(target.origin, { method: "POST", body: "x".repeat(64 * 1024 * 1024) });
    const { status, error } = await client.settle(request);
    assert.deepEqual([status, error], [413, null]);
    assert.equal((await client.settle(requestTo(target.origin))).status, 413);
    assert.equal(target.connections(), 2);
  });
});

it("closing the client ends what is on its way, once, and sends nothing again", async () => {
  await using target = await listen(onRequest((socket, head) => void (head.includes("/slow") || socket.write(OK))));
  const client = clientOf();
  await client.settle(requestTo(target.origin));
  const reused = client.settle(requestTo(target.origin, { path: "/slow" }));
  const fresh = client.settle(requestTo(target.origin, { path: "/slow" }));
  client.close();
  assert.deepEqual((await Promise.all([reused, fresh])).map(({ error }) => error), ["reset", "reset"]);
  using again = clientOf();
  assert.equal((await again.settle(requestTo(target.origin))).error, null);
  assert.ok(target.connections() <= 3);
});

it("all this is done without loading undici", () => {
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("/undici/"));
  assert.deepEqual(loaded, []);
});

describe("pipelining", () => {
  const http: HttpOptions = { pipelining: 4 };

  it("puts as many requests behind one another as it is told, and gives each its own answer", async () => {
    const waiting: [Socket, string][] = [];
    await using target = await listen(
      onRequest((socket, head) => {
        waiting.push([socket, head.split(" ")[1]!.slice(1)]);
        if (waiting.length === 10) for (const [to, n] of waiting) to.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${n}`);
      }),
    );
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => client.settle(requestTo(target.origin, { path: `/${i}`, http }))));
    assert.deepEqual(all.map(({ body }) => body.toString()), [..."0123456789"]);
    assert.equal(target.connections(), 3);
  });

  /** Reads no further request once it has answered one, as one that says close must not (RFC 9112, 9.6). */
  const closing = () => onRequest((socket, _, nth) => void (nth === 1 && socket.write(CLOSING)));

  it("sends those behind an answer that says close once more each, and their traffic counts", async () => {
    await using target = await listen(closing());
    using client = clientOf();
    const all = await Promise.all([1, 2].map(() => client.settle(requestTo(target.origin, { http }))));
    assert.deepEqual(statuses(all), [200, 200]);
    assert.equal(all[1]!.bytesSent, 2 * all[0]!.bytesSent);
    assert.equal(target.connections(), 2);
  });

  it("one that is to be sent again and may not begin any more fails instead of being held", async () => {
    await using target = await listen(closing());
    using client = clientOf();
    let mayBegin = true;
    const [, behind] = await Promise.all(
      [1, 2].map(() => new Promise<Exchange>((onSettled) =>
        client.send(requestTo(target.origin, { http }), { ...READY, onSettled: (one) => void ((mayBegin = false), onSettled(one)), mayBegin: () => mayBegin }),
      )),
    );
    assert.equal(behind!.error, "reset");
  });

  for (const [what, bytes, kind] of [["closes", "HTTP/1.1 2", "reset"], ["answers garbage", "nonsense\r\n", "protocol"]] as const) {
    it(`sends nothing again where the target just ${what}: it may have read all of them`, async () => {
      let seen = 0;
      await using target = await listen(onRequest((socket) => void (++seen % 3 === 0 && socket.end(bytes))));
      using client = clientOf();
      const all = await Promise.all([1, 2, 3].map(() => client.settle(requestTo(target.origin, { http }))));
      assert.deepEqual(all.map(({ error }) => error), [kind, "reset", "reset"]);
      assert.equal(seen, 3);
    });
  }

  it("an answer that is too large takes the connection with it", async () => {
    await using target = await listen(onRequest((socket, _, nth) => void (nth === 2 && socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1073741825\r\n\r\n${OK}`))));
    using client = clientOf();
    const all = await Promise.all([1, 2].map(() => client.settle(requestTo(target.origin, { http }))));
    assert.deepEqual(all.map(({ error }) => error), ["too_large", "reset"]);
  });

  it("one that times out leaves those behind it their answers, and nothing is put behind them any more", async () => {
    const { promise: isLate, resolve: late } = Promise.withResolvers<void>();
    let seen = 0;
    await using target = await listen(
      onRequest((socket) => void (++seen <= 3 ? seen === 3 && isLate.then(() => socket.write(OK.replace("ok", "no") + OK + OK)) : socket.write(OK))),
    );
    using client = clientOf();
    const slow = client.settle(requestTo(target.origin, { http, timeoutMs: 50 }));
    const behind = [1, 2].map(() => client.settle(requestTo(target.origin, { http })));
    assert.equal((await slow).error, "timeout");
    assert.equal((await client.settle(requestTo(target.origin, { http }))).status, 200);
    assert.equal(target.connections(), 2);
    late();
    assert.deepEqual((await Promise.all(behind)).map(({ body }) => body.toString()), ["ok", "ok"]);
    assert.equal(seen, 4);
  });

  it("one that never gets an answer keeps nobody waiting for longer than the timeout of each", async () => {
    await using target = await listen(onRequest((socket, head) => void (head.includes("/good") && socket.write(OK))));
    using client = clientOf();
    const all = [50, 100, 150].map((timeoutMs) => client.settle(requestTo(target.origin, { http, timeoutMs })));
    assert.deepEqual((await Promise.all(all)).map(({ error }) => error), ["timeout", "timeout", "timeout"]);
    assert.equal((await client.settle(requestTo(target.origin, { path: "/good", http }))).status, 200);
    assert.equal(target.connections(), 2);
  });

  it("one that is aborted behind another leaves that one its answer", async () => {
    let answer = (): void => {};
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    await using target = await listen(onRequest((socket, _, nth) => void (nth === 2 && ((answer = () => socket.write(OK + OK)), resolve()))));
    using client = clientOf();
    const front = client.start(requestTo(target.origin, { http }));
    const back = client.start(requestTo(target.origin, { http }));
    await asked;
    assert.ok(back.call.abort().bytesSent > 0);
    answer();
    assert.equal((await front.settled).status, 200);
    assert.equal((await client.settle(requestTo(target.origin, { http, timeoutMs: 300 }))).error, "timeout");
    assert.equal(target.connections(), 1);
  });

  it("puts no request that has an effect behind another, nor another behind it", async () => {
    const heads: string[] = [];
    await using target = await listen(onRequest((socket, head) => void (heads.push(head), setImmediate(() => socket.write(OK)))));
    using client = clientOf();
    const methods = ["GET", "POST", "POST", "GET"];
    await Promise.all(methods.map((method) => client.settle(requestTo(target.origin, { method, http }))));
    assert.equal(heads.length, 4);
    assert.equal(target.connections(), 3);
  });

  it("nor on a connection that was opened for one", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<Socket>();
    await using target = await listen(
      onRequest((socket, head) => void (head.startsWith("POST") ? resolve(socket) : socket.write(OK))),
    );
    using client = clientOf();
    const effect = client.settle(requestTo(target.origin, { method: "POST", http }));
    const socket = await asked;
    assert.equal((await client.settle(requestTo(target.origin, { http, timeoutMs: 1000 }))).status, 200);
    socket.write(OK);
    assert.equal((await effect).status, 200);
    assert.equal(target.connections(), 2);
  });
});
