// Small frames are not each answered with a window update, and a stream of many bytes still flows.

import assert from "node:assert/strict";
import { it } from "node:test";
import type { Stream } from "@libp2p/interface";
import { createHost } from "../../node/mesh/host.ts";
import { updateWindowSeldom } from "../../node/mesh/window-updates.ts";

const PROTOCOL = "/test/1";

/** What comes out of one end of a stream, whose other end writes so much in pieces; and how many updates were sent for it. */
async function received(sizeBytes: number, pieceBytes: number): Promise<{ bytes: number; updates: number }> {
  const server = await createHost(["/ip4/127.0.0.1/tcp/0"], null);
  const client = await createHost([], null);
  const done = Promise.withResolvers<{ bytes: number; updates: number }>();
  await server.handle(PROTOCOL, async (stream) => {
    assert.ok(updateWindowSeldom(stream), "the streams of the muxer are made as expected");
    const inner = stream as unknown as { sendFrame(frame: { type: number }): void };
    const send = inner.sendFrame;
    let updates = 0;
    inner.sendFrame = (frame) => {
      if (frame.type === 1) updates++;
      send(frame);
    };
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += chunk.byteLength;
      if (bytes >= sizeBytes) break;
    }
    done.resolve({ bytes, updates });
  });
  const stream = await client.dialProtocol(server.getMultiaddrs(), PROTOCOL);
  const piece = new Uint8Array(pieceBytes);
  for (let sent = 0; sent < sizeBytes; sent += pieceBytes) if (!stream.send(piece)) await stream.onDrain();
  const result = await done.promise;
  await Promise.all([client.stop(), server.stop()]);
  return result;
}

it("a thousand frames of 78 bytes need no update", async () => {
  assert.deepEqual(await received(78_000, 78), { bytes: 78_000, updates: 0 });
});

it("eight MiB flow through a window that is smaller", async () => {
  const { bytes, updates } = await received(8 * 2 ** 20, 64 * 1024);
  assert.equal(bytes, 8 * 2 ** 20);
  assert.ok(updates > 0 && updates < 100, `${updates} updates`);
});

it("of a stream that is made otherwise nothing is changed", () => {
  const stream = { sendWindowUpdate: "?" } as unknown as Stream;
  assert.equal(updateWindowSeldom(stream), false);
  assert.deepEqual(stream, { sendWindowUpdate: "?" });
});
