// The swarm as a state machine: what happened goes in with the time, what to do comes out. No clock, no I/O, no chance.

import type { Effect, In, MemberId, MemberRecord, RunRecord } from "./events.ts";
import type { Frame, Report } from "./frame.ts";
import { Judging } from "./judging.ts";
import { BATCH_CHARACTERS, DRAIN_MS } from "./limits.ts";
import type { Members } from "./members.ts";
import { Membership } from "./membership.ts";
import { Outbox } from "./outbox.ts";
import { Publishing } from "./publishing.ts";
import { Results } from "./results.ts";
import { RunStates } from "./run-states.ts";
import { endAtMs, Runs } from "./runs.ts";
import { nextChangeMs, segmentsOf, sharesAt } from "./split.ts";
import { summarise } from "./summary.ts";

/** What an agent is when it starts. */
export interface SelfDescription {
  readonly id: MemberId;
  readonly name: string;
  readonly zone: string;
  readonly addresses: readonly string[];
  readonly api: string;
  /** Capacity relative to other agents: its number of workers. */
  readonly weight: number;
  /** From publishing to the first arrival at least: the plan must have reached everybody. 0 for a swarm of one. */
  readonly startLeadMs: number;
}

/** One agent's part of the swarm. Mutable inside; everything it wants done is in the effects it returns. */
export class SwarmMachine {
  readonly self: MemberId;
  readonly members: Members;
  readonly runs: Runs;
  readonly #out = new Outbox();
  readonly #membership: Membership;
  readonly #publishing: Publishing;
  readonly #judging: Judging;
  readonly #results: Results;
  readonly #runStates: RunStates;
  #nowMs: number;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #nextResplitMs = Number.POSITIVE_INFINITY;
  #leaveAtMs = Number.POSITIVE_INFINITY;
  #left = false;

  constructor(self: SelfDescription, nowMs: number) {
    const { startLeadMs, ...description } = self;
    this.self = self.id;
    this.#nowMs = nowMs;
    this.#membership = new Membership(
      { ...description, incarnation: 1, state: "alive", view: 0, fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY },
      this.#out,
      () => this.#assignAll(),
    );
    this.members = this.#membership.members;
    this.#results = new Results(self.id, this.members, this.#out);
    this.runs = new Runs((run) => {
      this.#results.forget(run);
      this.#runStates.forget(run);
    });
    this.#runStates = new RunStates(this.runs);
    this.#publishing = new Publishing(self.id, startLeadMs, this.runs, this.members);
    this.#judging = new Judging(self.id, this.runs, this.members);
  }

  /** One event in, everything to be done about it out, in order. `nowMs` never falls. */
  handle(input: In, nowMs: number): Effect[] {
    this.#nowMs = Math.max(nowMs, this.#nowMs);
    this.#dispatch(input);
    this.#doWhatIsDue();
    this.#finishGathers();
    for (const event of this.#runStates.changes(this.#nowMs)) this.#out.emit(event);
    this.#askToBeWoken();
    return this.#out.take();
  }

  #dispatch(input: In): void {
    switch (input.kind) {
      case "linkUp":
        this.#out.links.add(input.peer);
        this.#membership.linkUp(input.peer);
        return this.#greet(input.peer);
      case "linkDown": {
        this.#out.links.delete(input.peer);
        this.#results.linkDown(input.peer);
        this.#membership.linkDown(input.peer);
        const member = this.members.get(input.peer);
        if (member?.state === "alive") this.#out.push({ kind: "probe", member });
        return;
      }
      case "refused":
        for (const gone of this.#membership.lose(input.peer, this.#nowMs)) this.#results.gone(gone);
        return;
      case "frame":
        return this.#frame(input.from, input.frame);
      case "publish": {
        const published = this.#publishing.publish(input, this.#nowMs);
        if (published === null) return this.#out.answer(input.token, { kind: "tooManyRuns" });
        if (published.created) this.#announce([published.record]);
        return this.#out.answer(input.token, { kind: "published", run: published.record, created: published.created });
      }
      case "stop": {
        const stopped = this.#publishing.stop(input.run, this.#nowMs);
        if (stopped === null) return this.#out.answer(input.token, { kind: "unknownRun" });
        this.#announce(stopped);
        return this.#out.answer(input.token, { kind: "stopped", runs: stopped.map((run) => run.spec.id) });
      }
      case "summarise": {
        const run = this.runs.get(input.run);
        if (run === undefined) return this.#out.answer(input.token, { kind: "unknownRun" });
        this.#results.gather(run, this.#nowMs).tokens.push(input.token);
        return;
      }
      case "report":
        if (this.runs.get(input.snapshot.run) !== undefined) this.#results.own(input.snapshot);
        return;
      case "leave":
        if (this.#leaveAtMs === Number.POSITIVE_INFINITY) this.#leaveAtMs = this.#membership.leave(this.#nowMs);
        return;
      case "wake":
        this.#wakeAtMs = Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Everything I know. Plans can be large: what does not fit into one frame goes before, for runs come first. While no
   * run is on here, the members wait for the peer's greeting: its runs may change from when they have a share.
   */
  #greet(peer: MemberId): void {
    const batches = inBatches(this.runs.all());
    const last = batches.pop() ?? [];
    for (const runs of batches) this.#out.send(peer, { runs });
    this.#out.send(peer, { hello: true, members: this.#isIdle() ? [] : this.#vouchedFor(), runs: last });
  }

  /** Runs first: whether one is under way decides when my own membership may begin. */
  #frame(from: MemberId, frame: Frame): void {
    if (frame.runs !== undefined) this.#takeRuns(frame.runs, from);
    if (frame.members !== undefined) {
      for (const gone of this.#membership.take(frame.members, from, this.#nowMs)) this.#results.gone(gone);
    }
    if (frame.hello === true) this.#out.send(from, { members: this.#vouchedFor() });
    if (frame.reports !== undefined) this.#takeReports(frame.reports);
    if (frame.gather !== undefined) this.#results.answer(from, frame.gather);
    if (frame.gathered !== undefined) this.#results.answered(from, frame.gathered.id);
  }

  /**
   * The members a peer may hear of from me: until I have a share only myself. Whoever was idle with me may still stand
   * in my book as a member of long ago, and has not yet said from when it joins the run that we both have just met.
   */
  #vouchedFor(): MemberRecord[] {
    const own = this.#membership.own();
    return own.fromMs > this.#nowMs ? [own] : this.members.all();
  }

  #isIdle(): boolean {
    return this.runs.active(this.#nowMs).length === 0;
  }

  /** Of runs that are known: what nobody could ask for is not kept. */
  #takeReports(reports: readonly Report[]): void {
    this.#results.take(reports.filter((report) => this.runs.get(report.snapshot.run) !== undefined));
  }

  #takeRuns(records: readonly RunRecord[], from: MemberId): void {
    const wasIdle = this.#isIdle();
    const toAssign: RunRecord[] = [];
    const news: RunRecord[] = [];
    let missedStart = false;
    for (const record of records) {
      const known = this.runs.get(record.spec.id) !== undefined;
      const merged = this.runs.merge(record, this.#nowMs);
      if (merged === null) continue;
      news.push(merged);
      // A run that ended before I heard of it is history: there is nothing to do for it.
      if (known || this.#nowMs < endAtMs(merged)) toAssign.push(merged);
      missedStart ||= !known && this.#isUnderWay(merged);
    }
    if (news.length === 0) return;
    // Before anything is assigned: until the others count on me I own nothing of a run that is under way.
    if (missedStart && wasIdle) this.#membership.joinLate(this.#nowMs);
    this.#out.spread({ runs: news }, from);
    for (const run of toAssign) this.#assign(run);
    for (const run of news) {
      const twin = this.runs.surplusTwin(run, this.#nowMs);
      if (twin !== null) this.#announce(this.#publishing.stop(twin.spec.id, this.#nowMs) ?? []);
    }
  }

  /** It has begun, or will before a member that joins now has a share. */
  #isUnderWay(run: RunRecord): boolean {
    const startAtMs = run.control.startAtMs;
    return startAtMs !== null && startAtMs < this.#membership.joinAtMs(this.#nowMs) && this.#nowMs < endAtMs(run);
  }

  /** Runs changed by this agent: over the links, and to everybody at once because they are rare and urgent. */
  #announce(runs: readonly RunRecord[]): void {
    for (const run of runs) {
      const frame = { runs: [run] };
      this.#out.push({ kind: "broadcast", frame });
      this.#out.spread(frame, null);
      this.#assign(run);
    }
  }

  #assignAll(): void {
    for (const run of this.runs.active(this.#nowMs)) this.#assign(run);
    this.#nextResplitMs = nextChangeMs(this.members, this.#nowMs);
  }

  #assign(run: RunRecord): void {
    const { startAtMs } = run.control;
    if (startAtMs === null) return;
    this.#out.push({
      kind: "assign",
      assignment: {
        run: run.spec.id,
        plan: run.spec.plan,
        startAtMs,
        endAtMs: Math.min(endAtMs(run), this.#membership.own().untilMs),
        segments: segmentsOf(this.self, this.members, this.#nowMs),
      },
    });
  }

  #doWhatIsDue(): void {
    this.#announce(this.#publishing.startable(this.#nowMs));
    for (const run of this.#judging.due(this.#nowMs)) this.#results.gather(run, this.#nowMs).forJudge = true;
    if (this.#nowMs >= this.#nextResplitMs) {
      const shares = sharesAt(this.members, this.#nowMs);
      const share = shares.get(this.self) ?? 0;
      this.#out.emit({ type: "resplit", atMs: this.#nowMs, members: shares.size, share });
      this.#assignAll();
    }
    if (this.#mayGo()) {
      this.#left = true;
      this.#results.handOver();
      this.#out.push({ kind: "left" });
    }
  }

  /** My share has moved on and my iterations have ended, or have had their time. */
  #mayGo(): boolean {
    if (this.#left || this.#nowMs < this.#leaveAtMs) return false;
    if (this.#nowMs >= this.#leaveAtMs + DRAIN_MS) return true;
    return this.runs
      .all()
      .filter(({ control }) => control.startAtMs !== null && control.startAtMs < this.#leaveAtMs)
      .filter((run) => this.#leaveAtMs < endAtMs(run) || this.#results.hasReported(run.spec.id, this.self))
      .every((run) => this.#results.isDone(run.spec.id, this.self));
  }

  #finishGathers(): void {
    for (const gathering of this.#results.finished(this.#nowMs)) {
      const run = this.runs.get(gathering.run);
      if (run === undefined) {
        for (const token of gathering.tokens) this.#out.answer(token, { kind: "unknownRun" });
        continue;
      }
      const summary = summarise(run, this.members, this.#results.snapshots(gathering.run), this.#nowMs);
      for (const token of gathering.tokens) this.#out.answer(token, { kind: "summary", summary });
      if (gathering.forJudge) this.#abort(this.#judging.verdict(run, summary, this.#nowMs));
    }
  }

  #abort(run: RunRecord | null): void {
    const merged = run === null ? null : this.runs.merge(run, this.#nowMs);
    if (merged !== null) this.#announce([merged]);
  }

  #askToBeWoken(): void {
    const leaveAtMs = this.#left ? Number.POSITIVE_INFINITY : this.#leaveAtMs;
    const next = Math.min(
      this.#results.nextDeadlineMs(),
      this.#judging.nextDueMs(this.#nowMs),
      this.#runStates.nextChangeMs(this.#nowMs),
      this.#nextResplitMs,
      this.#nowMs < leaveAtMs ? leaveAtMs : leaveAtMs + DRAIN_MS,
    );
    if (next === this.#wakeAtMs) return;
    this.#wakeAtMs = next;
    this.#out.push({ kind: "wakeAt", atMs: next });
  }
}

/** Runs in one frame at most; the wire refuses frames of more than 200. */
const BATCH_RUNS = 100;

/** Split so that the plans of each batch fit into a frame with room to spare. */
function inBatches(runs: readonly RunRecord[]): RunRecord[][] {
  const batches: RunRecord[][] = [];
  let room = 0;
  for (const run of runs) {
    const size = run.spec.document.length;
    if (size > room || batches.length === 0 || batches.at(-1)!.length >= BATCH_RUNS) {
      batches.push([]);
      room = BATCH_CHARACTERS;
    }
    batches.at(-1)!.push(run);
    room -= size;
  }
  return batches;
}
