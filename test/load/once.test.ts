// What a target has read, it has read once: every arrival reaches it at most once, and no more than is reported.

import assert from "node:assert/strict";
import { it } from "node:test";
import { onRequest, OK, listen } from "./http1/servers.ts";
import { planOf, rate, run, scenario, step } from "./support.ts";

const CLOSING = OK.replace("content-length", "connection: close\r\ncontent-length");

for (const [what, http] of [["one behind the other", {}], ["in pipelines of four", { pipelining: 4 }]] as const) {
  it(`a target that ends connections in every way it can sees each request once (${what})`, async () => {
    const seen: string[] = [];
    const server = onRequest((socket, head, nth) => {
      if (socket.destroyed || socket.writableEnded) return;
      seen.push(head.split(" ")[1]!);
      const way = seen.length % 8;
      if (nth === 1 || way < 4) socket.write(OK);
      else if (way === 4) socket.end();
      else if (way === 5) socket.resetAndDestroy();
      else if (way === 6) socket.end(OK.slice(0, 20));
      else socket.end(CLOSING);
    });
    await using target = await listen(server);
    const flow = [step("/{{ iterationInTest }}")];
    const { last } = await run(planOf(target.origin, scenario(rate(400, 400, 1_000), flow, { http })));
    const [{ requests, failed } = assert.fail()] = last.totals.steps;
    assert.equal(new Set(seen).size, seen.length);
    assert.ok(failed > 0);
    assert.ok(seen.length <= requests, `${seen.length} requests reached it, ${requests} are reported`);
    const ended = last.totals.scenarios[0]!;
    assert.equal(requests, ended.started);
  });
}
