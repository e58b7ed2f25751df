// Redirects and cookies over HTTP/2; and a plan that is run by it, against a target that ends streams and connections in every way.

import assert from "node:assert/strict";
import { it } from "node:test";
import { CookieJar } from "../../../node/load/http/cookies.ts";
import { clientOf, listen } from "../http1/servers.ts";
import { planOf, rate, run, scenario, step } from "../support.ts";
import { data, END_HEADERS, fieldOf, frame, goaway, head, HEADERS, block, ok, request2, reset, settings, speaking } from "./servers.ts";

it("redirects are followed with the cookies they set, on the same connection, as one exchange", async () => {
  const asked: string[] = [];
  const server = speaking({
    onRequest: (peer, stream, nth, fields) => {
      asked.push(`${fieldOf(fields, ":method")} ${fieldOf(fields, ":path")} ${fieldOf(fields, "cookie") ?? "-"}`);
      const moved = block(":status", "303", "location", `/${nth}`, "set-cookie", `c${nth}=1`, "set-cookie", "d=2");
      peer.send(nth < 3 ? frame(HEADERS, END_HEADERS | 1, stream, moved) : ok(stream));
    },
  });
  await using target = await listen(server);
  using client = clientOf();
  const redirects = { most: 5, origins: new Set([target.origin]) };
  const request = request2(target.origin, { method: "POST", body: "x", http: { version: 2, redirects } });
  const exchange = await client.settle({ ...request, cookies: new CookieJar() });
  assert.deepEqual([exchange.status, exchange.error, exchange.body.toString()], [200, null, "ok"]);
  assert.deepEqual(asked, ["POST / -", "GET /1 c1=1; d=2", "GET /2 c1=1; d=2; c2=1"]);
  assert.equal(target.connections(), 1);
});

it("a redirect to what is no target of the plan is an error of kind blocked", async () => {
  await using target = await listen(
    speaking({ onRequest: (peer, stream) => peer.send(frame(HEADERS, END_HEADERS | 1, stream, block(":status", "302", "location", "http://127.0.0.1:1/"))) }),
  );
  using client = clientOf();
  const redirects = { most: 5, origins: new Set([target.origin]) };
  assert.equal((await client.settle(request2(target.origin, { http: { version: 2, redirects } }))).error, "blocked");
});

for (const streams of [1, 8]) {
  it(`a target that ends streams and connections in every way it can sees each request once (${streams} at a time)`, async () => {
    const seen: string[] = [];
    const server = speaking({
      greeting: settings(3, 100),
      onRequest: (peer, stream, nth, fields) => {
        if (peer.socket.destroyed || peer.socket.writableEnded) return;
        const last = peer.frames.find(({ type }) => type === GOODBYE);
        assert.equal(last, undefined);
        seen.push(fieldOf(fields, ":path")!);
        const way = nth % 16;
        if (way === 4) peer.send(reset(stream, 8));
        else if (way === 5) peer.socket.end();
        else if (way === 6) peer.socket.resetAndDestroy();
        else if (way === 7) peer.socket.end(ok(stream).subarray(0, 20));
        else if (way === 8) peer.socket.end(Buffer.concat([ok(stream), goaway(stream)]));
        else if (way === 9) peer.send(head(stream), data(stream, "x", 0), reset(stream, 2));
        else peer.send(ok(stream));
      },
    });
    await using target = await listen(server);
    const flow = [step("/{{ iterationInTest }}")];
    const { last } = await run(planOf(target.origin, scenario(rate(400, 400, 1_000), flow, { http: { version: 2, streams } })));
    const [{ requests, failed } = assert.fail()] = last.totals.steps;
    assert.equal(new Set(seen).size, seen.length);
    assert.ok(failed > 0);
    assert.ok(seen.length <= requests, `${seen.length} requests reached it, ${requests} are reported`);
    assert.equal(requests, last.totals.scenarios[0]!.started);
  });
}

const GOODBYE = 7;
