// A bag holds what was put in and not taken out, whatever the order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Bag, type Bagged } from "../../node/load/bag.ts";
import { forSeeds } from "../support/random.ts";

test("a bag holds the same as a Set, and every item knows whether it is in", () => {
  forSeeds(200, (random) => {
    const items: Bagged[] = Array.from({ length: 20 }, () => ({ place: -1 }));
    const bag = new Bag<Bagged>();
    const set = new Set<Bagged>();
    for (let i = 0; i < 200; i++) {
      const item = random.pick(items);
      if (set.has(item) || random.next() < 0.2) assert.equal(bag.delete(item), set.delete(item));
      else {
        bag.add(item);
        set.add(item);
      }
      assert.equal(bag.size, set.size);
      assert.deepEqual(new Set(bag.all()), set);
      assert.ok(items.every((each) => each.place >= 0 === set.has(each)));
    }
  });
});

test("what is in it may be taken out while one goes through it", () => {
  const bag = new Bag<Bagged>();
  for (let i = 0; i < 5; i++) bag.add({ place: -1 });
  let seen = 0;
  for (const item of bag.all()) {
    seen++;
    bag.delete(item);
  }
  assert.deepEqual([seen, bag.size], [5, 0]);
});
