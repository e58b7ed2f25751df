// Compact records behave as a Map does, and compact ids as a Set, but for the order in which they are listed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberId, MemberRecord } from "../../node/core/events.ts";
import { unknown } from "../../node/core/members.ts";
import { CompactIds, CompactRecords, SharedIds } from "../../sim/records.ts";
import { forSeeds } from "../support/random.ts";

const recordOf = (id: MemberId) => unknown({ id, incarnation: 1, weight: 1, fromWindow: 0 });
const byId = (a: MemberRecord, b: MemberRecord) => (a.id < b.id ? -1 : 1);

describe("compact records", () => {
  it("are those of a Map, whatever is done to them, each agent with its own", () => {
    forSeeds(50, (random) => {
      const ids = new SharedIds();
      const agents = [0, 1].map(() => ({ compact: new CompactRecords(ids), map: new Map<MemberId, MemberRecord>() }));
      for (let i = 0; i < 400; i++) {
        const { compact, map } = random.pick(agents);
        const id = `m${random.integer(0, 199)}`;
        if (random.next() < 0.3) {
          compact.delete(id);
          map.delete(id);
        } else {
          const record = { ...recordOf(id), incarnation: i };
          compact.set(id, record);
          map.set(id, record);
        }
        assert.equal(compact.get(id), map.get(id));
      }
      for (const { compact, map } of agents) {
        assert.equal(compact.size, map.size);
        assert.deepEqual([...compact.values()].sort(byId), [...map.values()].sort(byId));
        for (let i = 0; i < 200; i++) assert.equal(compact.get(`m${i}`), map.get(`m${i}`));
      }
    });
  });

  it("are listed in the same order by all agents: that in which ids were first heard of", () => {
    const ids = new SharedIds();
    const [one, other] = [new CompactRecords(ids), new CompactRecords(ids)];
    for (const id of "cab") one.set(id, recordOf(id));
    for (const id of "bca") other.set(id, recordOf(id));
    for (const each of [one, other]) assert.equal(each.values().map(({ id }) => id).join(""), "cab");
  });

  it("of nobody are not found, nor do they number anybody", () => {
    const ids = new SharedIds();
    const records = new CompactRecords(ids);
    records.delete("a");
    assert.deepEqual([records.get("a"), records.size, ids.find("a")], [undefined, 0, -1]);
  });
});

describe("compact ids", () => {
  it("are those of a Set, whatever is done to them, each agent with its own", () => {
    forSeeds(50, (random) => {
      const ids = new SharedIds();
      const agents = [0, 1].map(() => ({ compact: new CompactIds(ids), set: new Set<MemberId>() }));
      for (let i = 0; i < 400; i++) {
        const { compact, set } = random.pick(agents);
        const id = `m${random.integer(0, 99)}`;
        const what = random.next();
        for (const each of [compact, set]) {
          if (what < 0.01) each.clear();
          else if (what < 0.4) each.delete(id);
          else each.add(id);
        }
        assert.deepEqual([compact.has(id), compact.size], [set.has(id), set.size]);
      }
      for (const { compact, set } of agents) assert.deepEqual([...compact.values()].sort(), [...set].sort());
    });
  });

  it("are listed in the order in which they were first heard of", () => {
    const ids = new SharedIds();
    const [one, other] = [new CompactIds(ids), new CompactIds(ids)];
    const all = Array.from({ length: 70 }, (_, i) => `m${i}`);
    for (const id of all) one.add(id);
    for (const id of all.slice().reverse()) other.add(id);
    for (const each of [one, other]) assert.deepEqual(each.values(), all);
  });
});
