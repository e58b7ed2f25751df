// Ballots: the rules by which one member votes, locks and learns what is agreed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ballots } from "../../../node/core/agreement/ballots.ts";
import { listed, NOBODY } from "../../../node/core/agreement/positions.ts";
import type { Ballot, ViewChange } from "../../../node/core/frame.ts";
import {
  ACTIVATION_WINDOWS, BALLOTS_KEPT, LONGEST_PATIENCE_WINDOWS, PATIENCE_WINDOWS,
} from "../../../node/core/limits.ts";
import { change, idsOf, set, viewMember, viewOf } from "./support.ts";

const VIEW = viewOf("abcde");
const W = 100;
const any = () => true;
const none = () => false;

/** Without this member, from four windows after `window` on. */
function without(id: string, window = W): ViewChange {
  return change(VIEW, id, "", { fromWindow: window + ACTIVATION_WINDOWS });
}

function ballot(of: ViewChange, votes: string, locks = "", number = W): Ballot {
  return { view: 1, ballot: number, change: of, votes: set(VIEW, votes), locks: set(VIEW, locks) };
}

function voter(id: string, ...heard: Ballot[]): Ballots {
  const ballots = new Ballots(VIEW, VIEW.positionOf(id));
  for (const one of heard) ballots.merge(one, W);
  return ballots;
}

/** Ballot by ballot who voted for what: `100 -e abc/ab`, votes before locks. */
function stand(ballots: Ballots): string[] {
  return ballots.all().map(({ ballot, change, votes, locks }) => {
    return `${ballot} -${idsOf(VIEW, change.removed)} ${idsOf(VIEW, listed(votes))}/${idsOf(VIEW, listed(locks))}`;
  });
}

describe("a vote", () => {
  it("opens a ballot of the window if none is open", () => {
    const a = voter("a");
    a.vote(without("e"), W, none);
    assert.deepEqual(stand(a), ["100 -e a/"]);
  });

  it("opens none if others shall, and joins theirs", () => {
    const a = voter("a");
    a.vote(without("e"), W, any, NOBODY, false);
    assert.deepEqual(stand(a), []);
    a.merge(ballot(without("d"), "b"), W);
    a.vote(without("e"), W, any, NOBODY, false);
    assert.deepEqual(stand(a), ["100 -d ab/"]);
  });

  it("opens one all the same for what is locked, which is the same for all", () => {
    const a = voter("a", ballot(without("e", W - 1), "bcd", "b", W - 1));
    a.vote(without("d"), W, none, NOBODY, false);
    const later = W + PATIENCE_WINDOWS;
    a.vote(without("d", later), later, none, NOBODY, false);
    assert.deepEqual(stand(a), ["99 -e abcd/b", `${later} -e a/`]);
  });

  const W1 = W - 1;
  const rows: readonly [string, Ballot[], (change: ViewChange) => boolean, string[]][] = [
    [
      "joins the fullest open ballot",
      [ballot(without("d"), "b"), ballot(without("e"), "cd")],
      any,
      ["100 -d b/", "100 -e acd/"],
    ],
    [
      "of two that are equally full joins the newer",
      [ballot(without("d", W1), "b", "", W1), ballot(without("e"), "c")],
      any,
      ["99 -d b/", "100 -e ac/"],
    ],
    ["joins one that is a window old", [ballot(without("d", W1), "b", "", W1)], any, ["99 -d ab/"]],
    ["does not join an older one", [ballot(without("d", W - 2), "b", "", W - 2)], any, ["98 -d b/", "100 -e a/"]],
    ["does not join what it does not accept", [ballot(without("d"), "bcd")], none, ["100 -d bcd/", "100 -e a/"]],
  ];
  for (const [name, heard, isAcceptable, expected] of rows) {
    it(name, () => {
      const a = voter("a", ...heard);
      a.vote(without("e"), W, isAcceptable);
      assert.deepEqual(stand(a), expected);
    });
  }

  it("is not cast without a wish, nor by who is no member", () => {
    const a = voter("a", ballot(without("e"), "bc"));
    a.vote(null, W, any);
    const stranger = voter("x", ballot(without("e"), "bcd"));
    stranger.vote(without("e"), W, any);
    stranger.lock(W);
    assert.deepEqual([...stand(a), ...stand(stranger)], ["100 -e bc/", "100 -e bcd/"]);
    assert.deepEqual([a.hasNews(), stranger.hasNews()], [true, true], "what it heard it passes on");
  });

  it("is cast once in a ballot, whatever else is open in it", () => {
    const a = voter("a", ballot(without("d"), "bc"));
    a.vote(without("e"), W, none);
    a.vote(without("e"), W, any);
    a.vote(without("d"), W, any);
    assert.deepEqual(stand(a), ["100 -d bc/", "100 -e a/"]);
  });

  it("goes to the highest lock known, whatever is wished for or acceptable", () => {
    const low = ballot(without("c", W - 2), "ade", "a", W - 2);
    const high = ballot(without("d", W - 1), "abc", "b", W - 1);
    for (const wanted of [without("e"), null]) {
      const a = voter("e", low, high);
      a.vote(wanted, W + 5, none);
      assert.deepEqual(stand(a), ["98 -c ade/a", "99 -d abc/b", "105 -d e/"]);
      assert.equal(a.all()[2]!.change.fromWindow, without("d", W - 1).fromWindow, "the very same change");
    }
  });
});

describe("voting again", () => {
  function stuck(): Ballots {
    const a = voter("a");
    a.vote(without("e"), W, any);
    return a;
  }
  const mine = (ballots: Ballots) =>
    ballots.all().filter((one) => listed(one.votes).includes(0)).map((one) => one.ballot - W);

  it("comes after a while, and then after longer and longer ones", () => {
    const a = stuck();
    for (let window = W; window < W + 60; window++) a.vote(without("e", window), window, any);
    const [first, second] = [PATIENCE_WINDOWS, PATIENCE_WINDOWS + 2 * PATIENCE_WINDOWS];
    const third = second + LONGEST_PATIENCE_WINDOWS;
    assert.deepEqual(mine(a).slice(0, 5), [0, first, second, third, third + LONGEST_PATIENCE_WINDOWS]);
  });

  it("comes sooner for something else, which is wanted instead", () => {
    const a = stuck();
    const last = PATIENCE_WINDOWS + 2 * PATIENCE_WINDOWS;
    for (let window = W; window <= W + last; window++) a.vote(without("e", window), window, any);
    for (let window = W + last + 1; window < W + 20; window++) a.vote(without("d", window), window, any);
    assert.deepEqual(mine(a).slice(2, 5), [last, last + PATIENCE_WINDOWS, last + 2 * PATIENCE_WINDOWS]);
  });

  const carriers = [["is absent, comes in the next window", "e", 2], ["may still vote, waits", "", 1]] as const;
  for (const [name, absent, expected] of carriers) {
    it(`where the ballot hangs on one who ${name}`, () => {
      // a and b have voted, c and d for another change: the fifth decides.
      const a = voter("a", ballot(without("e"), "b"));
      a.vote(without("e"), W, any, set(VIEW, absent));
      a.merge(ballot(without("d"), "cd"), W);
      a.vote(without("e", W + 1), W + 1, none, set(VIEW, absent));
      assert.equal(stand(a).filter((one) => one.includes("a")).length, expected, stand(a).join(", "));
    });
  }

  it("comes in the next window if the ballot cannot win any more", () => {
    const a = stuck();
    a.merge(ballot(without("d"), "bcd"), W);
    a.vote(without("e"), W, none);
    assert.deepEqual(mine(a), [0], "not in the same");
    a.vote(without("e", W + 1), W + 1, none);
    assert.deepEqual(mine(a), [0, 1]);
  });

  it("never comes in the same ballot for another change, however many are for that", () => {
    const a = stuck();
    a.merge(ballot(without("d"), "bcd"), W);
    a.vote(without("e", W + 1), W + 1, any);
    assert.deepEqual(stand(a), ["100 -e a/", "100 -d bcd/", "101 -e a/"]);
  });

  it("does not come as long as those who have not voted could decide", () => {
    const a = stuck();
    a.merge(ballot(without("d"), "bc"), W);
    a.vote(without("e", W + 1), W + 1, none);
    assert.deepEqual(mine(a), [0]);
  });

  it("comes at once if a higher ballot is for the same members", () => {
    const a = stuck();
    a.merge(ballot(without("e", W + 1), "b", "", W + 1), W + 1);
    a.vote(without("e", W + 1), W + 1, any);
    assert.deepEqual(mine(a), [0, 1]);
  });

  it("does not come because a higher ballot is for other members", () => {
    const a = stuck();
    a.merge(ballot(without("d", W + 1), "b", "", W + 1), W + 1);
    a.vote(without("e", W + 1), W + 1, any);
    assert.deepEqual(mine(a), [0]);
  });

  it("is possible however many ballots have failed before", () => {
    const a = stuck();
    for (let window = W; window < W + 2 * BALLOTS_KEPT; window++) {
      a.merge(ballot(without("d", window), "b", "", window), window);
    }
    const later = W + 2 * BALLOTS_KEPT + LONGEST_PATIENCE_WINDOWS;
    a.vote(without("e", later), later, any);
    assert.equal(mine(a).at(-1), later - W);
  });
});

describe("a lock", () => {
  const rows: readonly [string, string, string][] = [
    ["follows a quorum of votes, one's own or not", "bcd", "100 -e bcd/a"],
    ["does not follow less", "ab", "100 -e ab/"],
  ];
  for (const [name, votes, expected] of rows) {
    it(name, () => {
      const a = voter("a", ballot(without("e"), votes));
      a.lock(W);
      assert.deepEqual(stand(a), [expected]);
    });
  }

  it("in a lower ballot is refused by whoever voted in a higher one", () => {
    const a = voter("a");
    a.vote(without("d", W + 1), W + 1, any);
    a.merge(ballot(without("e"), "bcd"), W + 1);
    a.lock(W + 1);
    assert.deepEqual(stand(a), ["101 -d a/", "100 -e bcd/"]);
  });

  it("in the ballot voted in is allowed, also for another change", () => {
    const a = voter("a");
    a.vote(without("d"), W, any);
    a.merge(ballot(without("e"), "bcd"), W);
    a.lock(W);
    assert.deepEqual(stand(a), ["100 -d a/", "100 -e bcd/a"]);
  });

  it("keeps from voting and locking in lower ballots from then on", () => {
    const a = voter("a", ballot(without("e"), "bcd"));
    a.lock(W);
    a.merge(ballot(without("d", W - 1), "bcde", "", W - 1), W);
    a.lock(W);
    a.vote(without("d"), W, any);
    assert.deepEqual(stand(a), ["100 -e bcd/a", "99 -d bcde/"]);
  });

  it("is tried again in a higher ballot, for the same change, if it is not enough", () => {
    const a = voter("a", ballot(without("e"), "bcd"));
    a.lock(W);
    for (let window = W + 1; window <= W + PATIENCE_WINDOWS; window++) a.vote(without("d", window), window, any);
    assert.deepEqual(stand(a), ["100 -e bcd/a", `${W + PATIENCE_WINDOWS} -e a/`]);
  });
});

describe("a commit", () => {
  const rows: readonly [string, string, boolean][] = [
    ["needs a quorum of locks", "abc", true],
    ["does not come of fewer", "ab", false],
    ["nor of votes alone", "", false],
  ];
  for (const [name, locks, expected] of rows) {
    it(name, () => {
      const commit = voter("a", ballot(without("e"), "abcde", locks)).committed();
      assert.equal(commit !== null, expected);
      if (commit !== null) assert.deepEqual(commit, { number: 2, ballot: W, change: without("e"), locks: set(VIEW, locks) });
    });
  }

  it("needs them in one ballot: locks of the same change in two do not add up", () => {
    const again = without("e", W - 1);
    assert.equal(voter("a", ballot(again, "abc", "ab", W - 1), ballot(again, "abc", "cd", W)).committed(), null);
  });

  it("alone in a view needs nobody", () => {
    const alone = viewOf("a");
    const a = new Ballots(alone, 0);
    a.vote(change(alone, "", "b"), W, any);
    a.lock(W);
    assert.deepEqual(a.committed()?.change.added.map(({ id }) => id), ["b"]);
  });
});

describe("what is heard", () => {
  const good = ballot(without("e"), "bc", "b");
  const rows: readonly [string, Partial<Ballot>, boolean][] = [
    ["of this window", {}, true],
    ["of the next window, by a clock that is ahead", { ballot: W + 1 }, true],
    ["of later windows", { ballot: W + 2 }, false],
    ["that takes effect later than any vote of its window could", { change: without("e", W + 1) }, false],
    ["that removes everybody", { change: change(VIEW, "abcde") }, false],
    ["that lets a member in", { change: change(VIEW, "", "", { added: [viewMember("a")] }) }, false],
    ["with votes of members that there are not", { votes: Uint32Array.of(32) }, false],
    ["with locks of members that there are not", { locks: Uint32Array.of(0, 1) }, false],
    ["with nothing in it", { votes: new Uint32Array(1), locks: new Uint32Array(1) }, false],
  ];
  for (const [name, part, expected] of rows) {
    it(`${expected ? "is taken" : "is refused"}: a ballot ${name}`, () => {
      const a = voter("a");
      assert.equal(a.merge({ ...good, ...part }, W), expected);
      assert.equal(a.hasNews(), expected);
      assert.equal(a.merge({ ...good, ...part }, W), false, "twice is once");
    });
  }

  it("adds up, is told once, and does not change once told", () => {
    const a = voter("a", ballot(without("e"), "b"));
    const [told] = a.takeNews();
    assert.equal(a.merge(ballot(without("e"), "", "c"), W), true);
    assert.deepEqual([listed(told!.votes), listed(told!.locks)], [[1], []]);
    assert.deepEqual(a.takeNews().map(({ votes, locks }) => [listed(votes), listed(locks)]), [[[1], [2]]]);
    assert.deepEqual([a.hasNews(), a.takeNews()], [false, []]);
  });

  it("is bounded: of one ballot too many one is not kept", () => {
    const a = voter("a");
    for (let i = 0; i < BALLOTS_KEPT; i++) {
      a.merge(ballot({ ...without("e"), added: [viewMember(`x${i}`)] }, "b", "b"), W);
    }
    assert.equal(a.all().length, BALLOTS_KEPT);
    a.merge(ballot(without("e"), "b", "b"), W);
    assert.equal(a.all().length, BALLOTS_KEPT);
  });

  it("is bounded also where news is not fetched: what was forgotten is not told", () => {
    const a = voter("a");
    const last = W + BALLOTS_KEPT + 5;
    for (let window = W; window <= last; window++) a.merge(ballot(without("c", window), "b", "", window), window);
    const told = a.takeNews().map((one) => one.ballot);
    assert.deepEqual(told, Array.from({ length: BALLOTS_KEPT }, (_, i) => last - BALLOTS_KEPT + 1 + i));
  });

  it("is bounded, but what is locked and one's own vote are kept, and the highest of the rest", () => {
    const a = voter("a");
    a.vote(without("d"), W, none);
    a.merge(ballot(without("e", W + 1), "bcd", "b", W + 1), W + 1);
    const [first, last] = [W + 2, W + 2 * BALLOTS_KEPT];
    for (let window = first; window <= last; window++) a.merge(ballot(without("c", window), "b", "", window), window);
    const numbers = a.all().map((one) => one.ballot);
    assert.equal(numbers.length, BALLOTS_KEPT);
    const rest = Array.from({ length: BALLOTS_KEPT - 2 }, (_, i) => last - i).reverse();
    assert.deepEqual(numbers, [W, W + 1, ...rest]);
  });
});
