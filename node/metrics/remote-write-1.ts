// Remote write 1.0: a batch as prometheus.WriteRequest. https://prometheus.io/docs/specs/prw/remote_write_spec/

import { Writer } from "protobufjs/minimal.js";
import { BYTES, type PointFields, tag, writePoints } from "./remote-write-point.ts";
import type { Batch, Series } from "./series-table.ts";

const FIELDS: PointFields = { samples: 2, histograms: 4, sampleStart: null, histogramStart: null };

/** Labels are most of the bytes and never change: each series' are encoded once. */
const labels = new WeakMap<Series, Uint8Array>();

export function encodeV1(batch: Batch): Uint8Array {
  const writer = Writer.create();
  for (const entry of batch.entries) {
    writer.uint32(tag(1, BYTES)).fork().raw(labelsOf(entry.series));
    writePoints(writer, entry, FIELDS);
    writer.ldelim();
  }
  return writer.finish();
}

function labelsOf(series: Series): Uint8Array {
  const known = labels.get(series);
  if (known !== undefined) return known;
  const writer = Writer.create();
  for (const [name, value] of series.labels) {
    writer.uint32(tag(1, BYTES)).fork();
    writer.uint32(tag(1, BYTES)).string(name).uint32(tag(2, BYTES)).string(value).ldelim();
  }
  const encoded = writer.finish();
  labels.set(series, encoded);
  return encoded;
}
