// Readings as OpenMetrics text, by prom-client. Histograms as classic ones: the text format knows no others.

import type { Metric, OpenMetricsContentType } from "prom-client";
import { classicHistogram } from "../metrics/classic-histogram.ts";
import type { Meter } from "../metrics/meters.ts";
import { type Reading, without } from "../metrics/reading.ts";

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export async function exposition(readings: readonly Reading[]): Promise<{ type: string; text: string }> {
  const { Registry } = await import("prom-client");
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const byMeter = new Map<Meter, Value[]>();
  // 14 series for every histogram: by scenario, not by request.
  for (const reading of without(readings, ["request"], "histogram")) {
    const values = byMeter.get(reading.meter) ?? [];
    values.push(...valuesOf(reading));
    byMeter.set(reading.meter, values);
  }
  for (const [meter, values] of byMeter) registry.registerMetric(asMetric(meter, values));
  return { type: registry.contentType, text: await registry.metrics() };
}

function valuesOf({ meter, labels, value }: Reading): Value[] {
  const named = Object.fromEntries(
    meter.labels.map((name, i) => [name, labels[i] ?? ""]).filter(([, text]) => text !== ""),
  );
  if (typeof value === "number") return [{ labels: named, value }];
  return classicHistogram(value).map(({ suffix, le, value }) => ({
    metricName: meter.name + suffix,
    labels: le === null ? named : { ...named, le },
    value,
  }));
}

/** What a registry asks of a metric. prom-client's own counters and histograms cannot take over counts made elsewhere. */
function asMetric({ name, help, type }: Meter, values: readonly Value[]): Metric {
  // The registry takes `_total` off the names of counters here, and puts it back with every value.
  const metric = {
    name,
    help,
    type,
    async get() {
      return { name: metric.name, help, type, values, aggregator: "sum" };
    },
  };
  return metric as unknown as Metric;
}
