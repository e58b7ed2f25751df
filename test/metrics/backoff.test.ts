// Waits before the next attempt: bounds, jitter, and what receivers ask for.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BACKOFF, backoffMs, retryAfterMs } from "../../node/metrics/backoff.ts";

describe("backoff", () => {
  it("the upper bound doubles from half a second to half a minute", () => {
    const most = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => backoffMs(attempt, 1, null));
    assert.deepEqual(most, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("anything below is as likely, but not nothing", () => {
    assert.equal(backoffMs(5, 0.25, null), 4000);
    assert.equal(backoffMs(5, 0, null), 50);
    assert.equal(backoffMs(0, 0, null, { firstMs: 2, mostMs: 4 }), 2);
  });

  it("never sooner than the receiver asked for, unless it asks for more than five minutes", () => {
    assert.equal(backoffMs(0, 0.5, 7000), 7250);
    assert.equal(backoffMs(0, 0.5, 86_400_000), 300_250);
    assert.ok(backoffMs(0, 0, 0) >= 50);
    assert.equal(BACKOFF.mostMs, 30_000);
  });

  const NOW = Date.parse("2026-11-21T10:00:00Z");
  for (const [header, expected] of [
    ["120", 120_000],
    [" 0 ", 0],
    ["Sat, 21 Nov 2026 10:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
    ["-5", null],
    ["1.5", null],
    ["soon", null],
    ["", null],
    [null, null],
  ] as const) {
    it(`Retry-After: ${header} means ${expected}`, () => assert.equal(retryAfterMs(header, NOW), expected));
  }
});
