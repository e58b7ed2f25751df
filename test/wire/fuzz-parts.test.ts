// Each decoder by itself: what is mostly nonsense of another part of a frame never comes to it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import type { Frame } from "../../node/core/frame.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";
import { decodeFrame, encodeFrame } from "../../node/wire/codec.ts";
import { planHash } from "../../node/wire/plan-hash.ts";
import { SIGNATURE_BYTES, SignedMembers } from "../../node/wire/signing.ts";
import { forSeeds, Random } from "../support/random.ts";
import { ALIVE, FRAMES, RUN } from "./frames.ts";
import { mutated } from "./mutations.ts";
import { randomFrame } from "./random-frame.ts";

const CASES = 1500;

/** Frames with one part each; windows are counted from the standing, so that one stays. */
const BY_PART = new Map<keyof Frame, Uint8Array[]>();
const collect = (frame: Frame) => {
  for (const part of Object.keys(frame) as (keyof Frame)[]) {
    const { standing } = frame;
    const only: Frame = { ...(standing === undefined ? {} : { standing }), [part]: frame[part] };
    BY_PART.set(part, [...(BY_PART.get(part) ?? []), encodeFrame(only)]);
  }
};
Object.values(FRAMES).forEach(collect);
forSeeds(60, (random) => collect(randomFrame(random)));

/** Whether it was taken; anything but WIRE_INVALID is thrown on. */
function isTaken(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof LoadswarmError && error.code === "WIRE_INVALID") return false;
    throw error;
  }
}

describe("the decoder of each part survives changed bytes", () => {
  it("is tested here, whichever part it is", () => {
    const all: Record<keyof Frame, true> = {
      standing: true, members: true, runs: true, reports: true, hello: true, pull: true, goodbye: true, chain: true,
      commits: true, rollCalls: true, adoptions: true, ballots: true, accusations: true, echo: true, gather: true,
      gathered: true,
    };
    assert.deepEqual([...BY_PART.keys()].sort(), Object.keys(all).sort());
  });

  for (const [part, valid] of BY_PART) {
    it(part, () => {
      const random = new Random(part.length);
      let taken = 0;
      for (let i = 0; i < CASES; i++) {
        const bytes = mutated(random, valid);
        const wasTaken = isTaken(() => {
          const frame = decodeFrame(bytes);
          assert.deepEqual(decodeFrame(encodeFrame(frame)), frame, "what was taken arrives as it is");
        });
        if (wasTaken) taken++;
      }
      assert.ok(taken > 20 && taken < CASES - 20, `${taken} of ${CASES} taken: the cases must reach both`);
    });
  }
});

describe("signed members with changed bytes", () => {
  it("are dropped and counted, unless nothing that was signed has changed", async () => {
    const key = await generateKeyPair("Ed25519");
    const id = peerIdFromPrivateKey(key).toString();
    const own = new SignedMembers(id, key);
    const record = { ...ALIVE, id };
    const valid = [encodeFrame({ members: [record] }, own)];
    const random = new Random(1);
    const words = ["incarnation", "name", "zone", "addresses", "api", "weight", "view"] as const;
    const reader = new SignedMembers("somebody else", key);
    let taken = 0;
    for (let i = 0; i < CASES; i++) {
      const bytes = mutated(random, valid);
      isTaken(() => {
        for (const member of decodeFrame(bytes, reader).members ?? []) {
          taken++;
          assert.deepEqual(words.map((word) => member[word]), words.map((word) => record[word]));
        }
      });
    }
    assert.ok(taken > 20 && reader.refused > 20, `${taken} taken, ${reader.refused} refused: the cases must reach both`);
    const forged = { signatureOf: () => new Uint8Array(SIGNATURE_BYTES), vouches: () => true };
    assert.deepEqual(decodeFrame(encodeFrame({ members: [record] }, forged), reader).members, []);
  });
});

describe("the documents of runs with changed characters", () => {
  it("are parsed or refused, and never anything else, though their hashes are right", () => {
    const random = new Random(3);
    const pieces = [...`{}[]":,0123456789.-e `, "null", "1e999", `"__proto__":1,`, "\u0000", "\\ud800", `"`, "60s", "100%"];
    let taken = 0;
    for (let i = 0; i < CASES; i++) {
      let document = RUN.spec.document;
      for (let edits = random.integer(1, 3); edits > 0; edits--) {
        const at = random.integer(0, document.length);
        const cut = random.integer(0, 2) === 0 ? random.integer(0, 20) : random.integer(0, 1);
        document = document.slice(0, at) + random.pick(["", ...pieces]) + document.slice(at + cut);
      }
      const spec = { ...RUN.spec, document, planHash: planHash(document) };
      if (isTaken(() => decodeFrame(encodeFrame({ runs: [{ ...RUN, spec }] })))) taken++;
    }
    assert.ok(taken > 20 && taken < CASES - 20, `${taken} of ${CASES} taken: the cases must reach both`);
  });
});
