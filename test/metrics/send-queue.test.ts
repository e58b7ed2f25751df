// The queue's bounds: age, bytes, order.

import assert from "node:assert/strict";
import { it } from "node:test";
import { type Push, SendQueue } from "../../node/metrics/send-queue.ts";

const push = (atMs: number, bytes = 10, samples = 1): Push => ({
  atMs,
  bodies: { "1.0": new Uint8Array(bytes) },
  samples,
  histograms: 1,
});
const times = (pushes: readonly Push[]) => pushes.map(({ atMs }) => atMs);

it("oldest first", () => {
  const queue = new SendQueue();
  for (const atMs of [1, 2, 3]) assert.deepEqual(queue.add(push(atMs)), []);
  assert.deepEqual([queue.head!.atMs, queue.length, queue.bytes, queue.points], [1, 3, 30, 6]);
  assert.deepEqual([queue.shift()!.atMs, queue.shift()!.atMs, queue.shift()!.atMs, queue.shift()], [1, 2, 3, null]);
  assert.deepEqual([queue.head, queue.bytes, queue.points], [null, 0, 0]);
});

it("what is too large goes, oldest first; the newest stays, however large", () => {
  const queue = new SendQueue({ maxAgeMs: 1000, maxBytes: 25 });
  queue.add(push(1));
  queue.add(push(2));
  assert.deepEqual(times(queue.add(push(3))), [1]);
  assert.deepEqual(times(queue.add(push(4, 1000))), [2, 3]);
  assert.deepEqual([queue.head!.atMs, queue.bytes], [4, 1000]);
});

it("what is too old goes, to the millisecond", () => {
  const queue = new SendQueue({ maxAgeMs: 100, maxBytes: 1000 });
  for (const atMs of [0, 50, 101]) queue.add(push(atMs));
  assert.deepEqual(times(queue.expire(100)), []);
  assert.deepEqual(times(queue.expire(101)), [0]);
  assert.deepEqual(times(queue.expire(10_000)), [50, 101]);
  assert.deepEqual([queue.length, queue.bytes], [0, 0]);
});

it("once the version is settled only its bodies take room, and they are the same bytes", () => {
  const queue = new SendQueue();
  const [one, two] = [new Uint8Array(5), new Uint8Array(7)];
  queue.add({ atMs: 1, bodies: { "1.0": one, "2.0": two }, samples: 1, histograms: 0 });
  assert.equal(queue.bytes, 12);
  queue.settle("2.0");
  assert.equal(queue.bytes, 7);
  assert.equal(queue.head!.bodies["2.0"], two);
  assert.equal(queue.head!.bodies["1.0"], undefined);
});
