// Our HTTP/1.1 client against undici's parser on the same bytes, and against shapes that were made to be misread.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../support/random.ts";
import { compare } from "./fuzz/compare.ts";
import { CORPUS } from "./fuzz/corpus.ts";
import { conversation, cut } from "./fuzz/generate.ts";
import { Oracle } from "./fuzz/oracle.ts";
import { ours } from "./fuzz/ours.ts";

/** Some 5 s on a slow machine; `npm run fuzz` makes a million. */
const CASES = 5_000;
const CUTS = 8;

it(`${CASES} random answers in random pieces are judged as undici judges them, or otherwise for a reason`, () => {
  const oracle = new Oracle();
  const reasons = new Set<string>();
  let agreed = 0;
  for (let seed = 1; seed <= CASES; seed++) {
    const reason = compare(oracle, conversation(new Random(seed)));
    if (reason === null) agreed++;
    else reasons.add(reason);
  }
  // Else the answers would be all the same, or nonsense all of them.
  assert.ok(agreed > CASES / 2, `${agreed} agreed`);
  assert.ok(reasons.size > 8, `${reasons.size} reasons`);
});

describe("a shape made to be misread", () => {
  for (const { name, bytes, body, error = null, kept = false } of CORPUS) {
    it(`${error === null ? "read in one way" : `an error of kind ${error}`}: ${name}`, () => {
      const whole = Buffer.from(bytes, "latin1");
      const random = new Random(1);
      const oracle = new Oracle();
      for (let i = 0; i < CUTS; i++) {
        const pieces = i === 0 ? [whole] : i === 1 ? Array.from(whole, (octet) => Buffer.of(octet)) : cut(random, whole);
        const outcome = ours({ method: "GET", pieces });
        assert.deepEqual([outcome.error, outcome.body, outcome.kept], [error, body ?? "", kept], `cut ${i}`);
        compare(oracle, { method: "GET", pieces });
      }
    });
  }
});
