// The JSONPath subset: what it accepts, and what it must not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseJsonPath } from "../../node/plan/json-path.ts";

for (const [path, segments] of [
  ["$", []],
  ["$.id", ["id"]],
  ["$[0].id", [0, "id"]],
  ['$["first name"].a-b', ["first name", "a-b"]],
  ["$['x y'][12]", ["x y", 12]],
  ['$["a\\"b"]["\\u00e9"]', ['a"b', "é"]],
  ["$.__proto__", ["__proto__"]],
] as const) {
  test(`${path} leads through ${JSON.stringify(segments)}`, () => assert.deepEqual(parseJsonPath(path), segments));
}

for (const path of [
  "",
  "id",
  ".id",
  "$.",
  "$..a",
  "$.a.",
  "$[",
  "$[]",
  "$[-1]",
  "$[01]",
  "$[*]",
  "$.*",
  "$[1:2]",
  "$[?(@.a)]",
  '$["a]',
  '$["\\x"]',
  "$ .a",
  "$.a b",
  "$[0]x",
  `$${".a".repeat(400)}`,
]) {
  test(`${path.slice(0, 20)} is not of the subset`, () => assert.equal(parseJsonPath(path), null));
}
