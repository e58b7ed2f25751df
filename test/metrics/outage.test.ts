// Ten minutes without a receiver, in virtual time: nothing is lost up to the bounds of the queue, and what is lost beyond them
// is counted to the last sample.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import snappy from "snappyjs";
import { BACKOFF } from "../../node/metrics/backoff.ts";
import { RemoteWriteSender } from "../../node/metrics/remote-write-sender.ts";
import { MAX_SERIES } from "../../node/metrics/cardinality.ts";
import { QUEUE } from "../../node/metrics/send-queue.ts";
import { SeriesTable } from "../../node/metrics/series-table.ts";
import { COMMON, durations, requests, sketchOf, START } from "./readings.ts";
import { readV2, type TimeSeries, writtenHeaders } from "./receiver.ts";

const INTERVAL_MS = 5000;
const OUTAGE_MS = 600_000;
/** A fifth of them, as in a plan of twenty requests. */
const HISTOGRAM_PART = 0.2;
/** Wider than what most targets answer with: about 150 buckets. */
const SKETCH = sketchOf(Array.from({ length: 5000 }, (_, i) => 2 * 1.0015 ** i));

interface Outcome {
  /** Of the first counter, as the receiver got them. */
  readonly values: readonly number[];
  readonly series: readonly TimeSeries[];
  readonly counts: ReturnType<RemoteWriteSender["counts"]>;
  readonly enqueued: number;
}

/** Pushes for as long as the receiver is away, and once more when it is back. */
async function survive(seriesCount: number, outageMs: number): Promise<Outcome> {
  let nowMs = START;
  let isUp = false;
  let enqueued = 0;
  const values: number[] = [];
  const series: TimeSeries[] = [];
  const sender = new RemoteWriteSender({
    protocol: "auto",
    now: () => nowMs,
    onNews() {},
    backoff: { firstMs: 1, mostMs: 2 },
    drainPauseMs: 0,
    async post(body, protocol) {
      if (!isUp) throw new Error("refused");
      assert.equal(protocol, "2.0");
      const written = readV2(snappy.uncompress(new Uint8Array(body)));
      values.push(written.series[0]!.samples.at(-1)!.value);
      series.splice(0, series.length, ...written.series);
      const headers = writtenHeaders(written);
      return { status: 204, body: "", header: (name) => headers[name] ?? null };
    },
  });
  const table = new SeriesTable(COMMON, "native");
  const histograms = Math.round(seriesCount * HISTOGRAM_PART);
  const names = Array.from({ length: seriesCount }, (_, i) => `GET /api/items/${i}`);
  for (let push = 1; push <= outageMs / INTERVAL_MS + 1; push++) {
    nowMs += INTERVAL_MS;
    isUp = nowMs > START + outageMs;
    const readings = names.map((name, i) => (i < seriesCount - histograms ? requests(push, name) : durations(SKETCH, name)));
    const batch = table.step(readings, nowMs);
    enqueued += batch.samples + batch.histograms;
    sender.enqueue(batch);
  }
  await sender.drain(20_000);
  return { values, series, counts: sender.counts(), enqueued };
}

describe("a receiver that is away", () => {
  // Ten minutes at least, and then until somebody looks again and the receiver has started.
  for (const [count, outageMs] of [[250, OUTAGE_MS + BACKOFF.mostMs + 30_000], [MAX_SERIES, OUTAGE_MS + BACKOFF.mostMs]] as const) {
    it(`for ten minutes, with ${count} series: every push arrives, once and in order`, async () => {
      const { values, series, counts, enqueued } = await survive(count, outageMs);
      assert.deepEqual(values, Array.from({ length: outageMs / INTERVAL_MS + 1 }, (_, i) => i + 1));
      assert.equal(series.length, count);
      assert.deepEqual([counts.sent, counts.expired, counts.rejected, counts.queued], [enqueued, 0, 0, 0]);
    });
  }

  it("for longer than pushes are kept: the oldest are dropped, and every sample is accounted for", async () => {
    const { values, counts, enqueued } = await survive(20, QUEUE.maxAgeMs + 60_000);
    const kept = QUEUE.maxAgeMs / INTERVAL_MS + 1;
    const pushes = (QUEUE.maxAgeMs + 60_000) / INTERVAL_MS + 1;
    assert.deepEqual(values, Array.from({ length: kept }, (_, i) => pushes - kept + i + 1));
    assert.equal(counts.sent + counts.expired, enqueued);
    assert.equal(counts.sent, kept * 20);
  });
});
