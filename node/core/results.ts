// Results of runs: each agent's reports kept, handed to neighbours against a crash, and gathered when somebody asks.

import type { Snapshot } from "../metrics/results.ts";
import { fits, has, insert, isEmpty, listed } from "./agreement/positions.ts";
import type { AgreedView } from "./agreement/view.ts";
import { Delegating } from "./delegating.ts";
import { Errand, Errands } from "./errands.ts";
import type { MemberId, RunId, RunRecord } from "./events.ts";
import type { Frame, Gather, Report, Scope } from "./frame.ts";
import { type Gathering, Gathers, type Surroundings } from "./gathers.ts";
import { Handing } from "./handing.ts";
import { LEAST_PATIENCE_MS, OPEN_ERRANDS, PATIENCE_PER_HOP } from "./limits.ts";
import { Members } from "./members.ts";
import type { Outbox } from "./outbox.ts";
import { Reports } from "./reports.ts";
import { NO_SERIES, Series } from "./series.ts";
import { copyOf, remove } from "./subsets.ts";
import { summarise } from "./summary.ts";
import type { Summary } from "./summary-type.ts";

/** What somebody else has asked of this agent. */
interface Service {
  readonly errand: Errand;
  readonly from: MemberId;
  readonly gather: Gather;
  readonly scope: Scope;
}

export class Results {
  readonly #self: MemberId;
  readonly #membership: Surroundings;
  readonly #out: Outbox;
  readonly #reports = new Reports();
  readonly #errands: Errands;
  readonly #delegating: Delegating;
  readonly #gathers: Gathers;
  readonly #series = new Series();
  readonly #services = new Set<Service>();
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
    this.#out = out;
    this.#errands = new Errands(out);
    this.#delegating = new Delegating(self, out, this.#errands);
    this.#gathers = new Gathers(self, membership, this.#errands, this.#delegating, roundTripMs);
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
    if (gather !== undefined) this.#asked(from, gather, nowMs);
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
    for (const service of this.#services) if (service.errand.open === 0) this.#answer(service);
    return this.#gathers.finished(nowMs);
  }

  nextMs(): number {
    return Math.min(this.#errands.nextMs(), this.#gathers.nextMs());
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

  /** Somebody asks for my results, and perhaps for those of others. */
  #asked(from: MemberId, gather: Gather, nowMs: number): void {
    const { scope } = gather;
    if (scope === undefined) return this.#answerAlone(from, gather, false);
    const view = this.#viewOf(scope);
    const isTooMany = this.#services.size >= OPEN_ERRANDS;
    if (isTooMany) this.#out.dropped.gathers++;
    if (view === null || isTooMany) return this.#answerAlone(from, gather, true);
    const { run, have, fromPoint = 0, sinceMs = 0 } = gather;
    const errand = new Errand(view, { run, have, fromPoint, sinceMs });
    this.#services.add({ errand, from, gather, scope });
    const others = copyOf(scope.ask, view.size);
    const position = view.positionOf(this.#self);
    if (position >= 0 && has(others, position)) {
      const isWanted = isEmpty(scope.silent) || has(scope.silent, position);
      errand.collected.addOwn(position, isWanted ? this.#reports.own(run, this.#self, fromPoint, sinceMs) : null);
      remove(others, position);
    }
    const patienceMs = scope.patienceMs * PATIENCE_PER_HOP;
    if (patienceMs < LEAST_PATIENCE_MS || isEmpty(others)) return;
    const avoid = copyOf(scope.avoid, view.size);
    const asker = view.positionOf(from);
    if (asker >= 0) insert(avoid, asker);
    this.#delegating.overLinks(errand, scope.lineage, { ...scope, ask: others, avoid, patienceMs }, nowMs);
  }

  /** Those who may have taken part. Of a lineage that this agent has left only those are known who have reported. */
  #membersFor({ control: { lineage } }: RunRecord): Members {
    const { agreement, members } = this.#membership;
    return lineage === null || lineage === agreement.lineage.id ? members : new Members();
  }

  /** Everything asked for has come, or will not. */
  #answer(service: Service): void {
    const { errand, from, gather } = service;
    this.#services.delete(service);
    this.#errands.end(errand);
    for (const report of this.#reportsFor(service)) errand.hold(report);
    // One frame each: together those of many dead members might be too much for one.
    for (const report of errand.held.values()) this.#out.send(from, { reports: [report], gathered: { id: gather.id, more: true } });
    const { heard, reported, done, failed, totals, intervals, isStale } = errand.collected;
    const part = { heard, reported, done, failed, totals, intervals, isStale };
    this.#out.send(from, { gathered: { id: gather.id, part } });
  }

  /** What I hold of members that do not answer themselves. */
  #reportsFor({ errand, gather, scope }: Service): Report[] {
    const { view, collected } = errand;
    const { agreement } = this.#membership;
    const own = view.positionOf(this.#self);
    const neighbours = own < 0 ? [] : view.neighboursOf(own);
    return this.#heldFor(gather, (member) => {
      const position = view.positionOf(member);
      if (position < 0 || has(scope.silent, position) || agreement.isExcluded(member)) return true;
      if (has(scope.ask, position) && !has(collected.heard, position)) return true;
      return neighbours.includes(position) && !this.#out.links.has(member);
    });
  }

  #heldFor(gather: Gather, isWanted: (member: MemberId) => boolean): Report[] {
    const known = new Map(gather.have.map(({ member, sequence }) => [member, sequence]));
    const members = this.#reports.members(gather.run).filter((member) => member !== this.#self && isWanted(member));
    return members.flatMap((member) => this.#reports.after(gather.run, member, known.get(member) ?? 0) ?? []);
  }

  /** For an asker of an older version or of another view: my own report, and what I hold of members that are gone. */
  #answerAlone(from: MemberId, gather: Gather, isTagged: boolean): void {
    const { members } = this.#membership;
    const known = gather.have.find(({ member }) => member === this.#self)?.sequence ?? 0;
    const own = this.#reports.after(gather.run, this.#self, known);
    const held = this.#heldFor(gather, (member) => members.get(member)?.state !== "alive");
    const tag = isTagged ? { gathered: { id: gather.id, more: true } } : {};
    for (const report of own === null ? held : [own, ...held]) this.#out.send(from, { reports: [report], ...tag });
    this.#out.send(from, { gathered: { id: gather.id } });
  }

  /** The view that is asked about; null if this agent does not know it. */
  #viewOf({ lineage, view: number, ask, avoid, silent }: Scope): AgreedView | null {
    const { agreement } = this.#membership;
    const view = lineage === agreement.lineage.id ? agreement.chain.at(number) : undefined;
    return view !== undefined && [ask, avoid, silent].every((set) => fits(set, view.size)) ? view : null;
  }
}
