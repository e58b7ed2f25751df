// Escaping by table, place by place, and what a target receives in the end.

import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { allocateArena, Arena } from "../../node/load/arena.ts";
import { HttpDriver } from "../../node/load/drivers/http.ts";
import { type Escape, escapeComponent, escapeJson, escapePath, inBody, inUrl } from "../../node/load/escape.ts";
import { OpenCount } from "../../node/load/open-count.ts";
import { compileFlows } from "../../node/load/flow.ts";
import { TargetGuard } from "../../node/load/guard.ts";
import { Iteration } from "../../node/load/iteration.ts";
import { shapeOf } from "../../node/load/shape.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { gateOf, startTarget } from "./support.ts";

/** Value, in a path, in a query or form, in JSON. */
const VALUES: readonly (readonly [string, string, string, string])[] = [
  ["", "", "", ""],
  ["Az09-._~", "Az09-._~", "Az09-._~", "Az09-._~"],
  ["-12.5", "-12.5", "-12.5", "-12.5"],
  ["true", "true", "true", "true"],
  ["a b", "a%20b", "a%20b", "a b"],
  ["a+b", "a%2Bb", "a%2Bb", "a+b"],
  ["a/b//c", "a/b//c", "a%2Fb%2F%2Fc", "a/b//c"],
  ["//host", "//host", "%2F%2Fhost", "//host"],
  ["a&b=c;d", "a%26b%3Dc%3Bd", "a%26b%3Dc%3Bd", "a&b=c;d"],
  ["?q#f", "%3Fq%23f", "%3Fq%23f", "?q#f"],
  ["100%", "100%25", "100%25", "100%"],
  ["%2F%00", "%252F%2500", "%252F%2500", "%2F%00"],
  ['"', "%22", "%22", '\\"'],
  ["'!()*", "%27%21%28%29%2A", "'!()*", "'!()*"],
  ["\\", "%5C", "%5C", "\\\\"],
  ['","admin":true,"', "%22%2C%22admin%22%3Atrue%2C%22", "%22%2C%22admin%22%3Atrue%2C%22", '\\",\\"admin\\":true,\\"'],
  ["a\r\nb", "a%0D%0Ab", "a%0D%0Ab", "a\\r\\nb"],
  ["\0\x1b\x7f", "%00%1B%7F", "%00%1B%7F", "\\u0000\\u001b\x7f"],
  ["é", "%C3%A9", "%C3%A9", "é"],
  ["😀", "%F0%9F%98%80", "%F0%9F%98%80", "😀"],
  ["\u2028", "%E2%80%A8", "%E2%80%A8", "\u2028"],
  ["a\ud83d", "a%EF%BF%BD", "a%EF%BF%BD", "a\\ud83d"],
  ["\ude00\ud83d", "%EF%BF%BD%EF%BF%BD", "%EF%BF%BD%EF%BF%BD", "\\ude00\\ud83d"],
];

for (const [value, path, component, json] of VALUES) {
  test(`${JSON.stringify(value)} is escaped for a path, a query and JSON`, () => {
    assert.equal(escapePath(value), path);
    assert.equal(escapeComponent(value), component);
    assert.equal(escapeJson(value), json);
    const meant = value.toWellFormed();
    assert.deepEqual([decodeURIComponent(path), decodeURIComponent(component)], [meant, meant]);
    assert.equal(JSON.parse(`"${json}"`), value);
  });
}

const PLACES: readonly (readonly [string, Escape | null])[] = [
  ["", null],
  ["http://", null],
  ["HTTPS://", null],
  ["http://{{}}:", null],
  ["http://127.0.0.1:8080", null],
  ["{{}}://", null],
  ["{{}}", escapePath],
  ["{{}}/x/", escapePath],
  ["{{}}/http://", escapePath],
  ["/", escapePath],
  ["/a/{{}}/", escapePath],
  ["/http://", escapePath],
  ["http://127.0.0.1:8080/", escapePath],
  ["http://{{}}/", escapePath],
  ["/?", escapeComponent],
  ["/a?b={{}}&c=", escapeComponent],
  ["/a?b=/", escapeComponent],
  ["{{}}?", escapeComponent],
  ["http://127.0.0.1:8080?", escapeComponent],
];

for (const [before, escape] of PLACES) {
  test(`a variable after ${JSON.stringify(before)} in a URL goes through ${escape?.name ?? "nothing"}`, () => {
    assert.equal(inUrl(before), escape);
  });
}

test("the place in a body does not matter, only its format", () => {
  for (const before of ["", '{"a":"', "?"]) {
    assert.equal(inBody("json")(before), escapeJson);
    assert.equal(inBody("form")(before), escapeComponent);
    assert.equal(inBody("text")(before), null);
  }
});

const NASTY = `/a b?c&d=e#f%2F"'\\\r\n\u00e9\u{1f600}\ud800`;

interface Received {
  readonly url: string;
  readonly host: string | undefined;
  readonly body: string;
}

function planText(target: string): string {
  const headers = { "content-type": "application/json" };
  const flow = [
    { get: "/list", capture: { value: { json: "$.value" }, n: { json: "$.n" }, next: { json: "$.next" } } },
    { get: "/{{ value }}" },
    { get: "/q?v={{ value }}&n={{ n }}" },
    { post: "/json", json: { v: "{{ value }}", n: "{{ n }}" } },
    { post: "/body", headers, body: '{"v":"{{ value }}","n":{{ n }}}' },
    { post: "/form", form: { v: "{{ value }}", n: "{{ n }}" } },
    { post: "/text", body: "<{{ value }}>" },
    { get: "/header", headers: { "x-v": "{{ value }}" } },
    { get: "{{ next }}" },
  ];
  const executor = { executor: "constant-arrival-rate", rate: 1, duration: "1s" };
  return JSON.stringify({ name: "x", target, scenarios: { a: { ...executor, flow } } });
}

test("a target receives what was meant, at the path, query, body and host that were meant", async () => {
  const received: Received[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push({ url: request.url!, host: request.headers.host, body: await text(request) });
    response.end(JSON.stringify({ value: NASTY, n: 42, next: `http://${request.headers.host}/next?p=a%20b` }));
  };
  await using target = await startTarget((request, response) => void answer(request, response));
  const parsed = parsePlan(planText(target.url));
  assert.ok(parsed.ok);
  const { plan } = parsed;
  const shape = shapeOf(plan);
  const arena = new Arena(shape, allocateArena(shape));
  const driver = new HttpDriver(new TargetGuard({ loopbackOnly: true }));
  const context = { scenario: 0, run: "r", flow: compileFlows(plan)[0]!, arena, driver, counts: new OpenCount(), gate: gateOf(), intervalOf: () => 0 };
  await new Promise((ended) => new Iteration(context, 0, 0, null, ended).begin());
  driver.close();

  const meant = NASTY.toWellFormed();
  const [, path, query, json, body, form, plain, next, ...more] = received;
  assert.ok(path!.url.startsWith("//a%20b%3F"));
  assert.equal(decodeURIComponent(path!.url), `/${meant}`);
  const asked = new URL(query!.url, target.url);
  assert.deepEqual([asked.pathname, ...asked.searchParams], ["/q", ["v", meant], ["n", "42"]]);
  assert.deepEqual(JSON.parse(json!.body), { v: NASTY, n: "42" });
  assert.deepEqual(JSON.parse(body!.body), { v: NASTY, n: 42 });
  assert.deepEqual([...new URLSearchParams(form!.body)], [["v", meant], ["n", "42"]]);
  assert.equal(plain!.body, `<${meant}>`);
  // The request before it is missing: its header would have held a line break.
  assert.equal(next!.url, "/next?p=a%20b");
  assert.deepEqual(more, []);
  assert.deepEqual(new Set(received.map(({ host }) => host)), new Set([new URL(target.url).host]));
  const totals = arena.totals();
  assert.deepEqual(totals.steps.map(({ failed }) => failed), [0, 0, 0, 0, 0, 0, 0, 1, 0]);
});
