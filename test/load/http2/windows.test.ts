// Windows that a target widens wrongly: whom it costs, a stream or the connection (RFC 9113, 6.9).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientOf, listen } from "../http1/servers.ts";
import { frame, type Frame, GOAWAY, ok, request2, RST_STREAM, speaking, u32, WINDOW_UPDATE } from "./servers.ts";

const PROTOCOL_ERROR = 1;
const FLOW_CONTROL_ERROR = 3;
const MOST = 0x7fff_ffff;

describe("of a stream, by too much or by nothing", () => {
  for (const [by, code] of [[MOST, FLOW_CONTROL_ERROR], [0, PROTOCOL_ERROR]] as const) {
    it(`by ${by}: the stream is reset, and the connection goes on`, async () => {
      const frames: Frame[] = [];
      const server = speaking({
        onFrame: (_, got) => void frames.push(got),
        onRequest: (peer, stream, nth) => peer.send(nth === 1 ? frame(WINDOW_UPDATE, 0, stream, u32(by)) : ok(stream)),
      });
      await using target = await listen(server);
      using client = clientOf();
      assert.equal((await client.settle(request2(target.origin))).error, "protocol");
      assert.equal((await client.settle(request2(target.origin))).error, null);
      assert.equal(target.connections(), 1);
      const resets = frames.filter(({ type }) => type === RST_STREAM);
      assert.deepEqual(resets.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]), [[1, code]]);
    });
  }
});

describe("of the connection by too much or by nothing, or of a stream that never was", () => {
  const rows = [[0, MOST, FLOW_CONTROL_ERROR], [0, 0, PROTOCOL_ERROR], [99, 1, PROTOCOL_ERROR]] as const;
  for (const [stream, by, code] of rows) {
    it(`stream ${stream} by ${by}: the connection is given up, and the target is told why`, async () => {
      const told = Promise.withResolvers<number>();
      const server = speaking({
        onFrame: (_, { type, payload }) => void (type === GOAWAY && told.resolve(payload.readUInt32BE(4))),
        onRequest: (peer) => peer.send(frame(WINDOW_UPDATE, 0, stream, u32(by))),
      });
      await using target = await listen(server);
      using client = clientOf();
      assert.equal((await client.settle(request2(target.origin))).error, "protocol");
      assert.equal(await told.promise, code);
    });
  }
});
