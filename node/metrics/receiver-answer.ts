// What a receiver's answer means for the push it answers. Pure.

import { retryAfterMs } from "./backoff.ts";

export type Protocol = "1.0" | "2.0";

export interface Reply {
  readonly status: number;
  /** By lower-case name; null if it is not there. */
  header(name: string): string | null;
  /** The beginning of the body. */
  readonly body: string;
}

export type Meaning =
  /** Everything was taken, as far as the receiver says. `missing` samples and histograms were not, or it miscounts. */
  | { readonly kind: "accepted"; readonly missing: number; readonly missingHistograms: number }
  /** It will never be taken: drop it. `rejected` is how many points were not taken. */
  | { readonly kind: "rejected"; readonly rejected: number }
  | { readonly kind: "retry"; readonly afterMs: number | null }
  /** The receiver does not speak 2.0. */
  | { readonly kind: "fallback" };

const SAMPLES = "x-prometheus-remote-write-samples-written";
const HISTOGRAMS = "x-prometheus-remote-write-histograms-written";
const EXEMPLARS = "x-prometheus-remote-write-exemplars-written";

/** `samples` and `histograms` are what was sent. */
export function meaningOf(
  reply: Reply,
  protocol: Protocol,
  samples: number,
  histograms: number,
  nowMs: number,
): Meaning {
  const { status } = reply;
  if (status === 429 || status >= 500)
    return { kind: "retry", afterMs: retryAfterMs(reply.header("retry-after"), nowMs) };
  if (status === 415 && protocol === "2.0") return { kind: "fallback" };
  const says = [SAMPLES, HISTOGRAMS, EXEMPLARS].some((name) => reply.header(name) !== null);
  const written = { samples: countOf(reply, SAMPLES), histograms: countOf(reply, HISTOGRAMS) };
  if (status >= 200 && status < 300) {
    // Receivers of 1.0 take 2.0 for an empty message and say 204: Prometheus before 2.54, VictoriaMetrics.
    if (protocol === "2.0" && !says) return { kind: "fallback" };
    if (protocol === "1.0") return { kind: "accepted", missing: 0, missingHistograms: 0 };
    const missingHistograms = Math.max(0, histograms - written.histograms);
    return { kind: "accepted", missing: Math.max(0, samples - written.samples) + missingHistograms, missingHistograms };
  }
  // With 2.0 the good part of a push may have been taken; with 1.0 it was all or nothing.
  const taken = protocol === "2.0" ? Math.min(samples, written.samples) + Math.min(histograms, written.histograms) : 0;
  return { kind: "rejected", rejected: samples + histograms - taken };
}

function countOf(reply: Reply, name: string): number {
  const text = reply.header(name) ?? "";
  return /^\d+$/.test(text) ? Number(text) : 0;
}
