// Compact records behave as a Map does, but for the order in which they are listed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberId, MemberRecord } from "../../node/core/events.ts";
import { unknown } from "../../node/core/members.ts";
import { CompactRecords, SharedIds } from "../../sim/records.ts";
import { forSeeds } from "../support/random.ts";

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
          const record = { ...unknown(id), incarnation: i };
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
    for (const id of "cab") one.set(id, unknown(id));
    for (const id of "bca") other.set(id, unknown(id));
    for (const each of [one, other]) assert.equal(each.values().map(({ id }) => id).join(""), "cab");
  });

  it("of nobody are not found, nor do they number anybody", () => {
    const ids = new SharedIds();
    const records = new CompactRecords(ids);
    records.delete("a");
    assert.deepEqual([records.get("a"), records.size, ids.find("a")], [undefined, 0, -1]);
  });
});
