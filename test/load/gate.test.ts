// The gate: who waits, who goes on, and when a turn is asked for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gateOf } from "./support.ts";

const named = (name: string, went: string[], act = () => {}) => ({ resume: () => void (went.push(name), act()) });

test("whoever waits asks for a turn, and goes on in the order of coming, so many at a time", () => {
  const went: string[] = [];
  const gate = gateOf();
  for (const name of ["a", "b", "c"]) gate.wait(named(name, went));
  assert.deepEqual([gate.wakes, gate.waiting], [3, 3]);
  assert.equal(gate.release(2), true);
  assert.deepEqual(went, ["a", "b"]);
  assert.equal(gate.release(2), false);
  assert.deepEqual(went, ["a", "b", "c"]);
  assert.equal(gate.release(2), false);
});

test("whoever has left does not go on", () => {
  const went: string[] = [];
  const gate = gateOf();
  const a = named("a", went);
  gate.wait(a);
  gate.leave(a);
  assert.equal(gate.release(9), false);
  assert.deepEqual(went, []);
});

test("one that comes to wait again while others are let go waits for the next time", () => {
  const went: string[] = [];
  const gate = gateOf();
  const a = named("a", went, () => gate.wait(a));
  gate.wait(a);
  assert.equal(gate.release(9), true);
  assert.deepEqual(went, ["a"]);
});

test("it lets nobody go once it has shut in the middle", () => {
  const went: string[] = [];
  let open = true;
  const gate = gateOf(() => open);
  gate.wait(named("a", went, () => (open = false)));
  gate.wait(named("b", went));
  assert.equal(gate.release(9), true);
  assert.deepEqual(went, ["a"]);
});
