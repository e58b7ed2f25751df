// Results of runs: each agent's reports kept, handed to neighbours against a crash, and gathered when somebody asks.

import type { Snapshot } from "../metrics/results.ts";
import type { MemberId, RunId, RunRecord } from "./events.ts";
import type { Gather, Report } from "./frame.ts";
import { type Gathering, Gathers } from "./gathers.ts";
import { HOLDERS } from "./limits.ts";
import type { Members } from "./members.ts";
import type { Outbox } from "./outbox.ts";
import { Reports } from "./reports.ts";
import { firstInHashOrder } from "./rings.ts";
import { endAtMs } from "./runs.ts";

export class Results {
  readonly #self: MemberId;
  readonly #members: Members;
  readonly #out: Outbox;
  readonly #reports = new Reports();
  readonly #gathers = new Gathers();
  /** What each linked peer holds of my reports: peer -> run -> sequence. */
  readonly #handed = new Map<MemberId, Map<RunId, number>>();

  constructor(self: MemberId, members: Members, out: Outbox) {
    this.#self = self;
    this.#members = members;
    this.#out = out;
  }

  /** From the own engine: kept, and handed to a few linked neighbours so that a crash loses a second at most. */
  own(snapshot: Snapshot): void {
    const { run } = snapshot;
    if (!this.#reports.add({ since: this.#reports.sequence(run, this.#self), snapshot })) return;
    for (const peer of this.#holders()) {
      const handed = this.#handed.get(peer) ?? new Map<RunId, number>();
      const delta = this.#reports.after(run, this.#self, handed.get(run) ?? 0);
      if (delta === null) continue;
      handed.set(run, snapshot.sequence);
      this.#handed.set(peer, handed);
      this.#out.send(peer, { reports: [delta] });
    }
  }

  /** Before going: what I hold of myself and of others that are gone, or nobody might be left to answer for them. */
  handOver(): void {
    const reports = this.#reports
      .all()
      .filter(({ snapshot }) => this.#members.get(snapshot.member)?.state !== "alive");
    for (const peer of this.#holders()) {
      const handed = this.#handed.get(peer);
      for (const report of reports) {
        const { run, member, sequence } = report.snapshot;
        const has = member === this.#self && handed?.get(run) === sequence;
        if (!has) this.#out.send(peer, { reports: [report] });
      }
    }
  }

  /** Reports that others handed over. */
  take(reports: readonly Report[]): void {
    for (const report of reports) if (report.snapshot.member !== this.#self) this.#reports.add(report);
  }

  linkDown(peer: MemberId): void {
    this.#handed.delete(peer);
  }

  gone(member: MemberId): void {
    this.#gathers.gone(member);
  }

  isDone(run: RunId, member: MemberId): boolean {
    return this.#reports.isDone(run, member);
  }

  hasReported(run: RunId, member: MemberId): boolean {
    return this.#reports.sequence(run, member) > 0;
  }

  forget(run: RunId): void {
    this.#reports.forget(run);
    for (const handed of this.#handed.values()) handed.delete(run);
  }

  /** Asks everybody who may know more; a gathering of this run already under way serves as well. */
  gather(run: RunRecord, nowMs: number): Gathering {
    const id = run.spec.id;
    const underWay = this.#gathers.underWay(id);
    if (underWay !== undefined) return underWay;
    const startAtMs = run.control.startAtMs ?? nowMs;
    const taking = this.#members.during(startAtMs, Math.max(startAtMs, Math.min(nowMs, endAtMs(run))) + 1);
    const have = taking.map((member) => ({ member: member.id, sequence: this.#reports.sequence(id, member.id) }));
    const missing = taking.filter((member) => !this.#reports.isDone(id, member.id));
    const asked = missing.some((member) => member.state !== "alive") ? this.#members.present(nowMs) : missing;
    const others = asked
      .filter((member) => member.state !== "lost" && member.id !== this.#self)
      .map((member) => member.id);
    const gathering = this.#gathers.open(id, have, others, nowMs);
    this.#ask(gathering);
    return gathering;
  }

  /** My own report, and what I hold of members that cannot answer any more. */
  answer(from: MemberId, gather: Gather): void {
    const known = new Map(gather.have.map(({ member, sequence }) => [member, sequence]));
    for (const member of new Set([this.#self, ...known.keys()])) {
      if (member !== this.#self && this.#members.get(member)?.state === "alive") continue;
      const report = this.#reports.after(gather.run, member, known.get(member) ?? 0);
      // One frame each, the answer last: together those of many dead members might be too much for one frame.
      if (report !== null) this.#out.send(from, { reports: [report] });
    }
    this.#out.send(from, { gathered: { id: gather.id } });
  }

  answered(from: MemberId, gathering: number): void {
    this.#gathers.answered(gathering, from);
  }

  askAgain(nowMs: number): void {
    for (const gathering of this.#gathers.overdue(nowMs)) this.#ask(gathering);
  }

  /** Gatherings that are complete or out of time. */
  finished(nowMs: number): Gathering[] {
    return this.#gathers.finished(nowMs);
  }

  nextDeadlineMs(): number {
    return this.#gathers.nextDeadlineMs();
  }

  snapshots(run: RunId): Snapshot[] {
    return this.#reports.of(run);
  }

  #ask({ waitingFor, question }: Gathering): void {
    for (const member of waitingFor) this.#out.send(member, { gather: question });
  }

  #holders(): MemberId[] {
    const linked = [...this.#out.links].filter((peer) => this.#members.get(peer)?.state === "alive");
    return firstInHashOrder(this.#self, linked, HOLDERS);
  }
}
