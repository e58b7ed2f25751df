// The demo's picture: a line per second of what the target counted, beside what the plan asks for.

const BAR_WIDTH = 30;

/** `  7s  ██████████████████████████████  300 of 300/s  <- note` */
export function chartLine(second: number, hits: number, planned: number, note: string): string {
  const filled = Math.round(Math.min(1.2, hits / planned) * BAR_WIDTH);
  const bar = "█".repeat(filled).padEnd(BAR_WIDTH, "·");
  const remark = note === "" ? "" : `  <- ${note}`;
  return `  ${`${second}s`.padStart(3)}  ${bar}  ${String(hits).padStart(4)} of ${planned}/s${remark}`;
}

export interface Span {
  readonly name: string;
  /** Whole seconds of the run, the first and the one after the last. */
  readonly from: number;
  readonly to: number;
}

export interface SpanRate extends Span {
  /** Mean hits per second. */
  readonly rate: number;
  readonly held: boolean;
}

/**
 * Whether the mean rate was held in each span, within `tolerance` (0.03 = 3 %). Means, because the target counts by
 * wall-clock second: a busy machine that answers 50 ms late moves hits from one second to the next, and no rate.
 */
export function judgeSpans(
  hits: readonly number[],
  planned: number,
  spans: readonly Span[],
  tolerance: number,
): SpanRate[] {
  return spans.map((span) => {
    const seconds = hits.slice(span.from, span.to);
    const rate = seconds.reduce((sum, each) => sum + each, 0) / Math.max(1, span.to - span.from);
    return { ...span, rate, held: Math.abs(rate - planned) <= tolerance * planned };
  });
}
