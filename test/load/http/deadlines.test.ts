// Many timeouts with one timer: who expires, in which order, and who never does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicMs } from "../../../node/load/clock.ts";
import { Deadlines, type Expiring } from "../../../node/load/http/deadlines.ts";

/** Holds the process while timers that do not are waited for. */
const holding = setInterval(() => {}, 1_000);
test.after(() => clearInterval(holding));

function item(expire: () => void): Expiring {
  return { startMs: monotonicMs(), before: null, after: null, expire };
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("each expires once, not before its time, the earlier ones first", async () => {
  const deadlines = new Deadlines();
  const expired: string[] = [];
  const done = [80, 20, 50, 20, 0].map(
    (timeoutMs, i) =>
      new Promise<void>((resolve) => {
        const each = item(() => {
          assert.ok(monotonicMs() >= each.startMs + timeoutMs);
          expired.push(`${timeoutMs} (${i})`);
          resolve();
        });
        deadlines.add(each, timeoutMs);
      }),
  );
  await Promise.all(done);
  await later(100);
  assert.deepEqual(expired.toSorted(), ["0 (4)", "20 (1)", "20 (3)", "50 (2)", "80 (0)"]);
  assert.ok(expired.indexOf("20 (1)") < expired.indexOf("20 (3)"));
});

test("those that are removed never expire, wherever in the list they stood", async () => {
  for (const removed of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2], [2, 1, 0]]) {
    const deadlines = new Deadlines();
    const expired: number[] = [];
    const items = [0, 1, 2].map((i) => item(() => expired.push(i)));
    const queues = items.map((each) => deadlines.add(each, 5));
    // Twice is as good as once.
    for (const i of [...removed, ...removed]) queues[i]!.remove(items[i]!);
    deadlines.add(item(() => expired.push(9)), 5);
    await later(30);
    assert.deepEqual(expired, [...[0, 1, 2].filter((i) => !removed.includes(i)), 9], removed.join());
  }
});

/** Who expires, in order, where the first adds others while it does, one of them with a shorter timeout, and removes the second. */
async function whileExpiring(): Promise<string[]> {
  const deadlines = new Deadlines();
  const expired: string[] = [];
  const second = item(() => expired.push("second"));
  const first = item(() => {
    expired.push("first");
    queue.remove(second);
    deadlines.add(item(() => expired.push("third")), 10);
    deadlines.add(item(() => expired.push("fourth")), 1);
  });
  const queue = deadlines.add(first, 10);
  deadlines.add(second, 10);
  await later(100);
  return expired;
}

test("one that expires may add another and remove its neighbours", async () => {
  let expired = await whileExpiring();
  // Where the machine stands still for 10 ms both are due at once, and nothing is to be seen of their order.
  for (let again = 0; again < 9 && expired[1] === "third"; again++) expired = await whileExpiring();
  assert.deepEqual(expired, ["first", "fourth", "third"]);
});

test("ever new timeouts are not remembered for ever", async () => {
  const deadlines = new Deadlines();
  for (let i = 1; i <= 100_000; i++) {
    const each = item(() => assert.fail("expired"));
    deadlines.add(each, 100_000 + i).remove(each);
  }
  let expired = false;
  deadlines.add(item(() => (expired = true)), 1);
  await later(50);
  assert.ok(expired);
});
