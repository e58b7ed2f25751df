// Our own connection on a socket that is only a list of pieces: parser, limits and everything but the network.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { OnReadOpts, Socket } from "node:net";
import { monotonicMs } from "../../../node/load/clock.ts";
import { Http1Call } from "../../../node/load/http1/call.ts";
import { Connection, type Owner } from "../../../node/load/http1/connection.ts";
import { Deadlines } from "../../../node/load/http/deadlines.ts";
import { HeadMemo } from "../../../node/load/http1/head-memo.ts";
import { READ_BYTES } from "../../../node/load/http/limits.ts";
import { RequestEncoder } from "../../../node/load/http1/request.ts";
import { type Conversation, headOf, type Outcome } from "./outcome.ts";

class FakeSocket extends EventEmitter {
  destroyed = false;
  write(): boolean {
    return true;
  }
  cork(): void {}
  uncork(): void {}
  destroy(): this {
    this.destroyed = true;
    return this;
  }
}

const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
const encoder = new RequestEncoder("127.0.0.1:1");
const step = {};
const headers: string[] = [];
const deadlines = new Deadlines();

/** Whole and in pieces, with a head that is new and one that is known: it must all come to the same. */
export function ours(conversation: Conversation): Outcome {
  const memo = new HeadMemo();
  const whole = judge({ ...conversation, pieces: [Buffer.concat(conversation.pieces)] }, memo);
  const cut = judge(conversation, memo);
  assert.deepEqual(cut, whole, "cut otherwise");
  assert.deepEqual(judge({ ...conversation, pieces: [Buffer.concat(conversation.pieces)] }, memo), whole, "the second time");
  return cut;
}

function judge({ method, pieces }: Conversation, memo: HeadMemo): Outcome {
  let socket: FakeSocket | null = null;
  let read: OnReadOpts["callback"] | null = null;
  const owner: Owner = {
    readBuffer,
    memo,
    open(onread: OnReadOpts): Socket {
      read = onread.callback;
      socket = new FakeSocket();
      return socket as unknown as Socket;
    },
    hasRoom() {},
    repeat() {
      throw new Error("a request was repeated that was the first on its connection");
    },
    forget() {},
  };
  const connection = new Connection(owner, false);
  const request = { method, origin: "http://127.0.0.1:1", path: "/", headers, body: null, timeoutMs: 60_000, keepBody: true, step };
  let settled = 0;
  const call = new Http1Call(request, encoder.encode(request)!, { onSettled: () => settled++, mayBegin: () => true, onHeld() {} }, deadlines);
  connection.carry(call, false);
  socket!.emit("connect");
  for (const piece of pieces) {
    for (let at = 0; at < piece.length && !connection.isClosed; at += READ_BYTES) {
      const count = piece.copy(readBuffer, 0, at, at + READ_BYTES);
      read!(count, readBuffer);
      // What was read must not be looked at any more.
      readBuffer.fill(0x3f, 0, count);
    }
  }
  const kept = settled === 1 && call.error === null && connection.isUsable(monotonicMs());
  if (!connection.isClosed) socket!.emit("end");
  socket!.emit("close");
  if (settled !== 1) throw new Error(`the request was settled ${settled} times`);
  if (call.error !== null) return { error: call.error, status: 0, head: "", body: "", kept: false };
  return { error: null, status: call.status, head: headOf(call.fields()), body: call.body.toString("latin1"), kept };
}
