// Checks and captures by table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEvaluation } from "../../node/load/checks.ts";
import type { Exchange } from "../../node/load/driver.ts";
import { Scope } from "../../node/load/variables.ts";
import type { Capture, Check } from "../../node/plan/types.ts";
import { planOf, rate, scenario, step } from "./support.ts";

interface Answer extends Partial<Omit<Exchange, "body">> {
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

function exchangeOf({ text = "", headers = {}, ...more }: Answer): Exchange {
  return {
    status: 200,
    error: null,
    startMs: 1_000,
    writtenMs: 1_001,
    firstByteMs: 1_010,
    endMs: 1_020,
    bytesSent: 1,
    bytesReceived: 1,
    header: (name) => headers[name] ?? null,
    body: Buffer.from(text),
    ...more,
  };
}

function evaluate(answer: Answer, checks: readonly Check[], captures: readonly Capture[] = []) {
  const source = step("/", { checks, captures });
  const plan = planOf("http://127.0.0.1", scenario(rate(1, 1, 1_000), [source]));
  const evaluation = compileEvaluation(source, new Scope(plan, plan.scenarios[0]!));
  const passed: boolean[] = [];
  const captured: (string | null)[] = [];
  evaluation.evaluate(exchangeOf(answer), {
    onCheck: (index, ok) => void (passed[index] = ok),
    onCapture: (index, value) => void (captured[index] = value),
  });
  return { evaluation, passed, captured };
}

type CheckBody = Check extends infer C ? (C extends Check ? Omit<C, "name"> : never) : never;

const MOVIE = '[{"id":"tt01","year":1999,"seen":true,"note":null,"cast":["a","b"],"first name":"x"}]';

const CHECKS: readonly (readonly [CheckBody, Answer, boolean])[] = [
  [{ kind: "status", anyOf: [200, 201] }, { status: 201 }, true],
  [{ kind: "status", anyOf: [200, 201] }, { status: 404 }, false],
  [{ kind: "json", path: "$[0].id", equals: "tt01" }, { text: MOVIE }, true],
  [{ kind: "json", path: "$[0].id", equals: "tt02" }, { text: MOVIE }, false],
  [{ kind: "json", path: "$[0].year", equals: 1999 }, { text: MOVIE }, true],
  [{ kind: "json", path: "$[0].year", equals: "1999" }, { text: MOVIE }, false],
  [{ kind: "json", path: "$[0].seen", equals: true }, { text: MOVIE }, true],
  [{ kind: "json", path: "$[0].note", equals: null }, { text: MOVIE }, true],
  // Absent is not null.
  [{ kind: "json", path: "$[0].absent", equals: null }, { text: MOVIE }, false],
  [{ kind: "json", path: "$[1].id", equals: null }, { text: MOVIE }, false],
  [{ kind: "json", path: "$.length", equals: 1 }, { text: MOVIE }, false],
  [{ kind: "json", path: "$[0].cast[1]", equals: "b" }, { text: MOVIE }, true],
  [{ kind: "json", path: '$[0]["first name"]', equals: "x" }, { text: MOVIE }, true],
  [{ kind: "json", path: "$.__proto__", equals: null }, { text: "{}" }, false],
  [{ kind: "json", path: "$", equals: 5 }, { text: "5" }, true],
  [{ kind: "json", path: "$", equals: null }, { text: "null" }, true],
  [{ kind: "json", path: "$.id", equals: null }, { text: "<html>" }, false],
  [{ kind: "json", path: "$.id", equals: null }, { text: "" }, false],
  [{ kind: "body", contains: "tt01" }, { text: MOVIE }, true],
  [{ kind: "body", contains: "tt02" }, { text: MOVIE }, false],
  [{ kind: "body", contains: "größer" }, { text: "noch größer" }, true],
  [{ kind: "header", header: "X-Kind", equals: "a" }, { headers: { "x-kind": "a" } }, true],
  [{ kind: "header", header: "X-Kind", equals: "a" }, { headers: { "x-kind": "A" } }, false],
  [{ kind: "header", header: "X-Kind", equals: "" }, {}, false],
  [{ kind: "maxDuration", maxMs: 20 }, {}, true],
  [{ kind: "maxDuration", maxMs: 19.9 }, {}, false],
  // No answer, nothing passes.
  [{ kind: "maxDuration", maxMs: 1_000 }, { error: "refused", status: 0 }, false],
  [{ kind: "status", anyOf: [200] }, { error: "timeout", status: 200 }, false],
];

for (const [check, answer, expected] of CHECKS) {
  test(`${JSON.stringify(check)} is ${expected} for ${JSON.stringify(answer)}`, () => {
    assert.deepEqual(evaluate(answer, [{ ...check, name: "check" } as Check]).passed, [expected]);
  });
}

const CAPTURES: readonly (readonly [Capture["source"], Answer, string | null])[] = [
  [{ kind: "json", path: "$[0].id" }, { text: MOVIE }, "tt01"],
  [{ kind: "json", path: "$[0].year" }, { text: MOVIE }, "1999"],
  [{ kind: "json", path: "$[0].seen" }, { text: MOVIE }, "true"],
  [{ kind: "json", path: "$[0].cast" }, { text: MOVIE }, '["a","b"]'],
  [{ kind: "json", path: "$[0].note" }, { text: MOVIE }, null],
  [{ kind: "json", path: "$[0].absent" }, { text: MOVIE }, null],
  [{ kind: "json", path: "$.id" }, { text: "not json" }, null],
  [{ kind: "json", path: "$" }, { text: JSON.stringify("x".repeat(70_000)) }, null],
  [{ kind: "header", header: "Location" }, { headers: { location: "/next" } }, "/next"],
  [{ kind: "header", header: "Location" }, {}, null],
  [{ kind: "regex", pattern: "token=(\\w+)" }, { text: "a token=abc b" }, "abc"],
  [{ kind: "regex", pattern: "tok\\w+" }, { text: "a token=abc b" }, "token"],
  [{ kind: "regex", pattern: "nothing" }, { text: "a token=abc b" }, null],
  [{ kind: "regex", pattern: "." }, { text: "x", error: "reset" }, null],
];

for (const [source, answer, expected] of CAPTURES) {
  const shown = JSON.stringify(answer).slice(0, 80);
  test(`${JSON.stringify(source)} takes ${expected} from ${shown}`, () => {
    assert.deepEqual(evaluate(answer, [], [{ variable: "v", source }]).captured, [expected]);
  });
}

test("a body is asked for only if something reads it", () => {
  const needs = (checks: Check[], captures: Capture[] = []) => evaluate({}, checks, captures).evaluation.needsBody;
  assert.equal(needs([]), false);
  assert.equal(needs([{ name: "s", kind: "status", anyOf: [200] }]), false);
  assert.equal(needs([], [{ variable: "v", source: { kind: "header", header: "x" } }]), false);
  assert.equal(needs([{ name: "b", kind: "body", contains: "x" }]), true);
  assert.equal(needs([{ name: "j", kind: "json", path: "$", equals: 1 }]), true);
  assert.equal(needs([], [{ variable: "v", source: { kind: "regex", pattern: "x" } }]), true);
});

test("the expected statuses are those of the status checks, and all of them have to agree", () => {
  const expected = (...sets: number[][]) =>
    evaluate({}, sets.map((anyOf) => ({ name: "s", kind: "status", anyOf }))).evaluation.expected;
  assert.equal(expected(), null);
  assert.deepEqual(expected([404]), [404]);
  assert.deepEqual(expected([200, 201], [201, 202]), [201]);
});

test("a body is parsed once for all checks and captures", (t) => {
  const parse = t.mock.method(JSON, "parse");
  const check = (path: string): Check => ({ name: path, kind: "json", path, equals: 1999 });
  const captures: Capture[] = [{ variable: "v", source: { kind: "json", path: "$[0].id" } }];
  evaluate({ text: MOVIE }, [check("$[0].year"), check("$[0].id")], captures);
  assert.equal(parse.mock.callCount(), 1);
});
