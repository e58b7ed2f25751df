// Kinds of error by table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, RequestError } from "../../node/load/outcome.ts";

const withCode = (code: string) => Object.assign(new Error(code), { code });
const named = (name: string) => Object.assign(new Error(name), { name });

const ROWS: readonly (readonly [string, unknown, string])[] = [
  ...["ECONNREFUSED", "EHOSTUNREACH"].map((code) => [code, withCode(code), "refused"] as const),
  ...["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].map((code) => [code, withCode(code), "reset"] as const),
  ...["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"].map((code) => [code, withCode(code), "timeout"] as const),
  ...["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"].map((code) => [code, withCode(code), "dns"] as const),
  ...["CERT_HAS_EXPIRED", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_SSL_WRONG_VERSION_NUMBER", "EPROTO"].map(
    (code) => [code, withCode(code), "tls"] as const,
  ),
  ...["HPE_INVALID_CONSTANT", "UND_ERR_HEADERS_OVERFLOW"].map((code) => [code, withCode(code), "protocol"] as const),
  // Our own shortage is never the target's fault.
  ...["EADDRNOTAVAIL", "EMFILE", "ENFILE", "ENOBUFS"].map((code) => [code, withCode(code), "generator"] as const),
  ["a parser's error without code", named("HTTPParserError"), "protocol"],
  ["a kind that is known already", new RequestError("blocked", "no"), "blocked"],
  ["several addresses", new AggregateError([withCode("ECONNREFUSED"), withCode("ETIMEDOUT")]), "refused"],
  ["a wrapped error", new Error("outer", { cause: withCode("EMFILE") }), "generator"],
  ["a wrapped refusal of the guard", new Error("outer", { cause: new RequestError("blocked", "no") }), "blocked"],
  ["an unknown code", withCode("E_NEW"), "other"],
  ["a name of Object.prototype as code", withCode("toString"), "other"],
  ["no error at all", "text", "other"],
  ["nothing", undefined, "other"],
];

for (const [what, error, kind] of ROWS) {
  test(`${what} is of kind ${kind}`, () => assert.equal(classify(error), kind));
}

test("an error that is its own cause ends the search", () => {
  const error = new Error("loop");
  error.cause = error;
  assert.equal(classify(error), "other");
});
