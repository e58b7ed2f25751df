// What a connection does: streams beside one another, what is cancelled, bytes, bodies, time.

import assert from "node:assert/strict";
import { createServer as createHttp2 } from "node:http2";
import { createServer, type Server } from "node:net";
import { describe, it } from "node:test";
import { OpenCount } from "../../../node/load/open-count.ts";
import type { Exchange } from "../../../node/load/driver.ts";
import { HttpDriver } from "../../../node/load/drivers/http.ts";
import { TargetGuard } from "../../../node/load/guard.ts";
import { clientOf, listen } from "../http1/servers.ts";
import {
  answering,
  data,
  DATA,
  END_STREAM,
  frame,
  type Frame,
  head,
  HEADERS,
  ok,
  type Peer,
  PING,
  request2,
  RST_STREAM,
  SETTINGS,
  settings,
  speaking,
  u32,
  WINDOW_UPDATE,
} from "./servers.ts";

const streams = (most: number) => ({ http: { version: 2, streams: most } }) as const;
const kinds = (all: readonly Exchange[]): (string | null)[] => all.map(({ error }) => error);
const none = (count: number): null[] => new Array<null>(count).fill(null);

describe("streams", () => {
  it("are beside one another as far as the plan allows; beyond that there are more connections", async () => {
    const open = new Map<Peer, number[]>();
    let asked = 0;
    await using target = await listen(
      speaking({
        greeting: settings(3, 128),
        onRequest: (peer, stream) => {
          open.set(peer, [...(open.get(peer) ?? []), stream]);
          if (++asked < 25) return;
          for (const [each, all] of open) for (const one of all.toReversed()) each.send(ok(one, String(one)));
        },
      }),
    );
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 25 }, () => client.settle(request2(target.origin, streams(10)))));
    assert.deepEqual(kinds(all), none(25));
    assert.deepEqual([...open.values()].map(({ length }) => length).sort(), [10, 10, 5]);
    // Answers in reverse order find their requests.
    assert.deepEqual(all.map(({ body }) => Number(body.toString())).slice(0, 10), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
  });

  it("are one at a time where the plan says nothing, and the connection is used again", async () => {
    await using target = await listen(answering((stream) => ok(stream, String(stream)), settings(3, 128)));
    using client = clientOf();
    const bodies: string[] = [];
    for (let i = 0; i < 3; i++) bodies.push((await client.settle(request2(target.origin))).body.toString());
    assert.deepEqual([bodies, target.connections()], [["1", "3", "5"], 1]);
    await Promise.all([client.settle(request2(target.origin)), client.settle(request2(target.origin))]);
    assert.equal(target.connections(), 2);
  });

  it("are as few as the target says: the others get connections of their own", async () => {
    let most = 0;
    const server = speaking({
      greeting: settings(3, 2),
      onRequest: (peer, stream) => {
        const asked = peer.frames.filter(({ type }) => type === HEADERS).length;
        most = Math.max(most, asked);
        // Answered only when as many have come as may.
        if (asked === 2) peer.send(ok(stream - 2), ok(stream));
      },
    });
    await using target = await listen(server);
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 10 }, () => client.settle(request2(target.origin, streams(10)))));
    assert.deepEqual([kinds(all), most, target.connections()], [none(10), 2, 5]);
  });

  it("that are not allowed yet are waited for", async () => {
    await using target = await listen(
      speaking({
        greeting: settings(3, 0),
        onFrame: (peer, { type, flags }) => void (type === SETTINGS && flags === 1 && peer.frames.length < 4 && peer.send(settings(3, 1))),
        onRequest: (peer, stream) => peer.send(ok(stream)),
      }),
    );
    using client = clientOf();
    assert.equal((await client.settle(request2(target.origin))).error, null);
  });

  it("that the target makes fewer later on are not opened beyond that", async () => {
    let open = 0;
    let most = 0;
    await using target = await listen(
      speaking({
        onRequest: (peer, stream, nth) => {
          most = nth > 4 ? Math.max(most, ++open) : 0;
          if (nth === 4) peer.send(settings(3, 1), ok(1), ok(3), ok(5), ok(7));
          if (nth > 4) setImmediate(() => void (open--, peer.send(ok(stream))));
        },
      }),
    );
    using client = clientOf();
    const four = (): Promise<Exchange[]> =>
      Promise.all(Array.from({ length: 4 }, () => client.settle(request2(target.origin, streams(4)))));
    assert.deepEqual(kinds(await four()), none(4));
    assert.deepEqual(kinds(await four()), none(4));
    assert.ok(most <= 4 && target.connections() === 4, `${most} at a time on ${target.connections()} connections`);
  });
});

describe("a request that nobody waits for any more", () => {
  const cancelled = ({ type, payload }: Frame): boolean => type === RST_STREAM && payload.readUInt32BE(0) === 8;

  it("is cancelled on its stream at its timeout; others on the connection go on", async () => {
    let peer: Peer | null = null;
    await using target = await listen(
      speaking({
        onRequest: (each, stream) => {
          peer = each;
          if (stream > 1) each.send(ok(stream));
        },
      }),
    );
    using client = clientOf();
    const slow = client.settle(request2(target.origin, { ...streams(2), timeoutMs: 200 }));
    const fast = client.settle(request2(target.origin, { ...streams(2), timeoutMs: 2_000 }));
    assert.deepEqual(kinds(await Promise.all([slow, fast])), ["timeout", null]);
    assert.equal((await client.settle(request2(target.origin, streams(2)))).error, null);
    assert.equal(target.connections(), 1);
    assert.deepEqual(peer!.frames.filter(cancelled).map(({ stream }) => stream), [1]);
  });

  it("at its timeout takes a connection with it of which nothing has come since", async () => {
    await using target = await listen(speaking({ onRequest: (peer, stream, nth) => void (nth > 1 && peer.send(ok(stream))) }));
    using client = clientOf();
    assert.equal((await client.settle(request2(target.origin, { timeoutMs: 100 }))).error, "timeout");
    assert.equal((await client.settle(request2(target.origin))).error, null);
    assert.equal(target.connections(), 2);
  });

  it("is cancelled when it is aborted, tells what was sent, and its sink is never called", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const { promise: heard, resolve: hears } = Promise.withResolvers<void>();
    await using target = await listen(
      speaking({ onRequest: () => resolve(), onFrame: (_, each) => void (cancelled(each) && hears()) }),
    );
    using client = clientOf();
    const { call, settled } = client.start(request2(target.origin));
    void settled.then(() => assert.fail("settled"));
    await asked;
    const exchange = call.abort();
    assert.ok(exchange.writtenMs > 0 && exchange.bytesSent > 0);
    await heard;
  });

  it("before the target has said anything, closes the connection that nobody else needs", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<unknown>();
    const server = createServer((socket) => socket.once("close", resolve).resume());
    await using target = await listen(server);
    using client = clientOf();
    assert.equal((await client.settle(request2(target.origin, { timeoutMs: 100 }))).error, "timeout");
    await closed;
  });

  it("that may not begin any more when its connection is there is not sent, and its sink hears of it once", async () => {
    let asked = 0;
    await using target = await listen(speaking({ onRequest: (peer, stream) => void (asked++, peer.send(ok(stream))) }));
    using client = clientOf();
    const told: string[] = [];
    await new Promise<void>((held) => {
      client.send(request2(target.origin), {
        onSettled: () => told.push("settled"),
        mayBegin: () => false,
        onHeld: () => void (told.push("held"), held()),
      });
    });
    assert.equal((await client.settle(request2(target.origin))).status, 200);
    assert.deepEqual([told, asked], [["held"], 1]);
  });
});

it("all octets of a connection are counted to its requests, and times are in order", async () => {
  const peers = new Set<Peer>();
  let sent = settings().length;
  const answer = (stream: number): Buffer => Buffer.concat([frame(PING, 0, 0, "12345678"), ok(stream)]);
  await using target = await listen(
    speaking({
      onRequest: (peer, stream) => {
        peers.add(peer);
        sent += answer(stream).length;
        peer.send(answer(stream));
      },
    }),
  );
  using client = clientOf();
  const all: Exchange[] = [];
  for (let i = 0; i < 5; i++) all.push(await client.settle(request2(target.origin)));
  const [peer] = peers;
  // The answer to the last ping is on its way.
  while (peer!.frames.at(-1)!.type !== PING) await new Promise(setImmediate);
  const sum = (count: (exchange: Exchange) => number): number => all.reduce((total, each) => total + count(each), 0);
  assert.equal(sum(({ bytesSent }) => bytesSent), peer!.received());
  assert.equal(sum(({ bytesReceived }) => bytesReceived), sent);
  for (const { startMs, writtenMs, firstByteMs, endMs, setup } of all) {
    const parts = setup == null ? [] : [setup.blockedMs, setup.connectingMs, setup.tlsMs];
    assert.ok(parts.every((part) => part >= 0), parts.join());
    const times = [startMs, startMs + parts.reduce((a, b) => a + b, 0), writtenMs, firstByteMs, endMs];
    assert.deepEqual(times.toSorted((a, b) => a - b), times);
  }
  assert.deepEqual(all.map(({ setup }) => setup == null), [false, true, true, true, true]);
});

describe("bodies", () => {
  const SIZE = 300_000;

  it("of requests are sent as the windows allow, and no faster", async () => {
    let came = 0;
    let open = 10_000;
    await using target = await listen(
      speaking({
        greeting: settings(4, 10_000),
        onFrame: (peer, { type, stream, payload, flags }) => {
          if (type !== DATA) return;
          came += payload.length;
          assert.ok(came <= open, `${came} octets in a window of ${open}`);
          if ((flags & END_STREAM) !== 0) return peer.send(ok(stream, String(came)));
          if (came < open) return;
          open += 30_000;
          peer.send(frame(WINDOW_UPDATE, 0, stream, u32(30_000)), frame(WINDOW_UPDATE, 0, 0, u32(30_000)));
        },
      }),
    );
    using client = clientOf();
    const exchange = await client.settle(request2(target.origin, { method: "POST", body: "x".repeat(SIZE) }));
    assert.deepEqual([exchange.error, exchange.body.toString()], [null, String(SIZE)]);
    assert.ok(exchange.bytesSent > SIZE);
  });

  it("of requests share the window of the connection, however wide those of their streams are", async () => {
    let came = 0;
    let open = 65_535;
    await using target = await listen(
      speaking({
        greeting: settings(4, 1_000_000),
        onFrame: (peer, { type, stream, payload, flags }) => {
          if (type !== DATA) return;
          came += payload.length;
          assert.ok(came <= open, `${came} octets in a window of ${open}`);
          if ((flags & END_STREAM) !== 0) peer.send(ok(stream));
          if (came < open) return;
          open += 50_000;
          peer.send(frame(WINDOW_UPDATE, 0, 0, u32(50_000)));
        },
      }),
    );
    using client = clientOf();
    const post = () => client.settle(request2(target.origin, { ...streams(2), method: "POST", body: "x".repeat(SIZE) }));
    assert.deepEqual(kinds(await Promise.all([post(), post()])), none(2));
    assert.deepEqual([came, target.connections()], [2 * SIZE, 1]);
  });

  it("that the target does not want to the end are not sent to the end", async () => {
    const frames: Frame[] = [];
    await using target = await listen(
      speaking({
        onFrame: (_, each) => frames.push(each),
        onRequest: (peer, stream) => peer.send(head(stream), data(stream, "enough")),
      }),
    );
    using client = clientOf();
    const first = await client.settle(request2(target.origin, { method: "POST", body: "x".repeat(SIZE) }));
    assert.deepEqual([first.error, first.body.toString()], [null, "enough"]);
    assert.equal((await client.settle(request2(target.origin))).error, null);
    assert.ok(frames.some(({ type, stream }) => type === RST_STREAM && stream === 1));
    assert.equal(target.connections(), 1);
  });

  it("that nobody reads are counted and thrown away", async () => {
    await using target = await listen(answering((stream) => ok(stream, "x".repeat(10_000))));
    using client = clientOf();
    const { body, bytesReceived } = await client.settle(request2(target.origin, { keepBody: false }));
    assert.ok(body.length === 0 && bytesReceived > 10_000);
  });
});

it("a connection is closed after the answer where the scenario says so, by a reset if it says that", async () => {
  for (const close of ["close", "rst"] as const) {
    await using target = await listen(answering((stream) => ok(stream)));
    using client = clientOf();
    for (let i = 0; i < 3; i++) assert.equal((await client.settle(request2(target.origin, { http: { version: 2, close } }))).error, null);
    assert.equal(target.connections(), 3);
  }
});

it("what the guard refuses is never connected to; a request that HTTP does not allow reaches nobody", async () => {
  let asked = 0;
  await using target = await listen(speaking({ onRequest: () => asked++ }));
  using closed = clientOf({ allow: ["192.0.2.1"] });
  assert.equal((await closed.settle(request2(target.origin))).error, "blocked");
  assert.equal(target.connections(), 0);
  using client = clientOf();
  const SAD = [["x", "a\r\nb: c"], ["a b", "c"], ["transfer-encoding", "chunked"], ["te", "gzip"], ["connection", "x"], ["content-length", "5"]];
  for (const headers of SAD) assert.equal((await client.settle(request2(target.origin, { headers }))).error, "other", headers.join());
  assert.equal((await client.settle(request2(target.origin, { path: "/a b" }))).error, "other");
  assert.equal(asked, 0);
});

it("connections are counted when they are asked for, and counted out when they are gone", async () => {
  await using target = await listen(speaking({ onRequest: (peer, stream) => (stream === 5 ? peer.socket.destroy() : peer.send(ok(stream))) }));
  const count = new OpenCount();
  const driver = new HttpDriver(new TargetGuard({ loopbackOnly: true }), count);
  const settle = (): Promise<Exchange> =>
    new Promise((onSettled) => driver.send(request2(target.origin), { onSettled, mayBegin: () => true, onHeld: () => assert.fail("held") }));
  assert.deepEqual(kinds([await settle(), await settle(), await settle()]), [null, null, "reset"]);
  assert.deepEqual([count.made, count.open], [1, 0]);
  await settle();
  assert.deepEqual([count.made, count.open], [2, 1]);
  driver.close();
  assert.deepEqual([count.made, count.open], [2, 0]);
});

it("a target that wants a smaller table for heads is told that we have none", async () => {
  const server = createHttp2({ settings: { headerTableSize: 100 } }, (_, response) => response.end("ok"));
  await using target = await listen(server as unknown as Server);
  using client = clientOf();
  for (let i = 0; i < 3; i++) assert.equal((await client.settle(request2(target.origin))).error, null);
  assert.equal(target.connections(), 1);
});
