// The canonical document: one text for every way to write a plan, and the parser survives whatever it is given.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { parsePlan } from "../../node/plan/parse.ts";
import { readCanonical } from "../../node/plan/source.ts";
import { type Random, forSeeds } from "../support/random.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);
const TEXTS = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => readFileSync(new URL(name, EXAMPLES), "utf8"));

function documentOf(text: string): string {
  const result = parsePlan(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.document;
}

test("a document parses to the same plan and to itself, without YAML", () => {
  for (const text of TEXTS) {
    const result = parsePlan(text);
    assert.ok(result.ok);
    assert.deepEqual(parsePlan(result.document), result);
    assert.notEqual(readCanonical(result.document), null);
  }
});

test("however a plan is written, its document is one: spacing, comments, order of options, YAML or JSON", () => {
  const yaml = `# comment
name: x
target: http://x
scenarios:
  b: { executor: constant-vus, vus: 1, duration: 1m30s, flow: [{ get: /, expect: { status: 200, body: ok } }] }
  a: { executor: constant-vus, vus: 1, duration: 1s, flow: [{ post: /, json: { z: 1, a: 2 } }] }
`;
  const json = JSON.stringify(
    {
      scenarios: {
        b: {
          flow: [{ expect: { body: "ok", status: 200 }, get: "/" }],
          duration: "1m30s",
          vus: 1,
          executor: "constant-vus",
        },
        a: { flow: [{ json: { z: 1, a: 2 }, post: "/" }], duration: "1s", executor: "constant-vus", vus: 1 },
      },
      target: "http://x",
      name: "x",
    },
    null,
    2,
  );
  assert.equal(documentOf(yaml), documentOf(json));
  assert.match(
    documentOf(yaml),
    /"b":.*"1m30s".*"a":.*\{"z":1,"a":2\}/,
    "durations as written; scenarios and bodies in the order written",
  );
});

test("what is sent in another order is another plan", () => {
  const body = (json: string): string =>
    `{name: x, target: "http://x",
      scenarios: {a: {executor: constant-vus, vus: 1, duration: 1s, flow: [{post: /, json: ${json}}]}}}`;
  assert.notEqual(documentOf(body("{a: 1, b: 2}")), documentOf(body("{b: 2, a: 1}")));
});

for (const [name, text] of [
  ["spaces", '{ "a": 1 }'],
  ["a duplicate key", '{"a":1,"a":2}'],
  ["a key of JavaScript's", '{"__proto__":{}}'],
  ["a number that lost digits", '{"a":9007199254740993}'],
  ["too deep a nesting", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`],
  ["YAML", "a: 1"],
  ["a list", "[1]"],
  ["nothing", ""],
] as const) {
  test(`JSON with ${name} is not taken for a canonical document`, () => assert.equal(readCanonical(text), null));
}

function mutated(random: Random, text: string): string {
  let result = text;
  for (let i = random.integer(1, 4); i > 0; i--) {
    const at = random.integer(0, result.length);
    const length = random.integer(0, 12);
    const from = random.integer(0, result.length);
    const insert = random.pick([
      "",
      ":",
      "-",
      "{",
      "}",
      "[",
      "]",
      '"',
      "'",
      "\n",
      "\t",
      "  ",
      "{{ x }}",
      "&a ",
      "*a",
      "null",
      "-1",
      "1e999",
      "__proto__: 1\n",
      "\0",
      "\ud800",
      "? ",
      "!!set ",
      "%YAML 1.1\n---\n",
      "<<: *a\n",
      result.slice(from, from + 40),
    ]);
    result = result.slice(0, at) + insert + result.slice(at + length);
  }
  return result;
}

function assertJudged(text: string): void {
  const result = parsePlan(text);
  if (result.ok) {
    assert.deepEqual(parsePlan(result.document), result, "idempotent");
    return;
  }
  assert.ok(result.faults.length > 0, "a refusal has a reason");
  for (const { line, column, message } of result.faults) {
    assert.ok(Number.isInteger(line) && line >= 1 && Number.isInteger(column) && column >= 1 && message !== "");
    assert.ok(!message.includes("cannot be read as YAML"), `an error nobody foresaw: ${message}`);
  }
}

test("plans with random damage are refused with reasons or mean something; nothing is thrown", () => {
  let accepted = 0;
  forSeeds(1500, (random) => {
    const text = random.pick(TEXTS);
    const source = random.next() < 0.3 ? documentOf(text) : text;
    const damaged = mutated(random, source);
    if (parsePlan(damaged).ok) accepted++;
    assertJudged(damaged);
  });
  assert.ok(
    accepted > 50 && accepted < 1400,
    `${accepted} of 1500 accepted: the damage is neither nothing nor everything`,
  );
});

test("random bytes are refused; nothing is thrown", () => {
  forSeeds(300, (random) => {
    const bytes = Uint8Array.from({ length: random.integer(0, 300) }, () => random.integer(0, random.pick([127, 255])));
    assertJudged(new TextDecoder("latin1").decode(bytes));
  });
});

test("values of the wrong kind anywhere are refused with reasons; nothing is thrown", () => {
  const strange: unknown[] = [null, true, -1, 1e300, "", "x", [], {}, [[]], { a: {} }, { toString: 1 }, "{{ x }}", 0];
  forSeeds(1000, (random) => {
    const document = JSON.parse(documentOf(random.pick(TEXTS))) as Record<string, unknown>;
    let at: Record<string, unknown> = document;
    for (let key = random.pick(Object.keys(at)); ; key = random.pick(Object.keys(at))) {
      const next = at[key];
      if (typeof next === "object" && next !== null && Object.keys(next).length > 0 && random.next() < 0.8) {
        at = next as Record<string, unknown>;
        continue;
      }
      at[key] = random.pick(strange);
      break;
    }
    assertJudged(JSON.stringify(document));
  });
});
