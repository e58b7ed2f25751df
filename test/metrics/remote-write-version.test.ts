// A receiver that is replaced by another one in the middle of a run, which speaks another version of remote write.

import assert from "node:assert/strict";
import { it } from "node:test";
import type { Protocol } from "../../node/metrics/receiver-answer.ts";
import { RemoteWriteSender } from "../../node/metrics/remote-write-sender.ts";
import { SeriesTable } from "../../node/metrics/series-table.ts";
import { COMMON, gauge, START } from "./readings.ts";

/** What a receiver answers to a push of one sample in a version that it speaks, and in one that it does not. */
const TAKEN: Readonly<Record<Protocol, Readonly<Record<string, string>>>> = {
  "1.0": {},
  "2.0": { "x-prometheus-remote-write-samples-written": "1" },
};

for (const [what, before, after, refusal] of [
  ["an older one that says 415", "2.0", "1.0", 415],
  ["an older one that takes 2.0 for nothing", "2.0", "1.0", 204],
  ["one that speaks 2.0 only", "1.0", "2.0", 415],
] as const) {
  it(`a receiver that is replaced by ${what}: it costs what was encoded for the other, and no more`, async () => {
    let speaks: Protocol = before;
    const versions: Protocol[] = [];
    let nowMs = START;
    const sender = new RemoteWriteSender({
      protocol: "auto",
      onNews() {},
      drainPauseMs: 0,
      now: () => nowMs,
      async post(_, protocol) {
        versions.push(protocol);
        const headers = protocol === speaks ? TAKEN[protocol] : {};
        return { status: protocol === speaks ? 204 : refusal, body: "", header: (name) => headers[name] ?? null };
      },
    });
    const table = new SeriesTable(COMMON, "native");
    async function push(count: number): Promise<void> {
      for (let i = 0; i < count; i++) sender.enqueue(table.step([gauge(i)], (nowMs += 5000)));
      await sender.drain(1000);
    }
    await push(1);
    await push(2);
    speaks = after;
    await push(1);
    assert.deepEqual([sender.counts().sent, sender.counts().rejected], [3, 1]);
    await push(3);
    assert.deepEqual([sender.counts().sent, sender.counts().rejected], [6, 1]);
    assert.deepEqual(versions.slice(-3), [after, after, after]);
  });
}

it("a receiver that takes neither version is said to speak the older one once, not with every push", async () => {
  const news: string[] = [];
  const sender = new RemoteWriteSender({
    protocol: "auto",
    onNews: ({ kind }) => news.push(kind),
    drainPauseMs: 0,
    now: () => START,
    post: async () => ({ status: 415, body: "", header: () => null }),
  });
  const table = new SeriesTable(COMMON, "native");
  for (let i = 0; i < 5; i++) {
    sender.enqueue(table.step([gauge(i)], START + i));
    await sender.drain(1000);
  }
  assert.deepEqual(news, ["protocol", "rejected"]);
  assert.equal(sender.counts().rejected, 5);
});
