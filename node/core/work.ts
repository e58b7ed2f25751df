// How runs spread over the swarm, what of them is this agent's work, and until when it may do it.

import { inBatches } from "./batches.ts";
import type { MemberId, RunRecord } from "./events.ts";
import type { Leaving } from "./leaving.ts";
import { LEASE_STEP_MS } from "./limits.ts";
import type { Membership } from "./membership.ts";
import type { Outbox } from "./outbox.ts";
import type { Publishing } from "./publishing.ts";
import { endAtMs, type Runs } from "./runs.ts";
import type { TimeSync } from "./time-sync.ts";

export class Work {
  readonly #out: Outbox;
  readonly #runs: Runs;
  readonly #membership: Membership;
  readonly #publishing: Publishing;
  readonly #leaving: Leaving;
  /** What was told last, by the agent's own clock. */
  #leaseMs = Number.NEGATIVE_INFINITY;

  constructor(out: Outbox, runs: Runs, membership: Membership, publishing: Publishing, leaving: Leaving) {
    this.#out = out;
    this.#runs = runs;
    this.#membership = membership;
    this.#publishing = publishing;
    this.#leaving = leaving;
  }

  /** Takes in what another agent says of runs. */
  take(records: readonly RunRecord[], from: MemberId, nowMs: number): void {
    const news: RunRecord[] = [];
    for (const record of records) {
      const known = this.#runs.get(record.spec.id);
      const merged = this.#runs.merge(record, nowMs);
      if (merged === null) continue;
      news.push(merged);
      // It goes on in another swarm.
      if (known !== undefined && !this.#runs.isOurs(merged)) this.#assign(known, nowMs);
      // A run that ended before I heard of it is history: there is nothing to do for it.
      if (known !== undefined || nowMs < endAtMs(merged)) this.#assign(merged);
    }
    if (news.length > 0) this.#out.spread({ runs: news }, from);
    for (const run of news) {
      const twin = this.#runs.surplusTwin(run, nowMs);
      if (twin !== null) this.announce(this.#publishing.stop(twin.spec.id, nowMs) ?? []);
    }
  }

  /** Runs changed by this agent: over the links, and to everybody at once because they are rare and urgent. */
  announce(runs: readonly RunRecord[]): void {
    for (const run of runs) {
      const frame = { runs: [run] };
      this.#out.push({ kind: "broadcast", frame });
      this.#out.spread(frame, null);
      this.#assign(run);
    }
  }

  /** My shares have changed. */
  assignAll(nowMs: number): void {
    for (const run of this.#runs.active(nowMs)) this.#assign(run);
  }

  /** To a member of the swarm that mine becomes part of: which runs there were here. If they are news it tells the others. */
  tellRuns(to: MemberId): void {
    for (const runs of inBatches(this.#runs.all())) this.#out.send(to, { runs });
  }

  /** Tells the load threads how long they may offer it, where that has changed: not before I know the time well enough. */
  renewLease(time: TimeSync, nowMs: number): void {
    const { agreement, isKnocking } = this.#membership;
    const until = isKnocking ? agreement.leaseUntilMs(nowMs) : Number.NEGATIVE_INFINITY;
    const untilMs = Number.isFinite(until) ? time.localMs(until) : until;
    if (untilMs === this.#leaseMs || (untilMs > this.#leaseMs && untilMs < this.#leaseMs + LEASE_STEP_MS)) return;
    this.#leaseMs = untilMs;
    this.#out.push({ kind: "lease", untilMs });
  }

  #assign(run: RunRecord, untilMs = Number.POSITIVE_INFINITY): void {
    const { startAtMs, lineage } = run.control;
    const { agreement } = this.#membership;
    if (startAtMs === null || lineage !== agreement.lineage.id) return;
    this.#out.push({
      kind: "assign",
      assignment: {
        run: run.spec.id,
        plan: run.spec.plan,
        startAtMs,
        endAtMs: Math.min(endAtMs(run), this.#leaving.atMs(), untilMs),
        segments: agreement.segments(),
        ignoresLease: run.spec.plan.onMinority === "hold",
      },
    });
  }
}
