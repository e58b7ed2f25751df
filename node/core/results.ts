// Results of runs: each agent's reports kept, handed to neighbours against a crash, and gathered when somebody asks.

import type { Snapshot } from "../metrics/results.ts";
import { listed } from "./agreement/positions.ts";
import { Answering } from "./answering.ts";
import { Delegating } from "./delegating.ts";
import { Errands } from "./errands.ts";
import type { MemberId, RunId, RunRecord } from "./events.ts";
import type { Frame } from "./frame.ts";
import { type Gathering, Gathers, type Surroundings } from "./gathers.ts";
import { Handing } from "./handing.ts";
import { Members } from "./members.ts";
import type { Outbox } from "./outbox.ts";
import { Reports } from "./reports.ts";
import { NO_SERIES, Series } from "./series.ts";
import { summarise } from "./summary.ts";
import type { Summary } from "./summary-type.ts";

export class Results {
  readonly #self: MemberId;
  readonly #membership: Surroundings;
  readonly #reports = new Reports();
  readonly #errands: Errands;
  readonly #gathers: Gathers;
  readonly #answering: Answering;
  readonly #series = new Series();
  readonly #handing: Handing;

  /** `isKnown`: whether this agent knows a run; of others nothing is kept. `roundTripMs`: to a middling neighbour and back. */
  constructor(
    self: MemberId,
    membership: Surroundings,
    out: Outbox,
    isKnown: (run: RunId) => boolean,
    roundTripMs: () => number,
  ) {
    this.#self = self;
    this.#membership = membership;
    this.#errands = new Errands(out);
    const delegating = new Delegating(self, out, this.#errands);
    this.#gathers = new Gathers(self, membership, this.#errands, delegating, roundTripMs);
    this.#answering = new Answering(self, membership, out, this.#reports, this.#errands, delegating);
    this.#handing = new Handing(self, membership, out, this.#reports, isKnown);
  }

  /** From the own engine: kept, and handed to a few linked neighbours so that a crash loses a second at most. */
  own(snapshot: Snapshot): void {
    const { run } = snapshot;
    if (!this.#reports.add({ since: this.#reports.sequence(run, this.#self), snapshot })) return;
    this.#handing.hand(run);
  }

  /** Before going: nobody might be left to answer for me, and for others of whom only I hold reports. */
  handOver(): void {
    this.#handing.handAll();
  }

  /** What a frame says of results; its runs have been taken in before. Returns whether there was anything. */
  hear(from: MemberId, { runs, reports, gather, gathered }: Frame, nowMs: number): boolean {
    for (const { spec } of runs ?? []) this.#handing.learnt(spec.id);
    if (gathered !== undefined) this.#errands.answered(from, gathered, reports ?? []);
    else if (reports !== undefined) this.#handing.take(reports, from);
    if (gather !== undefined) this.#answering.asked(from, gather, nowMs);
    return reports !== undefined || gather !== undefined || gathered !== undefined;
  }

  /** Nobody waits for a peer whose link has closed or that cannot be reached; another one holds my reports in its place. */
  linkDown(peer: MemberId): void {
    this.#errands.lost(peer);
    this.#handing.linkDown(peer);
  }

  isDone(run: RunId, member: MemberId): boolean {
    return this.#reports.isDone(run, member);
  }

  hasReported(run: RunId, member: MemberId): boolean {
    return this.#reports.sequence(run, member) > 0;
  }

  forget(run: RunId): void {
    this.#reports.forget(run);
    this.#series.forget(run);
    this.#handing.forget(run);
  }

  /** Asks everybody; a gathering of this run already under way serves as well. A judge needs no series. */
  gather(run: RunRecord, withSeries: boolean, nowMs: number): Gathering {
    const id = run.spec.id;
    const underWay = this.#gathers.underWay(id, withSeries);
    if (underWay !== undefined) return underWay;
    const { view } = this.#membership.agreement;
    const gone = this.#reports.members(id).filter((member) => view.positionOf(member) < 0);
    const have = gone.map((member) => ({ member, sequence: this.#reports.sequence(id, member) }));
    const series = withSeries ? this.#series.wanted(id) : { fromPoint: NO_SERIES, sinceMs: nowMs };
    return this.#gathers.open({ run: id, have, ...series }, withSeries, nowMs);
  }

  /** Time passes: what is complete is answered. Returns own gatherings that are over. */
  turn(nowMs: number): Gathering[] {
    this.#errands.giveUp(nowMs);
    this.#answering.turn(nowMs);
    return this.#gathers.finished(nowMs);
  }

  nextMs(): number {
    return Math.min(this.#errands.nextMs(), this.#answering.nextMs(), this.#gathers.nextMs());
  }

  /** What a gathering has brought; null if it has to go on, because what was kept of the series is no longer true. */
  summary(gathering: Gathering, run: RunRecord, nowMs: number): Summary | null {
    const { errand, withSeries, askedAtMs } = gathering;
    const { view, collected, question } = errand;
    for (const report of errand.held.values()) if (report.snapshot.member !== this.#self) this.#reports.add(report);
    const idsOf = (set: typeof collected.done) => new Set(listed(set).map((position) => view.members[position]!.id));
    const reported = idsOf(collected.reported);
    const all = withSeries
      ? this.#series.complete(run, question.fromPoint, collected, reported, askedAtMs)
      : collected.intervals;
    if (all === null) {
      this.#gathers.again(gathering, { ...question, fromPoint: 0, sinceMs: 0 }, nowMs);
      return null;
    }
    const others = { totals: collected.totals, intervals: all, reported, done: idsOf(collected.done) };
    const single = this.#reports.of(run.spec.id).filter(({ member }) => !reported.has(member));
    return summarise(run, this.#membersFor(run), single, nowMs, others);
  }

  // --- inside ---

  /** Those who may have taken part. Of a lineage that this agent has left only those are known who have reported. */
  #membersFor({ control: { lineage } }: RunRecord): Members {
    const { agreement, members } = this.#membership;
    return lineage === null || lineage === agreement.lineage.id ? members : new Members();
  }
}
