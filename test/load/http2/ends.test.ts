// What becomes of requests when a connection ends, politely or not.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Exchange } from "../../../node/load/driver.ts";
import { clientOf, listen } from "../http1/servers.ts";
import { answering, fieldOf, frame, goaway, ok, type Peer, PING, request2, reset, settings, speaking } from "./servers.ts";

const streams = (most: number) => ({ http: { version: 2, streams: most } }) as const;
const kinds = (all: readonly Exchange[]): (string | null)[] => all.map(({ error }) => error);
const none = (count: number): null[] => new Array<null>(count).fill(null);

describe("a goodbye", () => {
  it("lets open streams end; what the target has not looked at goes to a new connection, whatever its method", async () => {
    const seen: string[] = [];
    await using target = await listen(
      speaking({
        onRequest: (peer, stream, nth, fields) => {
          // The first connection looks at two of its four requests.
          if (nth <= 2 || nth > 4) seen.push(fieldOf(fields, ":path")!);
          if (nth === 4) peer.send(goaway(3), ok(1), ok(3));
          if (nth > 4) peer.send(ok(stream));
        },
      }),
    );
    using client = clientOf();
    const all = await Promise.all(
      ["/a", "/b", "/c", "/d"].map((path) => client.settle(request2(target.origin, { ...streams(4), method: "POST", body: "x", path }))),
    );
    assert.deepEqual(kinds(all), none(4));
    assert.deepEqual([seen.sort(), target.connections()], [["/a", "/b", "/c", "/d"], 2]);
  });

  it("in two parts, as servers say it to be graceful, loses nothing", async () => {
    await using target = await listen(
      speaking({
        onRequest: (peer, stream, nth) => {
          if (nth === 1) peer.send(goaway(0x7fff_ffff), frame(PING, 0, 0, "12345678"));
          else peer.send(ok(stream));
        },
        onFrame: (peer, { type, flags }) => void (type === PING && flags === 1 && peer.send(ok(1), goaway(1))),
      }),
    );
    using client = clientOf();
    const first = client.settle(request2(target.origin, streams(10)));
    assert.equal((await first).error, null);
    assert.equal((await client.settle(request2(target.origin, streams(10)))).error, null);
    assert.equal(target.connections(), 2);
  });

  it("that comes with every request ends as refused, not in an endless circle", async () => {
    await using target = await listen(speaking({ onRequest: (peer) => peer.send(goaway(0)) }));
    using client = clientOf();
    assert.equal((await client.settle(request2(target.origin))).error, "refused");
    assert.ok(target.connections() < 10, `${target.connections()} connections`);
  });

  it("from a target that takes two requests on every connection, however many are on their way, loses nothing", async () => {
    const seen: string[] = [];
    await using target = await listen(
      speaking({
        onRequest: (peer, stream, _, fields) => {
          if (stream > 3) return;
          seen.push(fieldOf(fields, ":path")!);
          peer.send(...(stream === 3 ? [goaway(3)] : []), ok(stream));
        },
      }),
    );
    using client = clientOf();
    const paths = Array.from({ length: 40 }, (_, i) => `/${i}`);
    const all = await Promise.all(paths.map((path) => client.settle(request2(target.origin, { ...streams(40), path }))));
    assert.deepEqual(kinds(all), none(40));
    assert.deepEqual([seen.length, new Set(seen).size, target.connections()], [40, 40, 20]);
  });

  it("after each thousandth request, as nginx says it, is noticed by nobody", async () => {
    const served = new Map<Peer, number>();
    await using target = await listen(
      speaking({
        onRequest: (peer, stream) => {
          const nth = (served.get(peer) ?? 0) + 1;
          served.set(peer, nth);
          if (nth <= 20) peer.send(ok(stream));
          if (nth === 20) peer.send(goaway(stream));
        },
      }),
    );
    using client = clientOf();
    let left = 500;
    const user = async (): Promise<void> => {
      while (left-- > 0) assert.equal((await client.settle(request2(target.origin, { ...streams(8), method: "POST", body: "" }))).error, null);
    };
    await Promise.all(Array.from({ length: 16 }, user));
    assert.ok(target.connections() >= 25, `${target.connections()} connections`);
  });
});

it("a request that has to look for another connection and may not begin any more is not sent", async () => {
  const seen: string[] = [];
  await using target = await listen(
    speaking({
      greeting: settings(3, 1),
      onRequest: (peer, stream, _, fields) => void (seen.push(fieldOf(fields, ":path")!), peer.send(ok(stream))),
    }),
  );
  using client = clientOf();
  const first = client.settle(request2(target.origin, { ...streams(2), path: "/first" }));
  await new Promise<void>((onHeld) => {
    client.send(request2(target.origin, { ...streams(2), path: "/second" }), { onSettled: () => assert.fail("settled"), mayBegin: () => false, onHeld });
  });
  assert.equal((await first).error, null);
  assert.deepEqual(seen, ["/first"]);
});

it("a request that the target gives back when nothing may begin any more fails, though a connection is free", async () => {
  const seen: string[] = [];
  let holder: Peer | null = null;
  await using target = await listen(
    speaking({
      onRequest: (peer, stream, _, fields) => {
        seen.push(fieldOf(fields, ":path")!);
        if (seen.at(-1) === "/hold") holder = peer;
        else peer.send(ok(stream));
      },
    }),
  );
  using client = clientOf();
  let isOpen = true;
  const held = new Promise<Exchange>((onSettled) => {
    client.send(request2(target.origin, { path: "/hold" }), { onSettled, mayBegin: () => isOpen, onHeld: () => assert.fail("held") });
  });
  assert.equal((await client.settle(request2(target.origin, { path: "/other" }))).error, null);
  isOpen = false;
  holder!.send(goaway(0));
  assert.equal((await held).error, "reset");
  assert.equal((await client.settle(request2(target.origin, { path: "/other" }))).error, null);
  assert.deepEqual(seen.toSorted(), ["/hold", "/other", "/other"]);
});

describe("a connection that is lost", () => {
  it("while it was idle costs nobody an error", async () => {
    await using target = await listen(answering((stream) => ok(stream)));
    using client = clientOf();
    for (let i = 0; i < 3; i++) {
      assert.equal((await client.settle(request2(target.origin))).error, null);
      await target.hangUp();
    }
    assert.equal(target.connections(), 3);
  });

  it("after a request was written fails it, and it is not written again", async () => {
    let asked = 0;
    await using target = await listen(
      speaking({ onRequest: (peer, stream) => (++asked, stream === 1 ? peer.send(ok(1)) : peer.socket.destroy()) }),
    );
    using client = clientOf();
    assert.equal((await client.settle(request2(target.origin))).error, null);
    assert.equal((await client.settle(request2(target.origin))).error, "reset");
    assert.equal(asked, 2);
  });

  it("takes every stream on it, each of them once, and the next request has another", async () => {
    await using target = await listen(
      speaking({ onRequest: (peer, stream, nth) => (nth === 8 ? peer.socket.destroy() : nth > 8 && peer.send(ok(stream))) }),
    );
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 8 }, () => client.settle(request2(target.origin, streams(8)))));
    assert.deepEqual(new Set(kinds(all)), new Set(["reset"]));
    assert.equal((await client.settle(request2(target.origin))).error, null);
  });

  it("after the answer to the first of two that came together leaves the second its own", async () => {
    await using target = await listen(speaking({ onRequest: (peer, stream, nth) => void (nth > 1 && peer.send(ok(stream))) }));
    using client = clientOf();
    const closing = (timeoutMs: number) => request2(target.origin, { timeoutMs, http: { version: 2, streams: 2, close: "close" } });
    const all = await Promise.all([client.settle(closing(300)), client.settle(closing(5_000))]);
    assert.deepEqual([kinds(all), target.connections()], [["timeout", null], 2]);
    assert.ok(all[1]!.endMs < all[0]!.endMs);
  });

  it("a thousand resets at once: each request fails once, and the next is answered", async () => {
    await using target = await listen(speaking({ onRequest: (peer, stream, nth) => peer.send(nth > 1_000 ? ok(stream) : reset(stream, 8)) }));
    using client = clientOf();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => client.settle(request2(target.origin, streams(100)))));
    assert.deepEqual(new Set(kinds(all)), new Set(["reset"]));
    assert.equal((await client.settle(request2(target.origin, streams(100)))).error, null);
    assert.equal(target.connections(), 10);
  });
});
