// Sets of positions compared with each other and taken from each other.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listed, NOBODY, positionsOf } from "../../node/core/agreement/positions.ts";
import { everybodyBut } from "../../node/core/subsets.ts";

describe("everybody but some", () => {
  for (const size of [0, 1, 31, 32, 33, 64, 65]) {
    const all = Array.from({ length: size }, (_, i) => i);

    it(`of ${size}: those who are not among them, and nobody beyond the size`, () => {
      assert.deepEqual(listed(everybodyBut(NOBODY, size)), all);
      assert.deepEqual(listed(everybodyBut(positionsOf(all, size), size)), []);
      const odd = all.filter((one) => one % 2 === 1);
      assert.deepEqual(listed(everybodyBut(positionsOf(odd, size), size)), all.filter((one) => one % 2 === 0));
    });

    it(`of ${size}, into a set that held others`, () => {
      const set = positionsOf(all, size);
      assert.equal(everybodyBut(positionsOf(all, size), size, set), set);
      assert.deepEqual(listed(set), []);
    });
  }
});
