// Requests that wait for a connection while as many handshakes are under way as may be.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { Deadlines } from "../../../node/load/http/deadlines.ts";
import { HANDSHAKE_IDLE_MS, HANDSHAKE_MS, HANDSHAKES } from "../../../node/load/http/limits.ts";
import { Line } from "../../../node/load/http/line.ts";
import { Http1Call } from "../../../node/load/http1/call.ts";
import { requestTo } from "../http1/servers.ts";

const MESSAGE = { head: "", body: null, sizeBytes: 0, closes: false };

/** A line whose clocks stand, and the sockets that were begun for it. */
function lineOf(isTls = true) {
  const clock = { nowMs: 1_000_000, idleMs: 1_000 };
  const sockets: EventEmitter[] = [];
  const opened: Http1Call[] = [];
  const line: Line<Http1Call> = new Line(
    isTls,
    (call) => {
      const socket = new EventEmitter();
      sockets.push(socket);
      opened.push(call);
      line.opened(socket as Socket);
    },
    { nowMs: () => clock.nowMs, idleMs: () => clock.idleMs },
  );
  return { clock, sockets, opened, line };
}

function callOf(kinds: unknown[] = []): Http1Call {
  const onSettled = (call: { error: unknown }) => void kinds.push(call.error);
  const sink = { onSettled, mayBegin: () => true, onHeld: () => {} };
  return new Http1Call(requestTo("https://shop.test", { timeoutMs: 60_000 }), MESSAGE, sink, new Deadlines());
}

function join(line: Line<Http1Call>, count: number): Http1Call[] {
  const calls = Array.from({ length: count }, () => callOf());
  for (const call of calls) line.join(call);
  return calls;
}

describe("requests that wait for a connection", () => {
  it("has a bounded number of handshakes made at once, the next one when one has ended, in order", () => {
    const { line, sockets, opened } = lineOf();
    const calls = join(line, HANDSHAKES + 3);
    assert.equal(sockets.length, HANDSHAKES);
    sockets[5]!.emit("secureConnect");
    sockets[5]!.emit("close");
    sockets[7]!.emit("close");
    assert.deepEqual(opened, calls.slice(0, HANDSHAKES + 2));
    line.close();
  });

  it("makes nobody wait without TLS", () => {
    const { line, sockets } = lineOf(false);
    join(line, 3 * HANDSHAKES);
    assert.equal(sockets.length, 3 * HANDSHAKES);
  });

  it("gives a connection that gets free to whoever waits longest and has not ended", () => {
    const { line } = lineOf();
    const [first, second, third] = join(line, HANDSHAKES + 3).slice(HANDSHAKES);
    second!.abort();
    assert.deepEqual([line.next(), line.next(), line.next()], [first, third, null]);
  });

  it("keeps its order where the first of them does not fit what gets free", () => {
    const { line } = lineOf();
    const [first, second] = join(line, HANDSHAKES + 2).slice(HANDSHAKES);
    assert.deepEqual([line.next((call) => call !== first), line.isEmpty], [null, false]);
    first!.abort();
    assert.deepEqual([line.next((call) => call === second), line.next(), line.isEmpty], [second, null, true]);
  });

  it("does not wait for a target that lets an idle thread wait, nor for ever where the thread is busy", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { line, sockets, clock } = lineOf();
    join(line, 3 * HANDSHAKES);
    const after = (ms: number, idleMs: number): number => {
      clock.nowMs += ms;
      clock.idleMs += idleMs;
      t.mock.timers.tick(ms);
      return sockets.length / HANDSHAKES;
    };
    assert.deepEqual([after(HANDSHAKE_MS - 1, 0), after(HANDSHAKE_IDLE_MS, 0)], [1, 2]);
    assert.deepEqual([after(HANDSHAKE_IDLE_MS, HANDSHAKE_IDLE_MS - 1), after(HANDSHAKE_IDLE_MS, 1)], [2, 3]);
    for (const socket of sockets) socket.emit("close");
    join(line, HANDSHAKES + 1);
    assert.equal(sockets.length, 4 * HANDSHAKES);
    line.close();
  });

  it("fails whoever waits when the target is done with", () => {
    const { line, sockets } = lineOf();
    join(line, HANDSHAKES);
    const kinds: unknown[] = [];
    line.join(callOf(kinds));
    line.close();
    assert.deepEqual([kinds, sockets.length], [["reset"], HANDSHAKES]);
  });
});
