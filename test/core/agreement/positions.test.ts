// Positions behave like sets of numbers, also where the words end.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  count, emptyPositions, fits, has, hashOf, insert, insertAll, isEmpty, isSame, listed, NOBODY, positionsOf,
} from "../../../node/core/agreement/positions.ts";
import { isWithin } from "../../../node/core/subsets.ts";
import { forSeeds, type Random } from "../../support/random.ts";

const SIZES = [1, 31, 32, 33, 63, 64, 65, 100];

function some(random: Random, size: number): number[] {
  return Array.from({ length: size }, (_, i) => i).filter(() => random.next() < 0.4);
}

describe("positions", () => {
  it("are a set of numbers, whatever the size of the view", () => {
    for (const size of SIZES) {
      forSeeds(20, (random) => {
        const model = new Set(some(random, size));
        const positions = emptyPositions(size);
        for (const one of model) insert(positions, one);
        assert.deepEqual(listed(positions), [...model]);
        assert.equal(count(positions), model.size);
        assert.equal(isEmpty(positions), model.size === 0);
        assert.deepEqual(positions, positionsOf(model, size));
        for (let i = -1; i <= size + 40; i++) assert.equal(has(positions, i), model.has(i), `${i} of ${size}`);
      });
    }
  });

  it("of everybody are as many as there are members", () => {
    for (const size of SIZES) assert.equal(count(positionsOf(Array(size).keys(), size)), size);
  });

  it("are united by insertAll, which tells whether there was anything new", () => {
    forSeeds(100, (random) => {
      const size = random.pick(SIZES);
      const [one, other] = [some(random, size), some(random, size)];
      const union = positionsOf(one, size);
      const isNews = other.some((position) => !one.includes(position));
      assert.equal(insertAll(union, positionsOf(other, size)), isNews);
      assert.deepEqual(new Set(listed(union)), new Set([...one, ...other]));
      assert.equal(insertAll(union, positionsOf(other, size)), false, "twice is once");
    });
  });

  it("hold exactly what adding would not change", () => {
    forSeeds(100, (random) => {
      const [size, sizeB] = [random.pick(SIZES), random.pick(SIZES)];
      const [one, other] = [some(random, size), some(random, sizeB)];
      const isIn = other.every((position) => one.includes(position));
      assert.equal(isWithin(positionsOf(other, sizeB), positionsOf(one, size)), isIn);
    });
  });

  it("take from a longer set what they have room for", () => {
    const small = emptyPositions(32);
    assert.equal(insertAll(small, positionsOf([3, 40], 64)), true);
    assert.deepEqual(listed(small), [3]);
    assert.equal(insertAll(small, positionsOf([40], 64)), false);
  });

  const same: readonly [string, number[], number, number[], number, boolean][] = [
    ["trailing zeros do not matter", [1], 32, [1], 96, true],
    ["a difference in the last word does", [1], 32, [1, 95], 96, false],
    ["nor does the side on which they are", [1, 95], 96, [1], 32, false],
    ["nobody is nobody", [], 1, [], 65, true],
  ];
  for (const [name, a, sizeA, b, sizeB, expected] of same) {
    const [setA, setB] = [positionsOf(a, sizeA), positionsOf(b, sizeB)];
    it(`equality: ${name}`, () => assert.equal(isSame(setA, setB), expected));
    it(`hashes that are equal exactly for equal sets: ${name}`, () => assert.equal(hashOf(setA) === hashOf(setB), expected));
  }

  it("fit a view exactly if each of them is a position in it", () => {
    for (const size of SIZES) {
      for (let position = 0; position < size + 70; position++) {
        assert.equal(fits(positionsOf([position], size + 70), size), position < size, `${position} in ${size}`);
      }
      assert.equal(fits(NOBODY, size), true);
    }
  });
});
