// The export by OTLP over HTTP: reads the meters every few seconds and hands them to OpenTelemetry's own exporter. Counts are
// cumulative, so what is not taken costs resolution, and no count: there is no queue.

import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { Cardinality } from "./cardinality.ts";
import { HEALTH_METERS as M } from "./meters.ts";
import { otlpData } from "./otlp-data.ts";
import { untilPush } from "./push-rhythm.ts";
import type { Reading } from "./reading.ts";

export interface OtlpOptions {
  /** Of the collector's metrics, path included. Headers, certificates and compression: OTEL_EXPORTER_OTLP_*. */
  readonly url: string;
  readonly intervalMs: number;
  /** What is exported as, by OpenTelemetry's names; empty ones are left out. The instance also says when it exports. */
  readonly resource: Readonly<Record<string, string>>;
  collect(): Reading[];
  /** Milliseconds since the Unix epoch. */
  now(): number;
  onNews(news: OtlpNews): void;
  /** Reading or encoding failed: a fault of this program. The load does not suffer. */
  onFault(error: unknown): void;
}

export type OtlpNews = { readonly kind: "failing"; readonly reason: string } | { readonly kind: "recovered" };

/** A leaving agent waits no longer for the collector. */
const DRAIN_MS = 3000;
/** An export with all its retries. */
const TIMEOUT_MS = 10_000;
/** A collector that has not taken these will not take a third; it is given up at once instead of waiting in memory. */
const MOST_AT_ONCE = 2;
const REASON_LENGTH = 300;

export class OtlpExport {
  readonly #options: OtlpOptions;
  readonly #exporter: OTLPMetricExporter;
  readonly #resource: ReturnType<typeof resourceFromAttributes>;
  readonly #cardinality = new Cardinality();
  readonly #startMs: number;
  readonly #counts = { taken: 0, failed: 0 };
  #isFailing = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: OtlpOptions) {
    this.#options = options;
    this.#startMs = options.now();
    this.#exporter = new OTLPMetricExporter({ url: options.url, timeoutMillis: TIMEOUT_MS, concurrencyLimit: MOST_AT_ONCE });
    const named = Object.entries(options.resource).filter(([, value]) => value !== "");
    this.#resource = resourceFromAttributes(Object.fromEntries(named));
    this.#schedule();
  }

  /** What the export counts of itself. */
  readings(): Reading[] {
    return (["taken", "failed"] as const).map((result) => {
      return { meter: M.otlpExports, labels: [result], value: this.#counts[result], startMs: this.#startMs };
    });
  }

  /** The last values; waits a little until the collector has them. */
  async leave(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.race([this.#export(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
    void this.#exporter.shutdown().catch(() => {});
  }

  async #export(): Promise<void> {
    try {
      const { collect, now } = this.#options;
      const readings = this.#cardinality.admit(collect(), () => 1);
      const metrics = otlpData(readings, now());
      const scopeMetrics = [{ scope: { name: "loadswarm" }, metrics }];
      await new Promise<void>((resolve) => {
        this.#exporter.export({ resource: this.#resource, scopeMetrics }, ({ error, code }) => {
          // 0 is success; the enumeration itself is in a package of which nothing else is needed.
          this.#ended(code === 0 ? null : reasonOf(error));
          resolve();
        });
      });
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #ended(reason: string | null): void {
    const hasFailed = reason !== null;
    this.#counts[hasFailed ? "failed" : "taken"]++;
    if (hasFailed === this.#isFailing) return;
    this.#isFailing = hasFailed;
    this.#options.onNews(hasFailed ? { kind: "failing", reason: reason.slice(0, REASON_LENGTH) } : { kind: "recovered" });
  }

  #schedule(): void {
    const { intervalMs, resource } = this.#options;
    const waitMs = untilPush(Date.now(), intervalMs, resource["service.instance.id"] ?? "");
    this.#timer = setTimeout(() => {
      void this.#export();
      this.#schedule();
    }, waitMs).unref();
  }
}

/** The exporter's own words for exports that wait for an answer say nothing of the collector. */
function reasonOf(error: Error | undefined): string {
  if (error === undefined) return "the collector did not take it";
  if (error.message.startsWith("Concurrent export limit")) return "the collector has not answered earlier exports yet";
  const status = (error as { readonly code?: unknown }).code;
  return typeof status === "number" ? `${status} ${error.message}` : error.message;
}
