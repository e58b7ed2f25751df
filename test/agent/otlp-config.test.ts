// Where metrics go by OTLP, as told: what is refused and with which hint, and what becomes of the rest.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkOtlp } from "../../node/agent/otlp-config.ts";

const check = (url: string | null, intervalMs = 5000) => checkOtlp({ url, intervalMs });

describe("the export by OTLP", () => {
  it("without a URL there is none", () => {
    for (const none of [null, { url: null, intervalMs: 5000 }, { url: "", intervalMs: 5000 }]) assert.equal(checkOtlp(none), null);
  });

  for (const [given, used] of [
    ["http://collector:4318", "http://collector:4318/v1/metrics"],
    ["http://collector:4318/", "http://collector:4318/v1/metrics"],
    ["https://otlp.example.com/otlp/v1/metrics", "https://otlp.example.com/otlp/v1/metrics"],
  ] as const) {
    it(`${given} becomes ${used}`, () => assert.equal(check(given)!.url, used));
  }

  for (const [what, url, intervalMs, message, hint] of [
    ["no URL", "collector:4318", 5000, /no http URL/, /4318/],
    ["another scheme", "grpc://collector:4317", 5000, /no http URL/, /4318/],
    ["a password in it", "http://u:p@collector:4318", 5000, /password/, /OTEL_EXPORTER_OTLP_HEADERS/],
    ["a password in a faulty one", "htp://u:secret@collector:4318", 5000, /^(?!.*secret).*no http URL/, /4318/],
    ["ten times a second", "http://collector:4318", 100, /below a second/, /5s/],
    ["never", "http://collector:4318", Number.NaN, /below a second/, /5s/],
  ] as const) {
    it(`${what} is refused`, () => {
      assert.throws(() => check(url, intervalMs), { code: "CONFIG_INVALID", message, hint });
    });
  }
});
