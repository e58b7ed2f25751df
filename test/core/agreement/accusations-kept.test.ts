// Accusations that are kept, and told to those who were not there: what matters still, and no more than fits into a frame.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Accusations } from "../../../node/core/agreement/accusations.ts";
import type { Chain } from "../../../node/core/agreement/chain.ts";
import { CHAIN_KEPT, CLOSED_HINT_MS, FRAME_LISTS } from "../../../node/core/limits.ts";
import { NOW } from "../support.ts";
import { accusation, accusing, change, chainOf, commitOf, excludedIn, type Kind, viewMember, viewOf } from "./support.ts";

describe("the memory of accusations", () => {
  it("tells no more than fits into a frame: the rest with the next one, and the last to those who were not there", () => {
    const ids = Array.from({ length: 1500 }, (_, i) => `m${String(i).padStart(4, "0")}`);
    const view = viewOf("", { members: ids.map((id) => viewMember(id)) });
    const accusations = new Accusations(chainOf(view));
    let taken = 0;
    for (let target = 0; target < view.size; target++) {
      for (const accuser of view.neighboursOf(target)) {
        if (accusations.take({ view: 1, target, accuser, version: 1, kind: "silent" }, 0)) taken++;
      }
    }
    const most = FRAME_LISTS.accusations;
    assert.ok(taken > most && taken < 2 * most, String(taken));
    assert.deepEqual([accusations.all().length, accusations.all().at(-1)!.target], [most, view.size - 1]);
    assert.deepEqual([0, 1, 2].map(() => accusations.takeNews().length), [most, taken - most, 0]);
  });

  /** "d" is removed, of which these have said something. */
  function removing(accusers: string, kind: Kind): { chain: Chain; accusations: Accusations } {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", accusers, kind);
    chain.adopt(commitOf(chain.current, change(chain.current, "d")));
    accusations.viewChanged();
    return { chain, accusations };
  }

  it("that somebody is silent ends with its membership; nothing like it is news then", () => {
    const { chain, accusations } = removing("ab", "silent");
    assert.deepEqual(accusations.all(), []);
    const isNews = (kind: Kind, version: number) => accusations.take(accusation(chain.at(1)!, "d", "c", kind, version), NOW);
    assert.deepEqual([isNews("silent", 2), isNews("none", 3), isNews("closed", 4)], [false, false, true]);
  });

  it("that links closed goes on for as long as it is a hint, and may be withdrawn", () => {
    const { chain, accusations } = removing("ab", "closed");
    const isNews = (accuser: string, kind: Kind) => accusations.take(accusation(chain.at(1)!, "d", accuser, kind, 2), NOW);
    assert.deepEqual([isNews("c", "closed"), isNews("a", "none")], [true, true]);
    assert.deepEqual(accusations.all().map(({ kind }) => kind).sort(), ["closed", "closed", "none"]);
    assert.deepEqual([...accusations.closed(NOW + CLOSED_HINT_MS - 1)], ["d"]);
    assert.equal(accusations.all().length, 3);
    assert.deepEqual([...accusations.closed(NOW + CLOSED_HINT_MS)], []);
    assert.deepEqual(accusations.all(), []);
  });

  it("of members lasts, however old the hint", () => {
    const chain = chainOf(viewOf("abcd"));
    const accusations = accusing(chain, "d", "abc", "closed");
    assert.deepEqual([...accusations.closed(NOW + CLOSED_HINT_MS)], []);
    assert.equal(accusations.all().length, 3);
    assert.equal(excludedIn(chain, accusations), "d");
  });

  it("ends with the last view that held their target", () => {
    const { chain, accusations } = removing("abc", "closed");
    for (let i = 1; i < CHAIN_KEPT; i++) {
      assert.equal(accusations.all().length, 3, `view ${chain.current.number}`);
      const { current } = chain;
      chain.adopt(commitOf(current, change(current, "", "", { reweighed: [{ position: 0, weight: 2 + i }] })));
      accusations.viewChanged();
    }
    assert.deepEqual(accusations.all(), []);
  });
});
