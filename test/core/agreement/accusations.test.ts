// Accusations: observers alone are heard, the newest word of each counts, and enough of them exclude.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Accusations } from "../../../node/core/agreement/accusations.ts";
import { listed } from "../../../node/core/agreement/positions.ts";
import type { AgreedView } from "../../../node/core/agreement/view.ts";
import type { Accusation } from "../../../node/core/frame.ts";
import { CLOSED_HINT_MS } from "../../../node/core/limits.ts";
import { forSeeds } from "../../support/random.ts";
import { NOW } from "../support.ts";
import { accusation, accusing, change, chainOf, commitOf, excludedIn, idsOf, type Kind, letters, set, viewMember, viewOf } from "./support.ts";

const observersOf = (view: AgreedView, id: string) => idsOf(view, view.neighboursOf(view.positionOf(id)));
const shuffled = <T>(items: readonly T[], next: () => number): T[] =>
  items.map((item) => ({ item, at: next() })).sort((a, b) => a.at - b.at).map(({ item }) => item);

describe("an accusation", () => {
  // A view so large that not everybody watches everybody.
  const chain = chainOf(viewOf(letters(26)));
  const view = chain.current;
  const [observer] = observersOf(view, "k");
  const stranger = view.ids.find((id) => id !== "k" && !observersOf(view, "k").includes(id))!;
  const good = accusation(view, "k", observer!);
  const cases: readonly [string, Accusation, boolean][] = [
    ["of an observer", good, true],
    ["of somebody who does not watch it", accusation(view, "k", stranger), false],
    ["of itself", accusation(view, "k", "k"), false],
    ["in a view that is not known", { ...good, view: 2 }, false],
    ["of a member that there is not", { ...good, target: 26 }, false],
    ["by a member that there is not", { ...good, accuser: 26 }, false],
  ];
  for (const [name, one, expected] of cases) {
    it(`${name} is ${expected ? "heard" : "not heard"}`, () => {
      const accusations = new Accusations(chain);
      assert.equal(accusations.take(one, NOW), expected);
      assert.deepEqual([accusations.hasNews(), accusations.takeNews(), accusations.all()], expected ? [true, [one], [one]] : [false, [], []]);
      assert.equal(accusations.isAccused("k"), expected);
    });
  }

  const versions: readonly [string, number, boolean][] = [["newer", 4, false], ["equal", 3, true], ["older", 2, true]];
  for (const [name, version, stays] of versions) {
    it(`${stays ? "stays after" : "is withdrawn by"} a withdrawal of ${name === "newer" ? "a" : "an"} ${name} version`, () => {
      const accusations = accusing(chain, "k", observer!, "silent", 3);
      assert.equal(accusations.take(accusation(view, "k", observer!, "none", version), NOW), !stays);
      assert.equal(accusations.isAccused("k"), stays);
    });
  }

  it("ends with its accuser's membership, and counts no more when that is back; what it says then is heard", () => {
    const steps = chainOf(viewOf("abcd"));
    const first = steps.current;
    const accusations = accusing(steps, "a", "bc");
    assert.equal(excludedIn(steps, accusations), "a");
    for (const [removed, added] of [["bc", ""], ["", "bc"]] as const) {
      assert.equal(steps.adopt(commitOf(steps.current, change(steps.current, removed, added))), true);
      accusations.viewChanged();
      assert.deepEqual([excludedIn(steps, accusations), accusations.isAccused("a"), accusations.all()], ["", false, []]);
    }
    assert.equal(accusations.take(accusation(first, "a", "b", "silent", 2), NOW), false, "said before it went");
    assert.equal(accusations.take(accusation(steps.current, "a", "b", "silent", 3), NOW), true);
  });

  it("is told once", () => {
    const accusations = accusing(chain, "k", observer!);
    assert.equal(accusations.takeNews().length, 1);
    assert.equal(accusations.take(good, NOW), false);
    assert.deepEqual([accusations.hasNews(), accusations.takeNews()], [false, []]);
  });
});

describe("the excluded", () => {
  it("are those whom more than half of their observers accuse, never those whom fewer than half do", () => {
    for (let size = 2; size <= 26; size++) {
      const chain = chainOf(viewOf(letters(size)));
      for (const target of chain.current.ids) {
        const observers = observersOf(chain.current, target);
        const half = observers.length / 2;
        const more = observers.slice(0, Math.floor(half) + 1);
        assert.equal(excludedIn(chain, accusing(chain, target, more)), target, `${more.length} of ${observers.length}`);
        const fewer = observers.slice(0, Math.ceil(half) - 1);
        assert.equal(excludedIn(chain, accusing(chain, target, fewer)), "", `${fewer.length} of ${observers.length}`);
      }
    }
  });

  it("where observers are few, are not those whom just half of them accuse", () => {
    const chain = chainOf(viewOf("abcde"));
    assert.equal(excludedIn(chain, accusing(chain, "e", "ab")), "");
  });

  it("do not shrink because observers are not there: those who are decide", () => {
    const chain = chainOf(viewOf("abcdefgh"));
    const { current } = chain;
    const observers = observersOf(current, "h");
    const [one, two] = observers;
    const accusations = accusing(chain, "h", one! + two!);
    assert.equal(excludedIn(chain, accusations), "", `two of ${observers.length}`);
    accusations.presence(set(current, `${one}${two}${observers[2]}`));
    assert.equal(excludedIn(chain, accusations), "h", "two of three");
    accusations.presence(set(current, observers));
    assert.equal(excludedIn(chain, accusations), "");
    accusations.presence(set(current, `${one}${two}`));
    assert.equal(excludedIn(chain, accusations), "h");
    accusations.presence(null);
    assert.equal(excludedIn(chain, accusations), "", "all count while it is not known");
  });

  it("are never those whom one observer of several accuses, however few are there", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "a");
    accusations.presence(set(chain.current, "ad"));
    assert.equal(excludedIn(chain, accusations), "");
  });

  it("are those whom the one observer that is there accuses if nobody has heard them answer either", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "a");
    assert.equal(excludedIn(chain, accusations), "", "not while it is not known who answers");
    accusations.presence(set(chain.current, "a"));
    assert.equal(excludedIn(chain, accusations), "d");
    accusations.presence(set(chain.current, "abc"));
    assert.equal(excludedIn(chain, accusations), "", "nor one of three");
  });

  it("in a new view all observers count until it is known who is there", () => {
    const chain = chainOf(viewOf("abcdefgh"));
    const [one, two] = observersOf(chain.current, "h");
    const accusations = accusing(chain, "h", one! + two!);
    accusations.presence(set(chain.current, one! + two!));
    assert.equal(chain.adopt(commitOf(chain.current, change(chain.current, "", "x"))), true);
    accusations.viewChanged();
    assert.equal(excludedIn(chain, accusations), "");
  });

  it("are let in again when an observer takes back what it said", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "ab");
    assert.equal(excludedIn(chain, accusations), "d", "two of three");
    accusations.take(accusation(chain.current, "d", "a", "none", 2), NOW);
    assert.equal(excludedIn(chain, accusations), "");
  });

  for (const [first, second] of ["de", "ed"]) {
    it(`do not count as observers themselves: two cut-off members do not shield each other (${first}, then ${second})`, () => {
      const chain = chainOf(viewOf("abcde"));
      const both = (accusers: string) => {
        const accusations = accusing(chain, first!, "abc");
        for (const id of accusers) accusations.take(accusation(chain.current, second!, id), NOW);
        return excludedIn(chain, accusations);
      };
      // Two of the three that are left to watch it: of all four they would not be more than half.
      assert.equal(both("ab"), "de");
      assert.equal(both("a"), first);
    });
  }

  it("have no say themselves", () => {
    const chain = chainOf(viewOf("abcde"));
    const accusations = accusing(chain, "e", "abc");
    for (const accuser of "be") accusations.take(accusation(chain.current, "d", accuser), NOW);
    assert.equal(excludedIn(chain, accusations), "e", "b alone is not more than half of a, b and c");
  });

  it("of two who accuse each other one stays, the same for all", () => {
    const chain = chainOf(viewOf("ab"));
    const [one, other] = ["ab", "ba"].map((order) => {
      const accusations = new Accusations(chain);
      for (const accuser of order) {
        accusations.take(accusation(chain.current, accuser === "a" ? "b" : "a", accuser), NOW);
      }
      return excludedIn(chain, accusations);
    });
    assert.equal(one, other);
    assert.equal(one!.length, 1);
  });

  it("do not depend on the order in which accusations are heard", () => {
    forSeeds(300, (random) => {
      const chain = chainOf(viewOf(letters(random.integer(2, 8))));
      const view = chain.current;
      const said = view.ids.flatMap((target) =>
        [...observersOf(view, target)].filter(() => random.next() < 0.5).map((accuser) => accusation(view, target, accuser)),
      );
      const found = new Set<string>();
      for (let round = 0; round < 5; round++) {
        const accusations = new Accusations(chain);
        for (const one of shuffled(said, () => random.next())) accusations.take(one, NOW);
        found.add(excludedIn(chain, accusations));
      }
      const text = said.map((one) => `${view.ids[one.accuser]}>${view.ids[one.target]}`).join(" ");
      assert.equal(found.size, 1, `${view.ids.join("")}: ${text} exclude ${[...found].map((one) => `{${one}}`).join(" or ")}`);
    });
  });

  it("are those of the newest view: whoever came back with a newer incarnation is not accused of old", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "abc");
    chain.adopt(commitOf(chain.current, change(chain.current, "d")));
    accusations.viewChanged();
    assert.equal(excludedIn(chain, accusations), "");
    chain.adopt(commitOf(chain.current, change(chain.current, "", "", { added: [viewMember("d", { incarnation: 2 })] })));
    accusations.viewChanged();
    assert.equal(excludedIn(chain, accusations), "");
    assert.equal(accusations.isAccused("d"), false);
  });

  it("stay excluded in the view after: nobody has to say it again", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "abc");
    chain.adopt(commitOf(chain.current, change(chain.current, "", "x")));
    accusations.viewChanged();
    assert.equal(excludedIn(chain, accusations), "d");
  });

  it("may be accused by their observers of the view before, as long as those are still members", () => {
    const accused = (removed: string) => {
      const chain = chainOf(viewOf("abcd"));
      const accusations = accusing(chain, "d", "abc");
      const added = letters(26).slice(4);
      assert.equal(chain.adopt(commitOf(chain.current, change(chain.current, removed, added))), true);
      accusations.viewChanged();
      assert.ok(observersOf(chain.current, "d").length > 6, "many new ones, who have said nothing");
      return excludedIn(chain, accusations);
    };
    assert.equal(accused(""), "d");
    assert.equal(accused("abc"), "");
  });
});

describe("whose links were seen to close", () => {
  const chain = chainOf(viewOf("abcd"));
  const hints: readonly [string, string, Kind, number, boolean][] = [
    ["enough observers say so", "ab", "closed", 0, true],
    ["one says so", "a", "closed", 0, false],
    ["it is silent only", "abc", "silent", 0, false],
    ["it was a while ago", "ab", "closed", CLOSED_HINT_MS - 1, true],
    ["it was too long ago", "ab", "closed", CLOSED_HINT_MS, false],
  ];
  for (const [name, accusers, kind, laterMs, expected] of hints) {
    it(`${expected ? "is taken for gone" : "is not taken for gone"} if ${name}`, () => {
      assert.equal(accusing(chain, "d", accusers, kind).isClosed("d", NOW + laterMs), expected);
    });
  }

  it("is taken for gone also when a view without it is agreed already", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "ab", "closed");
    chain.adopt(commitOf(chain.current, change(chain.current, "d")));
    accusations.viewChanged();
    assert.equal(accusations.isClosed("d", NOW), true);
  });

  it("is not taken for gone if nobody remembers it", () => {
    assert.equal(accusing(chain, "d", "ab", "closed").isClosed("stranger", NOW), false);
  });
});

describe("a member that was in no roll call of late, like all who observe it, and is accused by nobody", () => {
  const chain = chainOf(viewOf(letters(26)));
  const view = chain.current;
  const observers = observersOf(view, "k");
  const without = (absent: string) => set(view, view.ids.filter((id) => !absent.includes(id)).join(""));
  // Somebody else is accused by one observer, which is not enough.
  const other = view.ids.find((id) => id !== "k" && !observers.includes(id))!;
  const rows: readonly [string, string | null, string][] = [
    ["is excluded with them", `k${observers}`, "k"],
    ["is not if one of them was there", `k${observers.slice(1)}`, ""],
    ["is not if it was there", observers, ""],
    ["is not if nobody knows who was there", null, ""],
  ];
  for (const [name, absent, excluded] of rows) {
    it(name, () => {
      const accusations = accusing(chain, other, observersOf(view, other)[0]!);
      accusations.presence(absent === null ? null : without(absent));
      assert.equal(idsOf(view, listed(accusations.excluded()).filter((one) => view.ids[one] === "k")), excluded);
      assert.equal(accusations.isAccused("k"), false);
    });
  }
});
