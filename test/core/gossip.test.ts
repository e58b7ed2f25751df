// What goes over the links: one frame for all, complete state when asked for, and no link for longer than it is of use.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame, Standing } from "../../node/core/frame.ts";
import {
  AWAKE_WINDOWS, ECHO_EVERY_MS, FIRST_ECHO_EVERY_MS, FLUSH_LATE_FACTOR, FLUSH_MS, FLUSH_SOON_MS, PULL_APART_EVERY_MS, PULL_EVERY_MS,
  QUIET_FLUSH_MS, SPARE_LINK_MS, WINDOW_MS, windowOf, ZOMBIE_LINK_MS,
} from "../../node/core/limits.ts";
import { change, commitOf, letters, set } from "./agreement/support.ts";
import { frames, One, pulls } from "./gossip-one.ts";
import { member, NOW } from "./support.ts";

describe("a link that is new", () => {
  it("begins with where one stands, and nothing else", () => {
    const a = new One();
    a.gossip.linkUp("b", NOW);
    assert.deepEqual(a.sent(), [{ standing: a.standing() }]);
  });

  it("is told what is not decided yet, once, by an agent of the same lineage", () => {
    const a = new One("bc").link("b");
    const { agreement } = a.membership;
    const ballot = { view: 2, ballot: windowOf(NOW), change: change(agreement.view, "c"), votes: set(agreement.view, "c") };
    agreement.take({ ballots: [{ ...ballot, locks: set(agreement.view, "") }] }, NOW);
    a.hear("b", { standing: a.standing({ lineage: "other" }) });
    assert.deepEqual(a.sent("b").flatMap((frame) => frame.ballots ?? []), []);
    a.link("c").hear("c", { standing: a.standing() });
    a.hear("c", { standing: a.standing() });
    assert.deepEqual(a.sent("c").flatMap((frame) => frame.ballots ?? []), agreement.undecided().ballots);
  });

  it("tells lineage, age, rank, view, digest and time", () => {
    const a = new One("b");
    a.rank = 1;
    a.time.adopt(NOW + 5000, NOW);
    const { id, bornMs } = a.membership.agreement.lineage;
    const digest = a.membership.members.digest;
    const restsFrom = windowOf(NOW) + AWAKE_WINDOWS;
    assert.deepEqual(a.standing(), { lineage: id, bornMs, rank: 1, view: 2, digest, sentAtMs: NOW + 5000, restsFrom });
    a.runsDigest = -1;
    assert.equal(a.standing().digest, ~digest >>> 0, "32 bits, without a sign");
  });
});

describe("a frame", () => {
  it("concerns an agent if it is of its lineage", () => {
    const a = new One().link("b");
    const heard = [{ standing: a.standing() }, { standing: a.standing({ lineage: "other" }) }, {}];
    assert.deepEqual(heard.map((frame) => a.hear("b", frame)), [true, false, false]);
  });

  it("that asks for everything is answered, whoever asks, but not again and again", () => {
    const a = new One().link("b");
    a.hear("b", { pull: true, standing: a.standing({ lineage: "other" }) });
    a.hear("b", { pull: true });
    assert.deepEqual(a.told, ["b"]);
    a.nowMs += PULL_EVERY_MS;
    a.hear("b", { pull: true });
    assert.deepEqual(a.told, ["b", "b"]);
  });

  it("with a timestamp is answered at once the first time, then now and then", () => {
    const a = new One().link("b");
    a.turn();
    a.hear("b", { standing: a.standing({ sentAtMs: NOW - 7 }) });
    assert.deepEqual(a.sent("b").map((frame) => frame.echo), [{ sentAtMs: NOW - 7, heldMs: 0 }]);
    a.hear("b", { standing: a.standing() });
    assert.deepEqual(a.sent("b"), []);
    const echoes: number[] = [];
    for (let ms = 0; ms < 2 * ECHO_EVERY_MS; ms += 50) {
      if (frames(a.turn(50), "b").some((frame) => frame.echo !== undefined)) echoes.push(ms);
    }
    assert.ok(echoes.length >= 4 && echoes.length <= 6, String(echoes));
    assert.ok(echoes[0]! >= FIRST_ECHO_EVERY_MS - 50 && echoes.at(-1)! - echoes.at(-2)! >= ECHO_EVERY_MS);
  });

  it("tells the time only if its sender is a member that has its share, and how far away it is if it is one", () => {
    const rows = [["b", true, 8], ["c", false, 8], ["x", false, 0]] as const;
    for (const [peer, isSure, roundTripMs] of rows) {
      const a = new One("b").link(peer);
      const { agreement } = a.membership;
      const fromWindow = windowOf(a.nowMs) + 1;
      agreement.take({ commits: [commitOf(agreement.view, change(agreement.view, "", "c", { fromWindow }))] }, a.nowMs);
      const { sentAtMs } = a.standing();
      a.nowMs += 10;
      a.hear(peer, { standing: a.standing(), echo: { sentAtMs, heldMs: 2 } });
      assert.deepEqual([a.time.isSure(a.nowMs), a.time.roundTripMs()], [isSure, roundTripMs]);
    }
  });
});

describe("everything is asked for", () => {
  const rows: readonly [string, Partial<Standing>, number][] = [
    ["from who has a newer view", { view: 3 }, 1],
    ["not from who has an older one", { view: 1, digest: 1 }, 0],
    ["not from who knows the same", {}, 0],
    ["from who is in a lineage to be followed", { lineage: "other", bornMs: 0 }, 1],
    ["not from who is in one that is not", { lineage: "other", bornMs: NOW + 1 }, 0],
  ];
  for (const [name, part, expected] of rows) {
    it(name, () => {
      const a = new One("b").link("b");
      a.hear("b", { standing: a.standing(part) });
      assert.equal(pulls(a.sent("b")), expected);
    });
  }

  it("from one of another busy swarm, which is not followed: at first, and later where that knows something new", () => {
    const a = new One("b").link("b");
    a.rank = 2;
    const heard = (digest: number, lineage = "other") => {
      a.hear("b", { standing: a.standing({ lineage, bornMs: 0, rank: 2, digest }) });
      const effects = a.out.take();
      const met = effects.filter((one) => one.kind === "emit" && one.event.type === "apart").length;
      return [effects.filter((one) => one.kind === "send" && one.frame.pull === true).length, met];
    };
    assert.deepEqual([heard(1), heard(1), heard(2), heard(3, "third")], [[1, 1], [0, 0], [0, 0], [0, 0]]);
    a.nowMs += PULL_APART_EVERY_MS;
    assert.deepEqual([heard(1), heard(2), heard(3, "third")], [[0, 0], [1, 0], [0, 0]]);
    a.nowMs += PULL_APART_EVERY_MS;
    assert.deepEqual(heard(3, "third"), [1, 1]);
    a.nowMs += PULL_APART_EVERY_MS;
    assert.deepEqual([heard(2), heard(3, "third")], [[0, 0], [0, 0]], "each is remembered");
    a.rank = 0;
    a.nowMs += PULL_APART_EVERY_MS;
    assert.deepEqual(heard(4), [1, 0], "followed");
  });

  it("from who knows other things for a while", () => {
    const a = new One("b").link("b");
    const other = { digest: a.standing().digest ^ 1 };
    const asked: number[] = [];
    for (let ms = 0; ms <= 3 * PULL_EVERY_MS; ms += 100) {
      a.hear("b", { standing: a.standing(other) });
      if (pulls(a.sent("b")) > 0) asked.push(ms);
      a.nowMs += 100;
    }
    assert.deepEqual(asked, [1, 2, 3].map((times) => times * PULL_EVERY_MS));
  });

  it("from one at a time of several who know other things, and not while there is news", () => {
    const a = new One("bcd").link("b", "c", "d");
    const asked: number[] = [];
    for (let ms = 0; ms <= 4 * PULL_EVERY_MS; ms += 100) {
      // For a second members have something new to say.
      if (ms <= PULL_EVERY_MS) a.membership.take([member("x", { incarnation: ms + 1 })], a.nowMs);
      a.turn(ms === 0 ? 0 : 100);
      for (const from of "bcd") a.hear(from, { standing: a.standing({ digest: a.standing().digest ^ 1 }) });
      asked.push(...Array<number>(pulls(a.sent())).fill(ms));
    }
    assert.ok(asked[0]! >= 2 * PULL_EVERY_MS, String(asked));
    assert.ok(asked.length >= 2 && asked.every((ms, i) => i === 0 || ms >= asked[i - 1]! + PULL_EVERY_MS), String(asked));
  });

  it("not from who knows other things for a moment only", () => {
    const a = new One("b").link("b");
    for (let ms = 0; ms <= 3 * PULL_EVERY_MS; ms += 100) {
      const { digest } = a.standing();
      a.hear("b", { standing: a.standing({ digest: ms % 900 === 0 ? digest : digest ^ 1 }) });
      a.nowMs += 100;
    }
    assert.equal(pulls(a.sent("b")), 0);
  });

  it("of one peer not again and again, of another at once", () => {
    const a = new One("bc").link("b", "c");
    for (const from of ["b", "b", "c"]) a.hear(from, { standing: a.standing({ view: 3 }) });
    assert.deepEqual([pulls(frames(a.out.take()))], [2]);
    a.nowMs += PULL_EVERY_MS;
    a.hear("b", { standing: a.standing({ view: 3 }) });
    assert.equal(pulls(a.sent("b")), 1);
  });
});

describe("news", () => {
  /** Turns until something is sent; how long that took. */
  function waits(a: One, atMost = 2 * WINDOW_MS): number {
    for (let ms = 0; ms <= atMost; ms++) if (frames(a.turn(ms === 0 ? 0 : 1)).length > 0) return ms;
    return Number.POSITIVE_INFINITY;
  }

  it("goes to all in the very same frame, so that it is encoded once", () => {
    const a = new One("bc").link("b", "c");
    a.turn(WINDOW_MS);
    a.membership.take([member("d")], a.nowMs);
    a.turn(FLUSH_MS);
    const effects = a.turn(FLUSH_MS);
    const [one, other] = ["b", "c"].map((peer) => frames(effects, peer)[0]);
    assert.equal(one, other);
    assert.deepEqual(one!.members, [member("d", { fromMs: Infinity })]);
    assert.deepEqual(a.membership.takeNews(), []);
  });

  it("after a quiet time waits only for what comes with it", () => {
    const a = new One("b").link("b");
    a.turn(WINDOW_MS);
    a.turn(WINDOW_MS - FLUSH_MS);
    a.membership.take([member("d")], a.nowMs);
    assert.equal(waits(a), FLUSH_SOON_MS);
  });

  it("is gathered for a while after the last frame", () => {
    const a = new One("b").link("b");
    a.turn(WINDOW_MS);
    a.membership.take([member("d")], a.nowMs);
    assert.equal(waits(a), FLUSH_MS);
  });

  it("of quiet times, which is roll calls, is gathered for longer", () => {
    const a = new One("b").link("b");
    a.turn(WINDOW_MS);
    const { agreement } = a.membership;
    agreement.turn(a.nowMs, a.nowMs);
    assert.deepEqual([agreement.hasNews(), agreement.isUnquiet(a.nowMs)], [true, false]);
    assert.equal(waits(a), QUIET_FLUSH_MS);
  });

  for (const [lateMs, expected] of [[-1, FLUSH_MS], [10, FLUSH_MS + 10 * FLUSH_LATE_FACTOR], [5000, QUIET_FLUSH_MS]] as const) {
    it(`is gathered for ${expected} ms by an agent whose turn came ${lateMs} ms late, then as usual again`, () => {
      const a = new One("b").link("b");
      a.gossip.turn(a.nowMs, lateMs);
      a.out.take();
      a.membership.take([member("d")], a.nowMs);
      assert.equal(waits(a), expected);
      a.membership.take([member("e")], a.nowMs);
      assert.equal(waits(a), FLUSH_MS);
    });
  }

  it("that is urgent does not wait behind what is not", () => {
    const a = new One("b").link("b");
    a.turn(WINDOW_MS);
    a.membership.agreement.turn(a.nowMs, a.nowMs);
    a.turn();
    a.membership.take([member("d")], a.nowMs);
    assert.equal(waits(a), FLUSH_MS);
  });

  it("that may follow from what was heard is looked for soon, then not again and again", () => {
    const a = new One("b").link("b");
    a.turn(WINDOW_MS);
    a.turn(2 * FLUSH_MS);
    const { agreement } = a.membership;
    const looks = (): number => {
      agreement.wishesChanged();
      for (let ms = 0; ; ms++) {
        assert.deepEqual(a.turn(ms === 0 ? 0 : 1), [], "there is none");
        if (!a.gossip.isDue(a.nowMs + 1)) continue;
        a.nowMs++;
        agreement.turn(a.nowMs, a.nowMs);
        a.turn();
        return ms + 1;
      }
    };
    agreement.turn(a.nowMs, a.nowMs);
    agreement.takeNews();
    assert.deepEqual([looks(), looks()], [FLUSH_SOON_MS, FLUSH_MS]);
  });

  it("or none, a frame is sent in every window", () => {
    const a = new One("b").link("b");
    a.turn();
    assert.equal(a.gossip.nextMs(), NOW + WINDOW_MS);
    assert.equal(waits(a), WINDOW_MS);
  });

  it("wakes nobody who has no link", () => {
    const a = new One("b");
    a.turn();
    assert.equal(a.gossip.nextMs(), Infinity);
  });

  it("goes on at once after changing over to a time that is hours earlier", () => {
    const a = new One("b").link("b");
    a.turn();
    a.time.adopt(NOW - 3_600_000, NOW);
    a.membership.take([member("d")], a.nowMs);
    assert.equal(waits(a), FLUSH_MS);
  });
});

describe("a link", () => {
  const ids = letters(26).slice(1);
  /** `x` is a member, but neither is a neighbour of the other. */
  function spare(): { a: One; x: string } {
    const a = new One(ids);
    const x = [...ids].find((id) => !a.membership.neighbours.includes(id))!;
    return { a: a.link(x), x };
  }
  /** When it is closed, if its peer says this every 100 ms. */
  function closes(a: One, peer: string, says: () => Frame, forMs = 30_000): number {
    for (let ms = 0; ms < forMs; ms += 100) {
      a.hear(peer, says());
      if (a.turn(100).some((effect) => effect.kind === "unlink" && effect.peer === peer)) return ms + 100;
    }
    return Number.POSITIVE_INFINITY;
  }

  it("that nobody needs is closed after a while, with a word", () => {
    const { a, x } = spare();
    const closedMs = closes(a, x, () => ({ standing: a.standing() }));
    assert.ok(closedMs >= SPARE_LINK_MS && closedMs <= SPARE_LINK_MS + 2 * WINDOW_MS, String(closedMs));
    assert.equal(a.gossip.linkDown(x), true, "on purpose");
  });

  it("says goodbye before it is closed", () => {
    const { a, x } = spare();
    a.hear(x, { standing: a.standing() });
    const effects = a.turn(SPARE_LINK_MS + WINDOW_MS);
    const kinds = effects.map((one) => (one.kind === "send" && one.frame.goodbye === true ? "goodbye" : one.kind));
    assert.deepEqual(kinds.slice(-2), ["goodbye", "unlink"]);
  });

  it("that nobody needs carries no news", () => {
    const { a, x } = spare();
    a.hear(x, { standing: a.standing() });
    a.out.take();
    a.membership.take([member("zz")], a.nowMs);
    assert.deepEqual(frames(a.turn(WINDOW_MS), x).filter((frame) => frame.echo === undefined), []);
  });

  const stays: readonly [string, (a: One) => Frame][] = [
    ["over which results are asked for", (a) => ({ standing: a.standing(), gather: { id: 1, run: "r", have: [] } })],
    ["to who has another view", (a) => ({ standing: a.standing({ view: 1 }) })],
    ["to who is in another lineage", (a) => ({ standing: a.standing({ lineage: "other" }) })],
  ];
  for (const [name, says] of stays) {
    it(`${name} stays`, () => {
      const { a, x } = spare();
      assert.equal(closes(a, x, () => says(a)), Infinity);
    });
  }

  it("to a neighbour stays as long as anything is heard, and is closed when nothing is", () => {
    const a = new One("b").link("b");
    assert.equal(closes(a, "b", () => ({ standing: a.standing() })), Infinity);
    const effects = Array.from({ length: 70 }, () => a.turn(100).some((one) => one.kind === "unlink"));
    const closedMs = 100 * (effects.indexOf(true) + 1);
    assert.ok(closedMs >= ZOMBIE_LINK_MS && closedMs <= ZOMBIE_LINK_MS + 2 * WINDOW_MS, String(closedMs));
    assert.equal(effects.filter(Boolean).length, 1, "once");
  });

  it("that broke is told from one that was closed on purpose, by either side", () => {
    const a = new One("bc").link("b", "c");
    a.hear("c", { goodbye: true });
    assert.deepEqual([a.gossip.linkDown("b"), a.gossip.linkDown("c"), a.gossip.linkDown("x")], [false, true, false]);
    assert.equal(a.gossip.peer("b"), undefined);
  });
});
