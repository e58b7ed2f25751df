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
  /** Of the arrivals that were dropped, as many as explain why it is short and yet held. */
  readonly tooBusyFor: number;
}

/**
 * Whether the mean rate was held in each span, within `tolerance` (0.03 = 3 %). Means, because the target counts by
 * wall-clock second: a busy machine that answers 50 ms late moves hits from one second to the next, and no rate.
 * `late` arrivals, over all spans, were the swarm's own and counted as such, but the machine did not come to them in
 * time: a span that is short by no more of them, and by no more than `mostLate` (0.1 = 10 %), held too.
 */
export function judgeSpans(
  hits: readonly number[],
  planned: number,
  spans: readonly Span[],
  tolerance: number,
  { late, mostLate } = { late: 0, mostLate: 0 },
): SpanRate[] {
  let unused = late;
  return spans.map((span) => {
    const seconds = Math.max(1, span.to - span.from);
    const rate = hits.slice(span.from, span.to).reduce((sum, each) => sum + each, 0) / seconds;
    if (Math.abs(rate - planned) <= tolerance * planned) return { ...span, rate, held: true, tooBusyFor: 0 };
    const missing = Math.round((planned - rate) * seconds);
    const held = missing > 0 && missing <= Math.min(unused, mostLate * planned * seconds);
    if (held) unused -= missing;
    return { ...span, rate, held, tooBusyFor: held ? missing : 0 };
  });
}
