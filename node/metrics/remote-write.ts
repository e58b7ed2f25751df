// The export as an agent sees it: reads its meters every few seconds and hands them to the sender; says goodbye when it leaves.

import { Cardinality } from "./cardinality.ts";
import { createHttpPost, type HttpPost } from "./http-post.ts";
import { HEALTH_METERS as M } from "./meters.ts";
import { untilPush } from "./push-rhythm.ts";
import { type Reading, without } from "./reading.ts";
import type { Protocol } from "./receiver-answer.ts";
import type { ReceiverSettings } from "./receiver-settings.ts";
import { RemoteWriteSender, type SenderNews } from "./remote-write-sender.ts";
import { QUEUE } from "./send-queue.ts";
import { type HistogramMode, SeriesTable, seriesOf } from "./series-table.ts";

export interface RemoteWriteOptions {
  readonly receiver: ReceiverSettings;
  readonly protocol: Protocol | "auto";
  readonly histograms: HistogramMode;
  readonly intervalMs: number;
  /** How long what the receiver does not take is kept. */
  readonly maxAgeMs: number;
  /** Values of COMMON_LABELS; the second one, the instance, also says when in an interval this agent pushes. */
  readonly common: readonly string[];
  collect(): Reading[];
  /** Milliseconds since the Unix epoch, on the clock that stands in the samples. */
  now(): number;
  onNews(news: SenderNews): void;
  /** Reading or encoding failed: a fault of this program. The load does not suffer. */
  onFault(error: unknown): void;
}

/** A leaving agent waits no longer for the receiver. */
const DRAIN_MS = 3000;

export class RemoteWrite {
  readonly #options: RemoteWriteOptions;
  readonly #http: HttpPost;
  readonly #sender: RemoteWriteSender;
  readonly #table: SeriesTable;
  readonly #cardinality = new Cardinality();
  readonly #startMs: number;
  #timer: NodeJS.Timeout | null = null;
  #pushes = 0;

  constructor(options: RemoteWriteOptions) {
    const { receiver, protocol, onNews, now, maxAgeMs } = options;
    this.#options = options;
    this.#startMs = now();
    this.#http = createHttpPost(receiver);
    this.#sender = new RemoteWriteSender({
      post: this.#http.post,
      protocol,
      onNews,
      now,
      queue: { ...QUEUE, maxAgeMs },
    });
    this.#table = new SeriesTable(options.common, options.histograms);
    this.#schedule();
  }

  /** What the export counts of itself. */
  readings(): Reading[] {
    const counts = this.#sender.counts();
    const reading = (meter: Reading["meter"], labels: readonly string[], value: number): Reading => {
      return { meter, labels, value, startMs: this.#startMs };
    };
    return [
      reading(M.remoteWritePushes, [], this.#pushes),
      ...(["sent", "rejected", "expired"] as const).map((result) =>
        reading(M.remoteWriteSamples, [result], counts[result]),
      ),
      ...[...counts.requests].map(([code, count]) => reading(M.remoteWriteRequests, [code], count)),
      reading(M.remoteWriteQueue, [], counts.queued),
      reading(M.remoteWriteRefused, [], this.#cardinality.refused),
      ...(counts.highestSentMs === 0 ? [] : [reading(M.remoteWriteHighest, [], counts.highestSentMs / 1000)]),
    ];
  }

  /** The last values, then the end of every series; waits a little until the receiver has them. */
  async leave(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#push();
    this.#guarded(() => this.#sender.enqueue(this.#table.step([], this.#options.now())));
    await this.#sender.drain(DRAIN_MS);
    await this.#http.close();
  }

  #push(): void {
    this.#guarded(() => {
      const { collect, now, histograms } = this.#options;
      this.#pushes++;
      const all = collect();
      // A classic histogram is 14 series: one for each scenario, not for each request.
      const readings = histograms === "native" ? all : without(all, ["request"], "histogram");
      const admitted = this.#cardinality.admit(readings, (reading) => seriesOf(reading, histograms));
      this.#sender.enqueue(this.#table.step(admitted, now()));
    });
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  /** Agents push at different moments of an interval, each always at the same one. */
  #schedule(): void {
    const { intervalMs, common } = this.#options;
    const waitMs = untilPush(Date.now(), intervalMs, common[1] ?? "");
    this.#timer = setTimeout(() => {
      this.#push();
      this.#schedule();
    }, waitMs).unref();
  }
}
