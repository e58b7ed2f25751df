// Answering those who ask for results: my own, those of the members asked through me, and what I hold of those who do not answer.

import { emptyPositions, fits, has, insert, insertAll, isEmpty } from "./agreement/positions.ts";
import type { AgreedView } from "./agreement/view.ts";
import type { Delegating } from "./delegating.ts";
import { Errand, type Errands } from "./errands.ts";
import type { MemberId } from "./events.ts";
import type { Gather, Report, Scope } from "./frame.ts";
import type { Surroundings } from "./gathers.ts";
import { LEAST_PATIENCE_MS, OPEN_ERRANDS, PART_AFTER, PART_EVERY_MS, PATIENCE_PER_HOP } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Reports } from "./reports.ts";
import { copyOf, remove } from "./subsets.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What somebody else has asked of this agent. */
interface Service {
  readonly errand: Errand;
  readonly from: MemberId;
  readonly gather: Gather;
  readonly scope: Scope;
  /** Members whose results were told already, and when more of them may be. */
  readonly told: Uint32Array;
  nextPartMs: number;
  /** When nothing more is told; Infinity before it was answered. */
  overMs: number;
}

export class Answering {
  readonly #self: MemberId;
  readonly #membership: Surroundings;
  readonly #out: Outbox;
  readonly #reports: Reports;
  readonly #errands: Errands;
  readonly #delegating: Delegating;
  readonly #services = new Set<Service>();

  constructor(
    self: MemberId,
    membership: Surroundings,
    out: Outbox,
    reports: Reports,
    errands: Errands,
    delegating: Delegating,
  ) {
    this.#self = self;
    this.#membership = membership;
    this.#out = out;
    this.#reports = reports;
    this.#errands = errands;
    this.#delegating = delegating;
  }

  /** Time passes: what is complete is answered, and of what takes long the part that has come. */
  turn(nowMs: number): void {
    for (const service of this.#services) {
      if (service.overMs === NEVER && service.errand.open === 0) this.#answer(service, nowMs);
      else if (nowMs >= service.nextPartMs && hasPart(service)) this.#tellPart(service, nowMs);
      if (nowMs >= service.overMs) this.#end(service);
    }
  }

  nextMs(): number {
    let next = NEVER;
    for (const service of this.#services) next = Math.min(next, service.overMs, hasPart(service) ? service.nextPartMs : NEVER);
    return next;
  }

  /** Somebody asks for my results, and perhaps for those of others. */
  asked(from: MemberId, gather: Gather, nowMs: number): void {
    const { scope } = gather;
    if (scope === undefined) return this.#answerAlone(from, gather, false);
    const view = this.#viewOf(scope);
    const isTooMany = this.#services.size >= OPEN_ERRANDS;
    if (isTooMany) this.#out.dropped.gathers++;
    if (view === null || isTooMany) return this.#answerAlone(from, gather, true);
    const { run, have, fromPoint = 0, sinceMs = 0 } = gather;
    const errand = new Errand(view, { run, have, fromPoint, sinceMs });
    const nextPartMs = nowMs + PART_AFTER * scope.patienceMs;
    this.#services.add({ errand, from, gather, scope, told: emptyPositions(view.size), nextPartMs, overMs: NEVER });
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

  // --- inside ---

  /** Everything asked for has come, or is late: what was lost on the way is sent again, and told when it comes after all. */
  #answer(service: Service, nowMs: number): void {
    const { errand, from, gather, scope } = service;
    service.overMs = this.#errands.isComplete(errand) ? nowMs : nowMs + scope.patienceMs;
    for (const report of this.#reportsFor(service)) errand.hold(report);
    // One frame each: together those of many dead members might be too much for one.
    for (const report of errand.held.values()) this.#out.send(from, { reports: [report], gathered: { id: gather.id, more: true } });
    this.#out.send(from, { gathered: { id: gather.id, part: errand.takePart() } });
  }

  /**
   * Of far members many answers are late, here and there: nobody is to wait for the last of each before the first are heard of.
   * Reports held for those who do not answer come with the end: until then they may.
   */
  #tellPart(service: Service, nowMs: number): void {
    const { errand, from, gather, told } = service;
    const part = errand.takePart();
    insertAll(told, part.heard);
    service.nextPartMs = nowMs + PART_EVERY_MS;
    this.#out.send(from, { gathered: { id: gather.id, more: true, part } });
  }

  #end(service: Service): void {
    this.#services.delete(service);
    this.#errands.end(service.errand);
  }

  /** What I hold of members that do not answer themselves. */
  #reportsFor({ errand, gather, scope, told }: Service): Report[] {
    const { view, collected } = errand;
    const { agreement } = this.#membership;
    const own = view.positionOf(this.#self);
    const neighbours = own < 0 ? [] : view.neighboursOf(own);
    return this.#heldFor(gather, (member) => {
      const position = view.positionOf(member);
      if (position < 0 || has(scope.silent, position) || agreement.isExcluded(member)) return true;
      if (has(scope.ask, position) && !has(collected.heard, position) && !has(told, position)) return true;
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

/** Something that was not told yet. */
function hasPart({ errand }: Service): boolean {
  return !isEmpty(errand.collected.heard);
}
