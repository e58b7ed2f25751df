// The bytes of requests, and which requests are not sent at all.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PreparedRequest } from "../../../node/load/driver.ts";
import { RequestEncoder } from "../../../node/load/http1/request.ts";
import { requestTo } from "./servers.ts";

const encoder = new RequestEncoder("shop.test:8080");

function bytesOf(more: Partial<PreparedRequest>, by = encoder): Buffer | null {
  const message = by.encode(requestTo("http://shop.test:8080", more));
  if (message === null) return null;
  const head = typeof message.head === "string" ? Buffer.from(message.head, "latin1") : message.head;
  const all = message.body === null ? head : Buffer.concat([head, message.body]);
  assert.equal(all.length, message.sizeBytes);
  return all;
}

const START = "host: shop.test:8080\r\nconnection: keep-alive\r\n";

const SENT: readonly (readonly [Partial<PreparedRequest>, string])[] = [
  [{}, `GET / HTTP/1.1\r\n${START}\r\n`],
  [{ path: "/a?b=%20c" }, `GET /a?b=%20c HTTP/1.1\r\n${START}\r\n`],
  [{ method: "HEAD" }, `HEAD / HTTP/1.1\r\n${START}\r\n`],
  [{ headers: ["X-A", "1", "x-b", ""] }, `GET / HTTP/1.1\r\n${START}X-A: 1\r\nx-b: \r\n\r\n`],
  [{ headers: ["Host", "other.test"] }, "GET / HTTP/1.1\r\nhost: other.test\r\nconnection: keep-alive\r\n\r\n"],
  [{ headers: ["Connection", "Close"] }, "GET / HTTP/1.1\r\nhost: shop.test:8080\r\nconnection: close\r\n\r\n"],
  [{ http: { close: "rst" } }, "GET / HTTP/1.1\r\nhost: shop.test:8080\r\nconnection: close\r\n\r\n"],
  [{ method: "POST", body: "hello" }, `POST / HTTP/1.1\r\n${START}content-length: 5\r\n\r\nhello`],
  [{ method: "POST", body: "h\u00e9\u20ac" }, `POST / HTTP/1.1\r\n${START}content-length: 6\r\n\r\nh\xc3\xa9\xe2\x82\xac`],
  [{ method: "POST", body: "hello", headers: ["content-length", "5"] }, `POST / HTTP/1.1\r\n${START}content-length: 5\r\n\r\nhello`],
  [{ method: "POST" }, `POST / HTTP/1.1\r\n${START}content-length: 0\r\n\r\n`],
  [{ method: "PUT", body: "" }, `PUT / HTTP/1.1\r\n${START}content-length: 0\r\n\r\n`],
  [{ method: "DELETE" }, `DELETE / HTTP/1.1\r\n${START}\r\n`],
  [{ body: "x" }, `GET / HTTP/1.1\r\n${START}content-length: 1\r\n\r\nx`],
  [{ headers: ["x", "\xe9\t "] }, `GET / HTTP/1.1\r\n${START}x: \xe9\t \r\n\r\n`],
];

const REFUSED: readonly Partial<PreparedRequest>[] = [
  { path: "/a b" },
  { path: "/a\r\nx: y" },
  { path: "a" },
  { path: "" },
  { path: "/\u20ac" },
  { method: "GET /x" },
  { method: "" },
  { headers: ["x", "a\r\nb: c"] },
  { headers: ["x", "a\nb"] },
  { headers: ["x", "a\0"] },
  { headers: ["x", "\u20ac"] },
  { headers: ["x y", "a"] },
  { headers: ["x:", "a"] },
  { headers: ["", "a"] },
  { headers: ["host", "a\r\n"] },
  { headers: ["Transfer-Encoding", "chunked"] },
  { headers: ["upgrade", "h2c"] },
  { headers: ["expect", "100-continue"] },
  { headers: ["connection", "upgrade"] },
  { headers: ["content-length", "5"] },
  { headers: ["content-length", "4"], method: "POST", body: "hello" },
  { headers: ["content-length", "-1"] },
];

describe("a request", () => {
  for (const [more, expected] of SENT) {
    it(`${JSON.stringify(more)} is written as HTTP/1.1 wants it`, () => {
      assert.equal(bytesOf(more)!.toString("latin1"), expected);
    });
  }

  for (const more of REFUSED) {
    it(`${JSON.stringify(more)} is not sent, whether it is the first of its step or the third`, () => {
      const step = {};
      assert.equal(bytesOf(more), null);
      for (let i = 0; i < 3; i++) assert.equal(bytesOf({ ...more, step }), null);
    });
  }

  it("of a step is written the same the first time, the second, and between others", () => {
    const own = new RequestEncoder("shop.test:8080");
    const headers = ["x-a", "1"];
    const steps = [{}, {}];
    const variants: Partial<PreparedRequest>[] = [
      { path: "/1", headers },
      { path: "/2", headers },
      { path: "/1", headers, http: { close: "close" } },
      { path: "/1", headers: ["x-a", "2"] },
      { path: "/1", headers, method: "POST", body: "a" },
      { path: "/1", headers, method: "POST", body: "\u00e9" },
      { path: "/1", headers, method: "POST", body: "a" },
    ];
    for (let round = 0; round < 200; round++) {
      const variant = variants[(round * 7 + (round >> 3)) % variants.length]!;
      const again = Math.floor(round / 3) % 3;
      for (let i = 0; i <= again; i++) {
        const fresh = bytesOf(variant)!.toString("latin1");
        assert.equal(bytesOf({ ...variant, step: steps[round % 2]! }, own)!.toString("latin1"), fresh, `round ${round}`);
      }
    }
  });

  it("that is refused once does not spoil the next of its step", () => {
    const step = {};
    assert.equal(bytesOf({ step, path: "/a b" }), null);
    assert.match(bytesOf({ step, path: "/a" })!.toString(), /^GET \/a /);
    assert.equal(bytesOf({ step, path: "/a b" }), null);
  });
});
