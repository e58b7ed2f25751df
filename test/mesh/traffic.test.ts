// What an agent says and hears is counted apart.

import assert from "node:assert/strict";
import { it } from "node:test";
import { Traffic } from "../../node/mesh/traffic.ts";

it("messages and bytes are counted by carrier and direction, each of which is there from the start", () => {
  const traffic = new Traffic();
  traffic.count("frames", "out", 100);
  traffic.count("frames", "out", 50);
  traffic.count("runs", "in", 7);
  assert.deepEqual(
    traffic.counts().map(({ carrier, direction, messages, bytes }) => [carrier, direction, messages, bytes]),
    [
      ["frames", "in", 0, 0],
      ["frames", "out", 2, 150],
      ["runs", "in", 1, 7],
      ["runs", "out", 0, 0],
    ],
  );
});
