// The push as the agent sees it: its rhythm, its last words, and that its own faults stay its own.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reading } from "../../node/metrics/reading.ts";
import { untilPush } from "../../node/metrics/push-rhythm.ts";
import { RemoteWrite, type RemoteWriteOptions } from "../../node/metrics/remote-write.ts";
import { COMMON, durations, gauge, requests, SKETCH, START } from "./readings.ts";
import { PLAIN_SETTINGS, Receiver } from "./receiver.ts";

const INTERVAL_MS = 5000;

describe("the rhythm", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `loadswarm-${i.toString(36)}`);

  it("agents push spread over the interval: in each tenth of it about a tenth of them", () => {
    const tenths = new Array<number>(10).fill(0);
    for (const name of names)
      tenths[Math.floor(((START + untilPush(START, INTERVAL_MS, name)) % INTERVAL_MS) / 500)]!++;
    for (const count of tenths) assert.ok(count > 60 && count < 140, tenths.join(" "));
  });

  it("each at the same moment of every interval, never twice within half of one", () => {
    for (const name of names.slice(0, 50)) {
      const moment = (START + untilPush(START, INTERVAL_MS, name)) % INTERVAL_MS;
      for (let sinceMs = 0; sinceMs < 12_000; sinceMs += 313) {
        const waitMs = untilPush(START + sinceMs, INTERVAL_MS, name);
        assert.ok(waitMs > INTERVAL_MS / 2 && waitMs <= 1.5 * INTERVAL_MS, `${waitMs}`);
        assert.ok(Math.abs(((START + sinceMs + waitMs) % INTERVAL_MS) - moment) < 1e-3);
      }
    }
  });
});

describe("an agent that leaves", () => {
  async function leave(
    more: Partial<RemoteWriteOptions>,
  ): Promise<{ receiver: Receiver; faults: unknown[]; push: RemoteWrite }> {
    const receiver = await Receiver.start();
    const faults: unknown[] = [];
    let nowMs = START + 20_000;
    const push = new RemoteWrite({
      receiver: { ...PLAIN_SETTINGS, url: receiver.url, userAgent: "t" },
      protocol: "2.0",
      histograms: "native",
      intervalMs: 3_600_000,
      maxAgeMs: 60_000,
      common: COMMON,
      collect: (): Reading[] => [
        requests(7),
        requests(5, "other"),
        gauge(1),
        durations(SKETCH),
        durations(SKETCH, "other"),
      ],
      now: () => (nowMs += 1),
      onNews: () => {},
      onFault: (error) => faults.push(error),
      ...more,
    });
    await push.leave();
    await receiver[Symbol.asyncDispose]();
    return { receiver, faults, push };
  }

  it("pushes its last values and then the end of each of its series", async () => {
    const { receiver, faults, push } = await leave({});
    const [last, end] = receiver.received.map(({ written }) => written.series);
    assert.deepEqual([receiver.received.length, faults.length], [2, 0]);
    const search = last!.find(({ labels, samples }) => samples.length > 0 && labels.some(([, value]) => value === "search"));
    assert.equal(search!.samples.at(-1)!.value, 7);
    assert.equal(end!.length, last!.length);
    for (const { samples, histograms } of end!) assert.ok(Number.isNaN(samples[0]?.value ?? histograms[0]!.sum));
    const sent = push.readings().find(({ meter }) => meter.name === "loadswarm_remote_write_samples_total")!;
    assert.deepEqual([sent.labels, sent.value], [["sent"], 14]);
    const pushes = push.readings().find(({ meter }) => meter.name === "loadswarm_remote_write_pushes_total")!;
    assert.equal(pushes.value, 1);
  });

  it("has classic histograms by scenario where there are no native ones", async () => {
    const { receiver } = await leave({ histograms: "classic", protocol: "1.0" });
    const series = receiver.received[0]!.written.series.filter(({ labels }) =>
      labels[0]![1].startsWith("loadswarm_request_duration"),
    );
    assert.equal(series.length, 14);
    const count = series.find(({ labels }) => labels[0]![1].endsWith("_count"))!;
    assert.equal(count.samples.at(-1)!.value, 12);
    assert.ok(count.labels.every(([name]) => name !== "request"));
  });

  it("leaves all the same when its values cannot be read", async () => {
    const fault = new Error("no");
    const { receiver, faults } = await leave({
      collect: () => {
        throw fault;
      },
    });
    assert.deepEqual([receiver.received.length, faults], [0, [fault]]);
  });
});
