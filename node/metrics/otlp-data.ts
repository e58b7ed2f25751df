// Readings as the data that OpenTelemetry's exporters take: the same names, units, labels and counts as everywhere else.

import { type Attributes, type HrTime, ValueType } from "@opentelemetry/api";
import { AggregationTemporality, type DataPoint, DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import { exponentialHistogram } from "./exponential-histogram.ts";
import type { Meter } from "./meters.ts";
import type { Reading } from "./reading.ts";
import type { SketchData } from "./results.ts";

/** By UCUM, as OpenTelemetry asks for. None where there is none: of a gauge with the unit 1 Prometheus makes a ratio by name. */
const UNITS: Readonly<Record<Meter["unit"], string>> = { "": "", seconds: "s", bytes: "By", ratio: "1" };

/** `atMs` is when they were read, milliseconds since the Unix epoch. */
export function otlpData(readings: readonly Reading[], atMs: number): MetricData[] {
  const byMeter = new Map<Meter, Reading[]>();
  for (const reading of readings) {
    const of = byMeter.get(reading.meter);
    if (of === undefined) byMeter.set(reading.meter, [reading]);
    else of.push(reading);
  }
  return [...byMeter].map(([meter, readings]) => metricOf(meter, readings, atMs));
}

function metricOf(meter: Meter, readings: readonly Reading[], atMs: number): MetricData {
  const { name, help: description, unit, type } = meter;
  const base = {
    descriptor: { name, description, unit: UNITS[unit], valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = <T>(valueOf: (reading: Reading) => T): DataPoint<T>[] =>
    readings.map((reading) => {
      // A clock may have stepped back since.
      const startTime = timeOf(Math.min(reading.startMs, atMs));
      return { startTime, endTime: timeOf(atMs), attributes: attributesOf(reading), value: valueOf(reading) };
    });
  const number = ({ value }: Reading) => value as number;
  if (type === "gauge") return { ...base, dataPointType: DataPointType.GAUGE, dataPoints: points(number) };
  if (type === "counter") return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(number) };
  const histogram = ({ value }: Reading) => {
    const { offset, counts, ...rest } = exponentialHistogram(value as SketchData);
    return { ...rest, positive: { offset, bucketCounts: counts }, negative: { offset: 0, bucketCounts: [] } };
  };
  return { ...base, dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints: points(histogram) };
}

function attributesOf({ meter, labels }: Reading): Attributes {
  const attributes: Attributes = {};
  meter.labels.forEach((name, i) => {
    if (labels[i] !== undefined && labels[i] !== "") attributes[name] = labels[i];
  });
  return attributes;
}

/** [seconds, nanoseconds]. */
function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
