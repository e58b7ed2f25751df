// What a scenario may say of HTTP, and what comes of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parsePlan } from "../../node/plan/parse.ts";
import { faultsOf, plan } from "./plan-text.ts";

const WHERE = "scenarios.a.http";

const SAD: readonly (readonly [http: unknown, path: string, message: RegExp])[] = [
  [null, WHERE, /must be a map, is empty/],
  [{ klient: "own" }, `${WHERE}.klient`, /did you mean client/],
  [{ client: "curl" }, `${WHERE}.client`, /must be own or undici/],
  [{ pipelining: 0 }, `${WHERE}.pipelining`, /from 1 to 100/],
  [{ pipelining: 2.5 }, `${WHERE}.pipelining`, /from 1 to 100/],
  [{ close: true }, `${WHERE}.close`, /must be keep or close or rst/],
  [{ redirects: -1 }, `${WHERE}.redirects`, /from 0 to 20/],
  [{ redirects: true }, `${WHERE}.redirects`, /from 0 to 20/],
  [{ cookies: "yes" }, `${WHERE}.cookies`, /must be true or false/],
  [{ client: "undici", pipelining: 2 }, WHERE, /has pipelining, which the client undici does not do/],
  [{ version: "2" }, `${WHERE}.version`, /must be 1\.1 or 2 or auto/],
  [{ version: 3 }, `${WHERE}.version`, /must be 1\.1 or 2 or auto/],
  [{ version: 2, streams: 0 }, `${WHERE}.streams`, /from 1 to 1000/],
  [{ streams: 4 }, WHERE, /has streams, which HTTP\/1\.1 does not have/],
  [{ version: 1.1, streams: 4 }, WHERE, /has streams, which HTTP\/1\.1 does not have/],
  [{ version: 2, streams: 4, close: "close" }, WHERE, /closes the connection after each answer/],
  [{ version: 2, pipelining: 4 }, WHERE, /has pipelining, which HTTP\/2 does not have; say streams/],
  [{ client: "undici", version: 2 }, WHERE, /has version, which the client undici does not do/],
  [{ client: "undici", close: "rst" }, WHERE, /has close, which the client undici does not do/],
];

for (const [http, path, message] of SAD) {
  test(`http: ${JSON.stringify(http)} is refused at ${path}`, () => {
    const [fault = "", ...more] = faultsOf(plan({ http }));
    assert.ok(fault.startsWith(`${path}: `), fault);
    assert.match(fault, message);
    assert.deepEqual(more, []);
  });
}

test("what is said is in the plan, and nothing where nothing is said", () => {
  const all = { client: "own", pipelining: 8, close: "rst", redirects: 3, cookies: true };
  const second = { version: 2, streams: 100, close: "keep" };
  for (const http of [all, second, { version: "auto" }, { version: 1.1 }, { client: "undici" }, undefined]) {
    const read = parsePlan(plan({ http }));
    assert.ok(read.ok);
    assert.deepEqual(read.plan.scenarios[0]!.http, http);
  }
});
