// The cipher of the swarm key bears any number of connections, and any chunk.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
// Loads @libp2p/pnet, and with it the cipher.
import "../../node/mesh/host.ts";

interface Cipher {
  update(input: Uint8Array): Uint8Array;
}
const require = createRequire(import.meta.resolve("@libp2p/pnet"));
const open = require("xsalsa20") as (nonce: Uint8Array, key: Uint8Array) => Cipher;
const opened = (first: number) => open(new Uint8Array(24).fill(first), new Uint8Array(32).fill(7));

describe("streams of the swarm key", () => {
  it("bear a large chunk in one of them", () => {
    const [one, other] = [opened(1), opened(2)];
    one.update(new Uint8Array(700_000));
    for (let i = 0; i < 2000; i++) for (const stream of [one, other]) stream.update(new Uint8Array(10));
  });

  it("bear thousands of others", () => {
    const lasting = opened(1);
    for (let i = 0; i < 12_000; i++) {
      opened(2).update(new Uint8Array(10));
      lasting.update(new Uint8Array(10));
    }
  });

  it("are what they were before: XSalsa20, however the bytes are cut into chunks", () => {
    const whole = Buffer.from(opened(1).update(new Uint8Array(300)));
    assert.equal(whole.subarray(0, 16).toString("hex"), "b6ac34a76c4c445fc7d10653b279ee41", "as with WebAssembly");
    const stream = opened(1);
    const cut = [1, 62, 2, 100, 135].map((length) => Buffer.from(stream.update(new Uint8Array(length))));
    assert.deepEqual(Buffer.concat(cut), whole);
    assert.equal(typeof (globalThis as { WebAssembly?: unknown }).WebAssembly, "object", "others have it");
  });
});
