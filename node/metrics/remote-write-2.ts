// Remote write 2.0 (rc.4): a batch as io.prometheus.write.v2.Request. https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/

import { Writer } from "protobufjs/minimal.js";
import type { Meter, MeterType } from "./meters.ts";
import { BYTES, type PointFields, tag, VARINT, writePoints } from "./remote-write-point.ts";
import type { Batch } from "./series-table.ts";

const FIELDS: PointFields = { samples: 2, histograms: 3, sampleStart: 3, histogramStart: 17 };

/** Metadata.MetricType. */
const TYPES: Readonly<Record<MeterType, number>> = { counter: 1, gauge: 2, histogram: 3 };

export function encodeV2(batch: Batch): Uint8Array {
  // The empty text is always the first: it stands for "no unit".
  const symbols = new Map([["", 0]]);
  const symbol = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const series = Writer.create();
  for (const entry of batch.entries) {
    series.uint32(tag(5, BYTES)).fork().uint32(tag(1, BYTES)).fork();
    for (const [name, value] of entry.series.labels) series.uint32(symbol(name)).uint32(symbol(value));
    series.ldelim();
    writePoints(series, entry, FIELDS);
    writeMetadata(series, entry.series.meter, symbol);
    series.ldelim();
  }
  const writer = Writer.create();
  for (const text of symbols.keys()) writer.uint32(tag(4, BYTES)).string(text);
  return writer.raw(series.finish()).finish();
}

function writeMetadata(writer: Writer, meter: Meter, symbol: (text: string) => number): void {
  writer.uint32(tag(5, BYTES)).fork().uint32(tag(1, VARINT)).uint32(TYPES[meter.type]);
  writer.uint32(tag(3, VARINT)).uint32(symbol(meter.help));
  if (meter.unit !== "") writer.uint32(tag(4, VARINT)).uint32(symbol(meter.unit));
  writer.ldelim();
}
