// "Did you mean …?"

import assert from "node:assert/strict";
import { test } from "node:test";

import { didYouMean, nearest } from "../../node/plan/suggest.ts";

const KNOWN = ["duration", "rate", "stages", "maxVUs", "get"];

for (const [word, expected] of [
  ["durration", "duration"],
  ["rat", "rate"],
  ["stage", "stages"],
  ["maxvus", "maxVUs"],
  ["gett", "get"],
  ["got", "get"],
  ["raet", "rate"],
  ["egt", "get"],
  ["banana", null],
  ["", null],
  ["x".repeat(1000), null],
  ["abc", null],
] as const) {
  test(`the word nearest to ${word.slice(0, 20)} is ${expected}`, () => assert.equal(nearest(word, KNOWN), expected));
}

test("nothing is suggested where nothing is near", () => {
  assert.equal(didYouMean("banana", KNOWN), "");
  assert.equal(didYouMean("rat", KNOWN), " (did you mean rate?)");
});
