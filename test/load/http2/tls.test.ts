// What is negotiated with TLS: HTTP/2 where it is demanded, the target's choice where it is left to it.

import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import type { Exchange, PreparedRequest } from "../../../node/load/driver.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { clientOf, listen, OK, onRequest, requestTo } from "../http1/servers.ts";
import { attend, head, ok, request2 } from "./servers.ts";

/** Speaks what is negotiated. */
function secure(protocols: readonly string[] | null, seen: (socket: TLSSocket) => void = () => {}) {
  const server = createServer({ key: KEY, cert: CERTIFICATE, ...(protocols === null ? {} : { ALPNProtocols: [...protocols] }) });
  const plain = onRequest((socket) => socket.write(OK));
  let nth = 0;
  server.on("secureConnection", (socket) => {
    seen(socket);
    if (socket.alpnProtocol !== "h2") plain.emit("connection", socket);
    else attend(socket as Socket, { onRequest: (peer, stream) => peer.send(ok(stream)) }, () => ++nth);
  });
  return server;
}

const auto = (origin: string, more: Partial<PreparedRequest> = {}): PreparedRequest => requestTo(origin, { ...more, http: { version: "auto", streams: 4 } });

describe("over TLS", () => {
  const trusted = getCACertificates("default");
  before(() => setDefaultCACertificates([...trusted, CERTIFICATE]));
  after(() => setDefaultCACertificates(trusted));

  it("h2 is all that is offered where the plan demands it, and the server's name is asked for", async () => {
    const seen: unknown[] = [];
    await using target = await listen(secure(["http/1.1", "h2"], ({ alpnProtocol, servername }) => seen.push([alpnProtocol, servername])), "https", "localhost");
    using client = clientOf();
    for (let i = 0; i < 3; i++) assert.equal((await client.settle(request2(target.origin))).body.toString(), "ok");
    assert.deepEqual(seen, [["h2", "localhost"]]);
  });

  for (const [what, protocols] of [["offers HTTP/1.1 only", ["http/1.1"]], ["knows nothing of negotiating", null]] as const) {
    it(`a target that ${what} is an error of kind version where the plan demands HTTP/2, and nothing is sent`, async () => {
      await using target = await listen(secure(protocols), "https", "localhost");
      using client = clientOf();
      const { error, writtenMs, bytesSent } = await client.settle(request2(target.origin));
      assert.deepEqual([error, writtenMs, bytesSent], ["version", 0, 0]);
    });

    it(`a target that ${what} is spoken to in HTTP/1.1 where that is left to it, and asked only once`, async () => {
      await using target = await listen(secure(protocols), "https", "localhost");
      using client = clientOf();
      const all: Exchange[] = [];
      for (let i = 0; i < 3; i++) all.push(await client.settle(auto(target.origin)));
      assert.deepEqual(all.map(({ error, body }) => [error, body.toString()]), new Array(3).fill([null, "ok"]));
      // One that was declined, and one that is kept.
      assert.equal(target.connections(), 2);
      const { setup, startMs, writtenMs, firstByteMs, endMs } = all[0]!;
      assert.ok(setup!.blockedMs > 0 && setup!.tlsMs > 0 && setup!.connectingMs > 0);
      const times = [startMs, startMs + setup!.blockedMs + setup!.connectingMs + setup!.tlsMs, writtenMs, firstByteMs, endMs];
      assert.deepEqual(times.toSorted((a, b) => a - b), times);
    });
  }

  it("of a target that has both, the newer is used where that is left to it, by many at a time", async () => {
    const seen: unknown[] = [];
    await using target = await listen(secure(["h2", "http/1.1"], ({ alpnProtocol }) => seen.push(alpnProtocol)), "https", "localhost");
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 8 }, () => client.settle(auto(target.origin))));
    assert.deepEqual(all.map(({ error, body }) => [error, body.toString()]), new Array(8).fill([null, "ok"]));
    assert.deepEqual(seen, ["h2", "h2"]);
  });

  it("the offer of many at a time that is declined is made good for each of them", async () => {
    await using target = await listen(secure(["http/1.1"]), "https", "localhost");
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 8 }, () => client.settle(auto(target.origin))));
    assert.deepEqual(all.map(({ error, body }) => [error, body.toString()]), new Array(8).fill([null, "ok"]));
  });

  it("an offer that is declined when nothing may begin any more is not made good, and its sink hears of it once", async () => {
    await using target = await listen(secure(["http/1.1"]), "https", "localhost");
    using client = clientOf();
    await new Promise<void>((onHeld) => {
      client.send(auto(target.origin), { onSettled: () => assert.fail("settled"), mayBegin: () => false, onHeld });
    });
    assert.equal(target.connections(), 1);
  });

  it("an offer can be aborted before and after it is declined, and its time runs out but once", async () => {
    const silent = createServer({ key: KEY, cert: CERTIFICATE, ALPNProtocols: ["http/1.1"] });
    await using target = await listen(silent, "https", "localhost");
    using client = clientOf();
    const { call, settled } = client.start(auto(target.origin));
    void settled.then(() => assert.fail("settled"));
    assert.equal(call.abort().status, 0);
    const late = await client.settle(auto(target.origin, { timeoutMs: 300 }));
    assert.equal(late.error, "timeout");
    const lastedMs = late.endMs - late.startMs;
    assert.ok(lastedMs >= 300, `${lastedMs} ms`);
  });

  it("a connection that follows another is resumed", async () => {
    const resumed: boolean[] = [];
    await using target = await listen(secure(["h2"], (socket) => resumed.push(socket.isSessionReused())), "https", "localhost");
    using client = clientOf();
    for (let i = 0; i < 3; i++) assert.equal((await client.settle(request2(target.origin, { http: { version: 2, close: "close" } }))).error, null);
    assert.deepEqual(resumed, [false, true, true]);
  });

  it("forty connections that read into the same memory get each its own answer", async () => {
    const server = createServer({ key: KEY, cert: CERTIFICATE, ALPNProtocols: ["h2"] });
    server.on("secureConnection", (socket) =>
      attend(socket, {
        onRequest: (peer, stream, _, fields) => {
          const body = fields[fields.indexOf(":path") + 1]!.repeat(20_000);
          const pieces: Buffer[] = [];
          for (let from = 0; from < body.length; from += 16_384) {
            const part = Buffer.from(body.slice(from, from + 16_384));
            const start = Buffer.alloc(9);
            start.writeUIntBE(part.length, 0, 3);
            start.writeUInt8(from + 16_384 >= body.length ? 1 : 0, 4);
            start.writeUInt32BE(stream, 5);
            pieces.push(start, part);
          }
          peer.send(head(stream), ...pieces);
        },
      }, () => 0));
    await using target = await listen(server, "https", "localhost");
    using client = clientOf();
    const paths = Array.from({ length: 80 }, (_, i) => `/${i}`);
    const all = await Promise.all(paths.map((path) => client.settle(request2(target.origin, { path, timeoutMs: 20_000, http: { version: 2, streams: 2 } }))));
    all.forEach(({ body }, i) => assert.ok(body.toString() === paths[i]!.repeat(20_000), `answer ${i}`));
    assert.equal(target.connections(), 40);
  });

  for (const [version, request] of [["1.1", requestTo], ["2", request2]] as const) {
    it(`of 400 requests at once each is answered, over HTTP/${version}, and says how long it waited for a connection`, async () => {
      await using target = await listen(secure(["h2", "http/1.1"]), "https", "localhost");
      using client = clientOf();
      const all = await Promise.all(Array.from({ length: 400 }, () => client.settle(request(target.origin, { timeoutMs: 20_000 }))));
      assert.deepEqual(all.map(({ error, status }) => [error, status]), new Array(400).fill([null, 200]));
      for (const { setup, startMs, writtenMs } of all) {
        const times = [startMs, startMs + setup!.blockedMs, startMs + setup!.blockedMs + setup!.connectingMs + setup!.tlsMs, writtenMs];
        assert.deepEqual(times.toSorted((a, b) => a - b), times);
      }
      assert.ok(all.some(({ setup }) => setup!.connectingMs === 0), "all of them opened a connection");
      assert.ok(target.connections() < 400, `${target.connections()} connections`);
    });
  }
});

it("without TLS there is nothing to negotiate: what is left to the target is HTTP/1.1", async () => {
  await using target = await listen(onRequest((socket) => socket.write(OK)));
  using client = clientOf();
  assert.equal((await client.settle(auto(target.origin))).body.toString(), "ok");
});
