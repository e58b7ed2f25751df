// Routes: everybody is asked through one neighbour, the nearest, and nobody through those who may not answer.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyPositions, has, insert, listed, positionsOf } from "../../node/core/agreement/positions.ts";
import { ranges, routes } from "../../node/core/routes.ts";
import { forSeeds } from "../support/random.ts";
import { viewOf } from "./gather-net.ts";

const view = (size: number) => viewOf(Array.from({ length: size }, (_, i) => `m${1000 + i}`), 1);
const NOBODY = emptyPositions(0);

describe("routes", () => {
  it("part those to be asked among the sources", () => {
    forSeeds(50, (random) => {
      const of = view(random.integer(2, 300));
      const ask = positionsOf(of.ids.map((_, i) => i).filter((i) => i > 0 && random.next() < 0.7), of.size);
      const groups = routes(of, ask, of.neighboursOf(0), positionsOf([0], of.size));
      const asked = [...groups.values()].flatMap((group) => listed(group));
      assert.deepEqual(asked.sort((a, b) => a - b), listed(ask));
      for (const source of of.neighboursOf(0)) if (has(ask, source)) assert.ok(has(groups.get(source)!, source));
    });
  });

  it("are short: a step from each member to the next one, and as many groups as links", () => {
    const of = view(1000);
    let [asking, steps] = [[...of.ids.keys()].slice(1), 0];
    for (let at = 0; asking.length > 0; steps++) {
      const groups = routes(of, positionsOf(asking, of.size), of.neighboursOf(at), positionsOf([at], of.size));
      assert.ok(groups.size <= 10);
      const [next, largest] = [...groups].sort((a, b) => listed(b[1]).length - listed(a[1]).length)[0]!;
      assert.ok(listed(largest).length <= asking.length / 2 || asking.length < 10);
      at = next;
      asking = listed(largest).filter((position) => position !== next);
    }
    assert.ok(steps <= 6, `${steps} steps`);
  });

  it("lead through nobody who is avoided, but to such a one if it is asked for", () => {
    const of = view(100);
    const avoid = positionsOf([0, ...of.neighboursOf(50)], of.size);
    const sources = of.neighboursOf(0).filter((position) => !has(avoid, position));
    const everybody = emptyPositions(of.size);
    for (let i = 1; i < of.size; i++) insert(everybody, i);
    const asked = [...routes(of, everybody, sources, avoid).values()].flatMap((group) => listed(group));
    assert.ok(!asked.includes(50), "all ways to it are avoided");
    for (const position of of.neighboursOf(50)) assert.ok(position === 0 || asked.includes(position));
  });

  it("do not exist without a source", () => {
    assert.equal(routes(view(5), positionsOf([1, 2], 5), [], NOBODY).size, 0);
  });
});

describe("ranges", () => {
  const cases: readonly [number, number, number[]][] = [
    [0, 16, []],
    [1, 16, [1]],
    [16, 16, Array<number>(16).fill(1)],
    [35, 16, [2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 2, 3, 2, 3]],
  ];
  for (const [count, most, sizes] of cases) {
    it(`of ${count} in ${most} hold each of them once`, () => {
      const all = Array.from({ length: count }, (_, i) => 3 * i);
      assert.deepEqual(ranges(all, most).flat(), all);
      assert.deepEqual(ranges(all, most).map((range) => range.length).sort(), sizes.toSorted());
    });
  }
});
