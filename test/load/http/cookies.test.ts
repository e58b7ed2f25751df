// Which cookies are kept, and where they are sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CookieJar } from "../../../node/load/http/cookies.ts";
import { COOKIE_BYTES, COOKIES } from "../../../node/load/http/limits.ts";

const HOST = "http://shop.example.com/a/b";

/** What was set where, and what is sent where. */
const ROWS: readonly (readonly [what: string, set: readonly string[], from: string, to: string, sent: string | null])[] = [
  ["a plain one", ["a=b"], HOST, HOST, "a=b"],
  ["several", ["a=b", "c=d"], HOST, HOST, "a=b; c=d"],
  ["set twice", ["a=b", "c=d", "a=e"], HOST, HOST, "a=e; c=d"],
  ["whitespace around", [" a \t=\t b ; path=/"], HOST, HOST, "a=b"],
  ["signs in the value", ['a="b=c, d"'], HOST, HOST, 'a="b=c, d"'],
  ["empty value", ["a="], HOST, HOST, "a="],
  ["no name", ["a"], HOST, HOST, "a"],
  ["nothing at all", ["=", "", ";"], HOST, HOST, null],
  ["another host", ["a=b"], HOST, "http://other.example.com/a/b", null],
  ["host below", ["a=b"], "http://example.com/", "http://shop.example.com/", null],
  ["domain above", ["a=b; Domain=example.com; path=/"], HOST, "http://other.example.com/", "a=b"],
  ["domain with a dot before it", ["a=b; domain=.Example.com; path=/"], HOST, "http://example.com/", "a=b"],
  ["domain of somebody else", ["a=b; domain=other.com"], HOST, "http://other.com/a/b", null],
  ["domain that only ends alike", ["a=b; domain=op.example.com"], HOST, "http://op.example.com/a/b", null],
  ["domain below", ["a=b; domain=x.shop.example.com"], HOST, "http://x.shop.example.com/a/b", null],
  ["a country's domain", ["a=b; domain=com; path=/"], HOST, "http://other.com/", null],
  ["part of an address", ["a=b; domain=0.0.1; path=/"], "http://127.0.0.1/", "http://10.0.0.1/", null],
  ["the address itself", ["a=b; domain=127.0.0.1; path=/"], "http://127.0.0.1/", "http://127.0.0.1/x", "a=b"],
  ["another port", ["a=b; path=/"], "http://127.0.0.1:1/", "http://127.0.0.1:2/", "a=b"],
  ["path of its own", ["a=b"], HOST, "http://shop.example.com/a/other", "a=b"],
  ["path above", ["a=b"], HOST, "http://shop.example.com/", null],
  ["path that only begins alike", ["a=b; path=/a"], HOST, "http://shop.example.com/ab", null],
  ["path below", ["a=b; path=/a"], HOST, "http://shop.example.com/a/x", "a=b"],
  ["path that is none", ["a=b; path=x"], HOST, "http://shop.example.com/a/x", "a=b"],
  ["longer path first", ["a=1; path=/", "a=2; path=/a"], HOST, HOST, "a=2; a=1"],
  ["secure, set in the clear", ["a=b; secure"], HOST, "https://shop.example.com/a/b", null],
  ["secure, sent in the clear", ["a=b; Secure"], "https://shop.example.com/a/b", HOST, null],
  ["secure, over TLS", ["a=b; Secure; HttpOnly; SameSite=Lax"], "https://shop.example.com/a/b", "https://shop.example.com/a/b", "a=b"],
  ["not yet expired", ["a=b; max-age=60"], HOST, HOST, "a=b"],
  ["taken back", ["a=b", "a=x; max-age=0"], HOST, HOST, null],
  ["taken back by date", ["a=b", "a=x; expires=Thu, 01 Jan 1970 00:00:00 GMT"], HOST, HOST, null],
  ["max-age before expires", ["a=b; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT"], HOST, HOST, "a=b"],
  ["max-age that is none", ["a=b; max-age=soon"], HOST, HOST, "a=b"],
  ["too long", [`a=${"b".repeat(COOKIE_BYTES)}`], HOST, HOST, null],
];

for (const [what, set, from, to, sent] of ROWS) {
  test(`a cookie (${what}) ${sent === null ? "is not sent" : "is sent"}`, () => {
    const jar = new CookieJar();
    jar.store(new URL(from), set);
    assert.equal(jar.headerFor(new URL(to)), sent);
  });
}

test("a jar holds so many cookies, and forgets the oldest", () => {
  const jar = new CookieJar();
  jar.store(new URL(HOST), Array.from({ length: COOKIES + 5 }, (_, i) => `c${i}=x`));
  const sent = jar.headerFor(new URL(HOST))!.split("; ");
  assert.equal(sent.length, COOKIES);
  assert.equal(sent[0], "c5=x");
});
