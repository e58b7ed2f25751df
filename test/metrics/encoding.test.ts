// What is sent, read by the schemas of the specification: the sender checks of prometheus/compliance on symbols, labels,
// samples, histograms, metadata and timestamps, for both versions.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { METERS } from "../../node/metrics/meters.ts";
import type { Reading } from "../../node/metrics/reading.ts";
import { encodeV1 } from "../../node/metrics/remote-write-1.ts";
import { encodeV2 } from "../../node/metrics/remote-write-2.ts";
import { type Batch, SeriesTable } from "../../node/metrics/series-table.ts";
import { EMPTY_SKETCH } from "../../node/metrics/sketch.ts";
import { batchOf, COMMON, durations, gauge, requests, sketchOf, SKETCH, START } from "./readings.ts";
import { readV1, readV2, type Written } from "./receiver.ts";

const VERSIONS: readonly (readonly [string, (batch: Batch) => Uint8Array, (bytes: Uint8Array) => Written])[] = [
  ["1.0", encodeV1, readV1],
  ["2.0", encodeV2, readV2],
];

const EVERYTHING: readonly Reading[] = METERS.map((meter) => ({
  meter,
  labels: meter.labels.map((label) => `${label} value`),
  value: meter.type === "histogram" ? SKETCH : 1,
  startMs: START,
}));

const STALE_BYTES = Buffer.from([0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

for (const [version, encode, read] of VERSIONS) {
  describe(`remote write ${version}`, () => {
    const write = (readings: readonly Reading[]) => read(encode(batchOf(readings))).series;
    /** The latest sample of a lone gauge. */
    const valueOf = (value: number) => write([gauge(value)])[0]!.samples[0]!.value;

    it("labels are sorted, unique, without empty names or values, and one of them is the metric's name", () => {
      for (const mode of ["native", "classic"] as const) {
        for (const { labels } of read(encode(batchOf(EVERYTHING, mode))).series) {
          const names = labels.map(([name]) => name);
          assert.deepEqual(names, [...new Set(names)].sort());
          assert.ok(names.includes("__name__"));
          for (const [name, value] of labels) {
            assert.match(name, name === "__name__" ? /^__name__$/ : /^[a-z][a-z_]*$/);
            assert.notEqual(value, "");
            if (name === "__name__") assert.match(value, /^[a-z][a-z0-9_]*$/);
          }
        }
      }
    });

    it("every series says which job and instance it is of; empty common labels are left out", () => {
      const labels = Object.fromEntries(write([requests(1)])[0]!.labels);
      assert.deepEqual(labels, {
        __name__: "loadswarm_requests_total",
        instance: "pod-1",
        job: "loadswarm",
        node: "node-1",
        outcome: "ok",
        request: "search",
        run_id: "r-1",
        scenario: "browse",
        status_class: "2xx",
        zone: "zone-a",
      });
      const bare = read(encode(batchOf([gauge(1)], "native", ["loadswarm", "pod-1", "", ""]))).series[0]!;
      assert.deepEqual(
        bare.labels.map(([name]) => name),
        ["__name__", "instance", "job"],
      );
    });

    for (const name of ["søk 検索 🔍", 'quote " back \\ slash', "new\nline\ttab", "x".repeat(10_000)]) {
      it(`a label value survives: ${JSON.stringify(name.slice(0, 30))}`, () => {
        assert.equal(Object.fromEntries(write([requests(1, name)])[0]!.labels)["request"], name);
      });
    }

    for (const value of [
      123.45,
      42,
      0,
      -15.5,
      1.7976931348623157e308,
      5e-324,
      0.000123,
      1 / 3,
      Infinity,
      -Infinity,
      Number.NaN,
    ]) {
      it(`a sample's value survives: ${value}`, () => assert.ok(Object.is(valueOf(value), value)));
    }

    it("timestamps are milliseconds since the epoch, ascending in every series", () => {
      for (const { samples, histograms } of write(EVERYTHING)) {
        const times = [...samples, ...histograms].map(({ timestamp }) => timestamp);
        assert.deepEqual(times, [...new Set(times)].sort());
        assert.equal(times.at(-1), START + 30_000);
        for (const time of times) assert.ok(time >= START);
      }
    });

    it("no series has both samples and histograms, and none has neither", () => {
      for (const { samples, histograms } of write(EVERYTHING))
        assert.ok((samples.length === 0) !== (histograms.length === 0));
    });

    it("a native histogram has count, sum, schema, zero bucket and buckets that add up", () => {
      const { histograms } = write([durations(SKETCH)])[0]!;
      const { countInt, sum, schema, zeroThreshold, zeroCountInt, positiveSpans, positiveDeltas } = histograms.at(-1)!;
      assert.equal(countInt, 6);
      assert.equal(sum, SKETCH.sum / 1000);
      assert.ok(schema >= -4 && schema <= 8);
      assert.ok(zeroThreshold > 0 && zeroThreshold < 1e-6);
      assert.equal(zeroCountInt, 1);
      assert.equal(
        positiveDeltas.length,
        positiveSpans.reduce((total, { length }) => total + length, 0),
      );
      let count = 0;
      const counts = positiveDeltas.map((delta) => (count += delta));
      assert.ok(counts.every((each) => each > 0));
      assert.equal(zeroCountInt + counts.reduce((total, each) => total + each, 0), countInt);
    });

    it("a histogram without observations is sent as such", () => {
      const { histograms } = write([durations(EMPTY_SKETCH)])[0]!;
      assert.deepEqual(
        [histograms.at(-1)!.countInt, histograms.at(-1)!.sum, histograms.at(-1)!.positiveSpans.length],
        [0, 0, 0],
      );
    });

    it("counts beyond 32 bits survive", () => {
      const { histograms } = write([
        durations({ index: [640, 700], count: [2 ** 40, 3], sum: 2 ** 41, min: 1, max: 2 }),
      ])[0]!;
      assert.deepEqual(
        [histograms.at(-1)!.countInt, ...histograms.at(-1)!.positiveDeltas],
        [2 ** 40 + 3, 2 ** 40, 3 - 2 ** 40],
      );
    });

    it("a classic histogram is cumulative, in order, and ends with everything", () => {
      const series = read(encode(batchOf([durations(sketchOf([0.5, 2, 3, 20_000]))], "classic"))).series;
      const named = (suffix: string) =>
        series.filter(({ labels }) => labels[0]![1] === `loadswarm_request_duration_seconds${suffix}`);
      const le = ({ labels }: (typeof series)[number]) => Object.fromEntries(labels)["le"];
      const buckets = named("_bucket").map((one) => [le(one), one.samples.at(-1)!.value]);
      assert.deepEqual(buckets.slice(0, 3), [
        ["0.001", 1],
        ["0.0025", 2],
        ["0.005", 3],
      ]);
      assert.deepEqual(buckets.slice(-2), [
        ["5.0", 3],
        ["+Inf", 4],
      ]);
      assert.deepEqual(
        [named("_count")[0]!.samples.at(-1)!.value, named("_sum")[0]!.samples.at(-1)!.value],
        [4, 20.0055],
      );
    });

    it("a series that ends is told with the very bits of a stale marker, as a sample and as a histogram", () => {
      const table = new SeriesTable(COMMON, "native");
      table.step([gauge(1), durations(SKETCH)], START);
      const bytes = encode(table.step([], START + 1));
      const [sample, histogram] = read(bytes).series;
      assert.equal(sample!.samples.length, 1);
      assert.ok(Number.isNaN(sample!.samples[0]!.value));
      assert.ok(Number.isNaN(histogram!.histograms[0]!.sum));
      assert.deepEqual([histogram!.histograms[0]!.countInt, histogram!.histograms[0]!.zeroCountInt], [0, 0]);
      const first = Buffer.from(bytes).indexOf(STALE_BYTES);
      assert.ok(first > 0);
      assert.ok(Buffer.from(bytes).indexOf(STALE_BYTES, first + 8) > 0);
    });
  });
}

describe("remote write 2.0 alone", () => {
  const written = readV2(encodeV2(batchOf(EVERYTHING)));

  it("symbols: the first is empty, none is there twice, references are in range and come in pairs", () => {
    const { symbols, refs } = written;
    assert.equal(symbols[0], "");
    assert.equal(new Set(symbols).size, symbols.length);
    for (const each of refs) {
      assert.equal(each.length % 2, 0);
      for (const ref of each) assert.ok(ref > 0 && ref < symbols.length);
    }
  });

  it("metadata: type, help and unit as in the catalogue", () => {
    const types = { counter: 1, gauge: 2, histogram: 3 };
    written.series.forEach(({ metadata }, i) => {
      const { type, help, unit } = METERS[i]!;
      assert.deepEqual(metadata, { type: types[type], help, unit });
    });
  });

  it("start timestamps: of counters and histograms, not after their samples; gauges have none", () => {
    written.series.forEach(({ samples, histograms }, i) => {
      for (const { startTimestamp, timestamp } of [...samples, ...histograms]) {
        assert.equal(startTimestamp, METERS[i]!.type === "gauge" ? 0 : START);
        assert.ok(startTimestamp <= timestamp);
      }
    });
  });

  it("read as 1.0 it is an empty message, not nonsense", () => {
    assert.deepEqual(readV1(encodeV2(batchOf(EVERYTHING))).series, []);
  });
});
