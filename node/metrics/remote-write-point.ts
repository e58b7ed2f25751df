// Points in protobuf as both versions of remote write have them: samples, native histograms, and the end of a series.

import { Writer } from "protobufjs/minimal.js";
import type { NativeHistogram } from "./native-histogram.ts";
import { type Entry, type Point, STALE } from "./series-table.ts";

/** Wire types: the low bits of a field's tag. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;

export const tag = (field: number, wireType: number): number => (field << 3) | wireType;

/** The NaN 0x7ff0000000000002. Written as bits: as a number, JavaScript may turn it into another NaN. */
const STALE_BITS = { low: 2, high: 0x7ff00000, unsigned: true };

/** What both versions number differently. */
export interface PointFields {
  /** Fields of TimeSeries. */
  readonly samples: number;
  readonly histograms: number;
  /** Fields of Sample and Histogram for when the series began to count; null: none. */
  readonly sampleStart: number | null;
  readonly histogramStart: number | null;
}

/** The points of a series as fields of the TimeSeries being written. */
export function writePoints(writer: Writer, { series, points }: Entry, fields: PointFields): void {
  for (const point of points) {
    if (series.isHistogram) {
      writer.uint32(tag(fields.histograms, BYTES)).fork();
      writeHistogram(writer, point);
      writeStart(writer, fields.histogramStart, series.startMs, point.atMs);
    } else {
      writer.uint32(tag(fields.samples, BYTES)).fork();
      writeNumber(writer, 1, point.value as number | typeof STALE);
      writer.uint32(tag(2, VARINT)).int64(point.atMs);
      writeStart(writer, fields.sampleStart, series.startMs, point.atMs);
    }
    writer.ldelim();
  }
}

function writeNumber(writer: Writer, field: number, value: number | typeof STALE): void {
  writer.uint32(tag(field, FIXED64));
  if (value === STALE) writer.fixed64(STALE_BITS as never);
  else writer.double(value);
}

/** A start after its own sample would be refused: a clock has stepped back since. */
function writeStart(writer: Writer, field: number | null, startMs: number, atMs: number): void {
  if (field !== null && startMs > 0 && startMs <= atMs) writer.uint32(tag(field, VARINT)).int64(startMs);
}

/** Message Histogram: the same fields in both versions. */
function writeHistogram(writer: Writer, { value, atMs }: Point): void {
  if (value === STALE) {
    // A count of 0 must be said: count and zero count are choices between integers and floats.
    writer.uint32(tag(1, VARINT)).uint32(0);
    writeNumber(writer, 3, STALE);
    writer.uint32(tag(6, VARINT)).uint32(0);
  } else {
    writeBuckets(writer, value as NativeHistogram);
  }
  writer.uint32(tag(15, VARINT)).int64(atMs);
}

function writeBuckets(writer: Writer, histogram: NativeHistogram): void {
  writer.uint32(tag(1, VARINT)).uint64(histogram.count);
  writeNumber(writer, 3, histogram.sum);
  writer.uint32(tag(4, VARINT)).sint32(histogram.schema);
  writeNumber(writer, 5, histogram.zeroThreshold);
  writer.uint32(tag(6, VARINT)).uint64(histogram.zeroCount);
  for (const { offset, length } of histogram.spans) {
    writer.uint32(tag(11, BYTES)).fork();
    writer.uint32(tag(1, VARINT)).sint32(offset).uint32(tag(2, VARINT)).uint32(length).ldelim();
  }
  if (histogram.deltas.length === 0) return;
  writer.uint32(tag(12, BYTES)).fork();
  for (const delta of histogram.deltas) {
    if (delta >= -0x4000_0000 && delta < 0x4000_0000) writer.sint32(delta);
    else writer.sint64(delta);
  }
  writer.ldelim();
}
