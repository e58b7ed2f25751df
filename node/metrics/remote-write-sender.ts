// Sends queued pushes in order, one at a time, for as long as they are worth it. Whatever fails, nobody waits for it.

import { BACKOFF, type BackoffLimits, backoffMs } from "./backoff.ts";
import { type Meaning, meaningOf, type Protocol, type Reply } from "./receiver-answer.ts";
import { encodeV1 } from "./remote-write-1.ts";
import { encodeV2 } from "./remote-write-2.ts";
import { QUEUE, type Push, type QueueLimits, SendQueue } from "./send-queue.ts";
import type { Batch } from "./series-table.ts";
import { compress } from "./snappy.ts";

/** Sends one body; rejects when no answer came. Gives up when `signal` says so. */
export type Post = (body: Uint8Array, protocol: Protocol, signal: AbortSignal) => Promise<Reply>;

/** What somebody who runs the agent may want to know. */
export type SenderNews =
  | { readonly kind: "failing"; readonly reason: string; readonly keepsMs: number }
  | { readonly kind: "recovered"; readonly afterMs: number; readonly queued: number }
  | {
      readonly kind: "rejected";
      readonly status: number;
      readonly body: string;
      readonly samples: number;
      readonly since: number;
    }
  | { readonly kind: "expired"; readonly samples: number; readonly since: number }
  | { readonly kind: "histogramsMissing"; readonly histograms: number }
  | { readonly kind: "protocol"; readonly protocol: Protocol; readonly isFallback: boolean };

export interface SenderOptions {
  readonly post: Post;
  readonly protocol: Protocol | "auto";
  onNews(news: SenderNews): void;
  readonly queue?: QueueLimits;
  readonly backoff?: BackoffLimits;
  /** Longest pause between two pushes that had to wait. */
  readonly drainPauseMs?: number;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What was told to give up has so long to do so: a client that heeds no signal must not keep an agent that wants to go. */
const ABORTED_MS = 500;
/** After an outage the receiver gets what it missed at this pace from each agent, not all at once. */
const DRAIN_PAUSE_MS = 200;
/** The same complaint is not repeated sooner. */
const NEWS_INTERVAL_MS = 60_000;

/** Points by what became of them, answers by status, since the start. */
export interface SenderCounts {
  readonly sent: number;
  readonly rejected: number;
  readonly expired: number;
  readonly requests: ReadonlyMap<string, number>;
  readonly queued: number;
  readonly highestSentMs: number;
}

export class RemoteWriteSender {
  readonly #options: SenderOptions;
  readonly #queue: SendQueue;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #points = { sent: 0, rejected: 0, expired: 0 };
  readonly #requests = new Map<string, number>();
  readonly #told = new Map<SenderNews["kind"], { atMs: number; untold: number }>();
  readonly #abort = new AbortController();
  #highestSentMs = 0;
  /** null: not known yet; `#candidate` is tried. */
  #protocol: Protocol | null;
  #candidate: Protocol = "2.0";
  /** What people were told last: a receiver that takes neither version is asked for them again and again. */
  #saidToSpeak: Protocol | null = null;
  #attempt = 0;
  #failingSinceMs: number | null = null;
  #running: Promise<void> | null = null;
  /** Ends the present pause, if there is one. */
  #wake: (() => void) | null = null;
  /** The next pause is left out. */
  #isHurried = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#queue = new SendQueue(options.queue ?? QUEUE);
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#protocol = options.protocol === "auto" ? null : options.protocol;
  }

  counts(): SenderCounts {
    return {
      ...this.#points,
      requests: this.#requests,
      queued: this.#queue.points,
      highestSentMs: this.#highestSentMs,
    };
  }

  /** Encodes a batch and sends it when its turn comes. */
  enqueue(batch: Batch): void {
    if (batch.entries.length === 0) return;
    const bodies: Partial<Record<Protocol, Uint8Array>> = {};
    if (this.#protocol !== "2.0") bodies["1.0"] = compress(encodeV1(batch));
    if (this.#protocol !== "1.0") bodies["2.0"] = compress(encodeV2(batch));
    const { atMs, samples, histograms } = batch;
    this.#expired(this.#queue.add({ atMs, bodies, samples, histograms }));
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Resolves when everything was sent, or dropped, or `withinMs` have passed; what waits then is counted as expired. */
  async drain(withinMs: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    let timer = setTimeout(() => {
      this.#abort.abort();
      this.#wake?.();
      timer = setTimeout(over.resolve, ABORTED_MS);
    }, withinMs);
    // What waits to be tried again is tried now: there may be no later.
    if (this.#wake === null) this.#isHurried = true;
    else this.#wake();
    await Promise.race([this.#running, over.promise]);
    clearTimeout(timer);
    this.#expired(this.#queue.expire(Number.POSITIVE_INFINITY));
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#expired(this.#queue.expire(this.#now()));
      const push = this.#queue.head;
      if (push === null || this.#abort.signal.aborted) return;
      const waitMs = await this.#send(push);
      if (waitMs > 0 && this.#queue.length > 0) await this.#sleep(waitMs);
    }
  }

  /** One attempt; returns how long to wait before the next one. */
  async #send(push: Push): Promise<number> {
    const wanted = this.#protocol ?? this.#candidate;
    // What was encoded while another version was settled has no other body.
    const protocol = push.bodies[wanted] === undefined ? otherThan(wanted) : wanted;
    let reply: Reply;
    try {
      reply = await this.#options.post(push.bodies[protocol]!, protocol, this.#abort.signal);
    } catch (error) {
      this.#count("none");
      return this.#failed(error instanceof Error ? error.message : String(error), null);
    }
    this.#count(String(reply.status));
    const meaning = meaningOf(reply, protocol, push.samples, push.histograms, this.#now());
    if (meaning.kind === "retry") return this.#failed(`${reply.status} ${reply.body}`.trim(), meaning.afterMs);
    if (meaning.kind === "fallback" && this.#protocol === null && push.bodies["1.0"] !== undefined) {
      this.#settle("1.0", true);
      return 0;
    }
    this.#recovered();
    // It may have been pushed out of the queue while it was on its way.
    if (this.#queue.head === push) this.#queue.shift();
    this.#taken(push, meaning, protocol, reply);
    return this.#random() * (this.#options.drainPauseMs ?? DRAIN_PAUSE_MS);
  }

  #taken(push: Push, meaning: Meaning, protocol: Protocol, reply: Reply): void {
    const points = push.samples + push.histograms;
    if (meaning.kind !== "accepted") {
      const rejected = meaning.kind === "rejected" ? meaning.rejected : points;
      this.#points.rejected += rejected;
      this.#points.sent += points - rejected;
      // Perhaps it is the version that it does not like, or no longer: the next push is tried in the other one.
      const isOfVersion = meaning.kind === "fallback" || reply.status === 415;
      if (this.#protocol === null || (this.#options.protocol === "auto" && isOfVersion)) {
        this.#protocol = null;
        this.#candidate = otherThan(protocol);
      }
      const body = meaning.kind === "fallback" ? "the receiver does not speak remote write 2.0" : reply.body;
      this.#tell({ kind: "rejected", status: reply.status, body, samples: rejected, since: 0 }, rejected);
      return;
    }
    // Receivers that miscount (Mimir 2.17) have taken them all the same; said once, counted as sent.
    if (meaning.missingHistograms > 0)
      this.#tell({ kind: "histogramsMissing", histograms: meaning.missingHistograms }, 0);
    this.#points.sent += points;
    this.#highestSentMs = Math.max(this.#highestSentMs, push.atMs);
    if (this.#protocol === null) this.#settle(protocol, false);
  }

  #settle(protocol: Protocol, isFallback: boolean): void {
    this.#protocol = protocol;
    this.#queue.settle(protocol);
    if (this.#saidToSpeak === protocol) return;
    this.#saidToSpeak = protocol;
    this.#options.onNews({ kind: "protocol", protocol, isFallback });
  }

  #failed(reason: string, retryAfterMs: number | null): number {
    if (this.#failingSinceMs === null) {
      this.#failingSinceMs = this.#now();
      this.#options.onNews({ kind: "failing", reason, keepsMs: (this.#options.queue ?? QUEUE).maxAgeMs });
    }
    return backoffMs(this.#attempt++, this.#random(), retryAfterMs, this.#options.backoff ?? BACKOFF);
  }

  #recovered(): void {
    this.#attempt = 0;
    if (this.#failingSinceMs === null) return;
    const afterMs = this.#now() - this.#failingSinceMs;
    this.#failingSinceMs = null;
    this.#options.onNews({ kind: "recovered", afterMs, queued: this.#queue.length });
  }

  #expired(pushes: readonly Push[]): void {
    const samples = pushes.reduce((sum, push) => sum + push.samples + push.histograms, 0);
    if (samples === 0) return;
    this.#points.expired += samples;
    this.#tell({ kind: "expired", samples, since: 0 }, samples);
  }

  /** At once if it has not been said for a while; `since` then tells how many points were passed over in silence. */
  #tell(news: SenderNews, points: number): void {
    const told = this.#told.get(news.kind);
    if (told !== undefined && this.#now() - told.atMs < NEWS_INTERVAL_MS) {
      told.untold += points;
      return;
    }
    this.#told.set(news.kind, { atMs: this.#now(), untold: 0 });
    this.#options.onNews("since" in news ? { ...news, since: told?.untold ?? 0 } : news);
  }

  #count(code: string): void {
    this.#requests.set(code, (this.#requests.get(code) ?? 0) + 1);
  }

  /** Does not keep the process alive; `drain` ends it early when there is no time left. */
  #sleep(waitMs: number): Promise<void> {
    if (this.#abort.signal.aborted || this.#isHurried) {
      this.#isHurried = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(end, waitMs).unref();
      this.#wake = end;
    });
  }
}

function otherThan(protocol: Protocol): Protocol {
  return protocol === "2.0" ? "1.0" : "2.0";
}
