// The lease: as long as a majority was seen lately, shorter in trouble, and once run out revived by a newer majority only.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Lease } from "../../../node/core/agreement/lease.ts";
import {
  LEASE_RENEWAL_MS, LEASE_WINDOWS, SHORT_LEASE_WINDOWS, startOf, TROUBLE_WINDOWS,
} from "../../../node/core/limits.ts";

const W = 1000;
const NONE = Number.NEGATIVE_INFINITY;
const NEVER = Number.POSITIVE_INFINITY;

function seen(window = W): Lease {
  const lease = new Lease();
  lease.sawMajority(window);
  return lease;
}

describe("a lease", () => {
  it("is none before a majority was seen", () => {
    const lease = new Lease();
    assert.deepEqual([lease.untilMs(W), lease.renewedUntilMs(W, startOf(W), NEVER), lease.majorityWindow], [NONE, NONE, NONE]);
  });

  for (const [name, trouble, windows] of [["", false, LEASE_WINDOWS], [" in trouble", true, SHORT_LEASE_WINDOWS]] as const) {
    it(`lasts for ${windows} windows after that in which a majority was seen${name}`, () => {
      for (const [later, expected] of [[0, true], [windows, true], [windows + 1, false]] as const) {
        const lease = seen();
        if (trouble) lease.trouble(W);
        assert.equal(lease.untilMs(W + later), expected ? startOf(W + windows + 1) : NONE, `after ${later} windows`);
      }
    });
  }

  it("that has run out is revived by a newer majority only", () => {
    const lease = seen();
    assert.equal(lease.untilMs(W + LEASE_WINDOWS + 1), NONE);
    lease.sawMajority(W);
    assert.equal(lease.untilMs(W + LEASE_WINDOWS), NONE, "not by looking at it earlier");
    lease.sawMajority(W + 1);
    assert.equal(lease.untilMs(W + 2), startOf(W + 1 + LEASE_WINDOWS + 1));
  });

  it("that has run out in trouble does not come back when the trouble is over", () => {
    const lease = seen();
    lease.trouble(W - TROUBLE_WINDOWS + SHORT_LEASE_WINDOWS + 2);
    const last = W + SHORT_LEASE_WINDOWS + 1;
    assert.deepEqual([lease.isInTrouble(last), lease.untilMs(last)], [true, NONE]);
    assert.deepEqual([lease.isInTrouble(last + 1), lease.untilMs(last + 1)], [false, NONE], "the long lease would still last");
  });

  it("only grows by newer majorities", () => {
    const lease = seen();
    const after = [W - 1, W, W + 1].map((window) => {
      lease.sawMajority(window);
      return lease.majorityWindow;
    });
    assert.deepEqual(after, [W, W, W + 1]);
  });
});

describe("trouble", () => {
  it("lasts for a while after its last sign", () => {
    const lease = new Lease();
    assert.equal(lease.isInTrouble(W), false);
    lease.trouble(W);
    assert.deepEqual([W, W + TROUBLE_WINDOWS - 1, W + TROUBLE_WINDOWS].map((window) => lease.isInTrouble(window)), [true, true, false]);
    lease.trouble(W + 5);
    assert.equal(lease.isInTrouble(W + 5 + TROUBLE_WINDOWS - 1), true);
  });

  it("lasts longer than others count on the shorter lease", () => {
    assert.ok(TROUBLE_WINDOWS >= LEASE_WINDOWS + 2);
  });
});

describe("the lease of the load threads", () => {
  it("ends soon if the main thread stands still, and never after the lease itself", () => {
    const lease = seen();
    assert.equal(lease.renewedUntilMs(W, startOf(W) + 3, NEVER), startOf(W) + 3 + LEASE_RENEWAL_MS);
    const end = startOf(W + LEASE_WINDOWS + 1);
    assert.equal(lease.renewedUntilMs(W + LEASE_WINDOWS, end - 10, NEVER), end);
  });

  it("is the short one if the main thread stands still while nothing is heard any more, but does not end before it is uneasy", () => {
    const short = startOf(W + SHORT_LEASE_WINDOWS + 1);
    const window = W + SHORT_LEASE_WINDOWS;
    const untilMs = (uneasyFromMs: number) => seen().renewedUntilMs(window, short - 50, uneasyFromMs);
    assert.deepEqual([untilMs(short - 400), untilMs(short + 30), untilMs(NEVER)], [short, short + 30, short - 50 + LEASE_RENEWAL_MS]);
  });
});
