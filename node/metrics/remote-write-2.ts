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
  // The same for all series of a meter.
  const metadata = new Map<Meter, Uint8Array>();
  const series = Writer.create();
  for (const entry of batch.entries) {
    const { labels, meter } = entry.series;
    series.uint32(tag(5, BYTES)).fork().uint32(tag(1, BYTES)).fork();
    for (let i = 0; i < labels.length; i++) series.uint32(symbol(labels[i]![0])).uint32(symbol(labels[i]![1]));
    series.ldelim();
    writePoints(series, entry, FIELDS);
    let about = metadata.get(meter);
    if (about === undefined) metadata.set(meter, (about = metadataOf(meter, symbol)));
    series.raw(about).ldelim();
  }
  const writer = Writer.create();
  for (const text of symbols.keys()) writer.uint32(tag(4, BYTES)).string(text);
  return writer.raw(series.finish()).finish();
}

function metadataOf(meter: Meter, symbol: (text: string) => number): Uint8Array {
  const writer = Writer.create();
  writer.uint32(tag(5, BYTES)).fork().uint32(tag(1, VARINT)).uint32(TYPES[meter.type]);
  writer.uint32(tag(3, VARINT)).uint32(symbol(meter.help));
  if (meter.unit !== "") writer.uint32(tag(4, VARINT)).uint32(symbol(meter.unit));
  return writer.ldelim().finish();
}
