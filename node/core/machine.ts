// The swarm as a state machine: what happened goes in with the time, what to do comes out. No clock, no I/O, no chance.

import type { Snapshot } from "../metrics/results.ts";
import { CIRCLE } from "../plan/stripe.ts";
import type { AgreedView } from "./agreement/view.ts";
import { Capacity } from "./capacity.ts";
import type { Dropped } from "./dropped.ts";
import type { Effect, In, MemberId, RunId, RunRecord, Seat, SelfDescription } from "./events.ts";
import type { Frame, LineageId, Standing } from "./frame.ts";
import { Gossip, type Peer } from "./gossip.ts";
import { Judging } from "./judging.ts";
import { Leaving } from "./leaving.ts";
import { inBatches } from "./batches.ts";
import { FOLLOW_WINDOWS, LONGEST_ROUND_TRIP_MS, startOf, windowOf } from "./limits.ts";
import type { Members, Tables } from "./members.ts";
import { Membership } from "./membership.ts";
import { Outbox } from "./outbox.ts";
import { Publishing } from "./publishing.ts";
import { Results } from "./results.ts";
import { RunStates } from "./run-states.ts";
import { isActive, Runs } from "./runs.ts";
import { TimeSync } from "./time-sync.ts";
import { Work } from "./work.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** One agent's part of the swarm. Mutable inside; everything it wants done is in the effects it returns. */
export class SwarmMachine {
  readonly self: MemberId;
  readonly members: Members;
  readonly runs: Runs;
  /** Frames in which others than members spoke for members; newcomers do that for a moment. */
  unheard = 0;
  readonly #out = new Outbox();
  readonly #time = new TimeSync();
  readonly #membership: Membership;
  readonly #gossip: Gossip;
  readonly #publishing: Publishing;
  readonly #judging: Judging;
  readonly #results: Results;
  readonly #runStates: RunStates;
  readonly #leaving: Leaving;
  readonly #work: Work;
  readonly #capacity: Capacity;
  #nowMs: number;
  #wakeAtMs = NEVER;
  /** When something other than the swarm's own affairs is due. */
  #dueMs = Number.NEGATIVE_INFINITY;
  #window = Number.NEGATIVE_INFINITY;
  #followed: AgreedView | null = null;
  #roundTripMs = 0;

  constructor(self: SelfDescription, localMs: number, tables?: Tables) {
    const { startLeadMs, ...description } = self;
    this.self = self.id;
    this.#nowMs = this.#time.swarmMs(localMs);
    this.#capacity = new Capacity(self.weight);
    const record = { ...description, incarnation: 0, state: "alive", view: 0, fromMs: NEVER, untilMs: NEVER } as const;
    this.#membership = new Membership(record, this.#out, this.#nowMs, tables);
    this.members = this.#membership.members;
    const isKnown = (run: RunId): boolean => this.runs.get(run) !== undefined;
    this.#results = new Results(self.id, this.#membership, this.#out, isKnown, () => this.#roundTripMs);
    this.runs = new Runs((run) => {
      this.#results.forget(run);
      this.#runStates.forget(run);
      this.#judging.forget(run);
      this.#capacity.forget(run);
    }, this.#out.dropped);
    this.runs.lineage = this.#membership.agreement.lineage.id;
    this.#runStates = new RunStates(this.runs);
    this.#publishing = new Publishing(self.id, startLeadMs, this.runs, this.#membership);
    this.#judging = new Judging(self.id, this.runs, this.#membership);
    this.#leaving = new Leaving(this.#membership, this.runs, this.#results);
    this.#work = new Work(this.#out, this.runs, this.#membership, this.#publishing, this.#leaving);
    this.#gossip = new Gossip(this.#out, this.#membership, this.#time, {
      rank: () => this.#rank(),
      runsDigest: () => this.runs.digest(),
      tellAll: (peer) => this.#tellAll(peer),
    });
  }

  /** One event in, everything to be done about it out, in order. `localMs` is the agent's own clock and never falls. */
  handle(input: In, localMs: number): Effect[] {
    this.#nowMs = Math.max(this.#time.swarmMs(localMs), this.#nowMs);
    const dueMs = this.#wakeAtMs;
    // Frames of the swarm's own affairs are many; the rest is looked at only when there is a reason.
    if (!this.#dispatch(input, localMs)) this.#dueMs = Number.NEGATIVE_INFINITY;
    this.#turn(dueMs, localMs);
    return this.#out.take();
  }

  /** The agreed view as this agent knows it. */
  view(): { readonly lineage: LineageId; readonly number: number; readonly members: readonly MemberId[] } {
    const { lineage, view } = this.#membership.agreement;
    return { lineage: lineage.id, number: view.number, members: view.ids };
  }

  /** What was let go because of a bound, since the start. */
  get dropped(): Readonly<Dropped> {
    return this.#out.dropped;
  }

  /** Who sits in the agreed view, in id order. */
  seats(): Seat[] {
    const { chain, view } = this.#membership.agreement;
    const inEffect = chain.all().findLast((one) => startOf(one.fromWindow) <= this.#nowMs) ?? view;
    return view.members.flatMap(({ id }) => {
      const member = this.members.get(id);
      return member === undefined ? [] : [{ member, share: inEffect.stripeOf(id).width / CIRCLE }];
    });
  }

  // --- what happens ---

  /** Returns whether it concerns the swarm's own affairs only. */
  #dispatch(input: In, localMs: number): boolean {
    switch (input.kind) {
      case "linkUp":
        this.#out.links.add(input.peer);
        this.#gossip.linkUp(input.peer, localMs);
        return true;
      case "linkDown":
        this.#linkDown(input.peer);
        return false;
      case "refused":
        if (this.#out.links.has(input.peer)) return true;
        this.#membership.refused(input.peer, this.#nowMs);
        this.#results.linkDown(input.peer);
        return false;
      case "unreachable":
        // Nothing was heard of it, which says the same.
        return true;
      case "frame":
        return this.#frame(input.from, input.frame, localMs);
      case "wake":
        this.#wakeAtMs = NEVER;
        return true;
      case "report":
        this.#report(input.snapshot);
        return false;
      case "leave":
        this.#leaving.begin(this.#nowMs);
        return false;
      default:
        this.#ask(input);
        return false;
    }
  }

  #ask(input: Extract<In, { kind: "publish" | "stop" | "summarise" }>): void {
    const { token } = input;
    switch (input.kind) {
      case "publish": {
        const published = this.#publishing.publish(input, this.#nowMs);
        if (published === null) return this.#out.answer(token, { kind: "tooManyRuns" });
        if (published.created) this.#work.announce([published.record]);
        return this.#out.answer(token, { kind: "published", run: published.record, created: published.created });
      }
      case "stop": {
        const stopped = this.#publishing.stop(input.run, this.#nowMs);
        if (stopped === null) return this.#out.answer(token, { kind: "unknownRun" });
        this.#work.announce(stopped);
        return this.#out.answer(token, { kind: "stopped", runs: stopped.map((run) => run.spec.id) });
      }
      case "summarise": {
        const run = this.runs.get(input.run);
        if (run === undefined) return this.#out.answer(token, { kind: "unknownRun" });
        this.#results.gather(run, true, this.#nowMs).tokens.push(token);
      }
    }
  }

  #report(snapshot: Snapshot): void {
    const run = this.runs.get(snapshot.run);
    if (run === undefined) return;
    this.#results.own(snapshot);
    // It may have been the last one that had anything to do, before the planned end.
    const isLooking = snapshot.done && isActive(run, this.#nowMs) && this.#judging.isJudge(run.spec.id);
    if (isLooking) this.#results.gather(run, false, this.#nowMs).forJudge = true;
    const share = this.#membership.agreement.widthAt(this.#nowMs) / CIRCLE;
    const weight = this.#capacity.report(snapshot, share, this.#nowMs);
    if (weight !== null) this.#membership.reweigh(weight);
  }

  #linkDown(peer: MemberId): void {
    this.#out.links.delete(peer);
    this.#results.linkDown(peer);
    if (this.#gossip.linkDown(peer)) return;
    this.#membership.agreement.cut(peer, this.#nowMs);
    const member = this.members.get(peer);
    if (this.#membership.neighbours.includes(peer) && member !== undefined) this.#out.push({ kind: "probe", member });
  }

  #frame(from: MemberId, frame: Frame, localMs: number): boolean {
    // Gossipsub's messages have no link of their own.
    const peer = this.#gossip.peer(from);
    const isOurs = peer !== undefined && (this.#gossip.received(peer, frame, localMs) || this.#follows(peer, frame, localMs));
    if (isOurs) {
      this.#membership.heard(from, this.#nowMs, frame.standing?.restsFrom);
      if (!this.#membership.hear(frame, from, this.#nowMs)) this.unheard++;
    }
    if (frame.runs !== undefined) this.#work.take(frame.runs, from, this.#nowMs);
    const isRoutine = !this.#results.hear(from, frame, this.#nowMs) && frame.runs === undefined;
    if (peer !== undefined && frame.standing !== undefined) this.#gossip.compare(peer, localMs);
    return isRoutine;
  }

  /** Complete state of another lineage has come: if mine yields to it, I follow from now on, in its time. */
  #follows(peer: Peer, frame: Frame, localMs: number): boolean {
    const { standing, chain, members = [] } = frame;
    if (standing === undefined || chain === undefined || this.runs.hasCeded(standing)) return false;
    const lineage = { id: standing.lineage, bornMs: standing.bornMs };
    const isStranger = this.#membership.agreement.view.positionOf(peer.id) < 0;
    const yields = this.#membership.yieldsTo(standing, this.#rank());
    if (!yields || !this.#membership.follow(lineage, chain, members, peer.id, standing.sentAtMs)) return false;
    // Its runs are in the same frame, or were heard of before.
    this.runs.lineage = lineage.id;
    this.#time.adopt(standing.sentAtMs, localMs);
    this.#nowMs = this.#time.swarmMs(localMs);
    this.#dueMs = Number.NEGATIVE_INFINITY;
    this.#window = Number.NEGATIVE_INFINITY;
    this.#out.push({ kind: "clock", offsetMs: this.#time.offsetMs });
    this.#work.assignAll(this.#nowMs);
    if (isStranger) this.#work.tellRuns(peer.id);
    return this.#gossip.received(peer, frame, localMs);
  }

  /** Everything I know. Plans can be large: what does not fit into one frame goes before. */
  #tellAll(peer: MemberId): void {
    const batches = inBatches(this.runs.all());
    const last = batches.pop() ?? [];
    for (const runs of batches) this.#out.send(peer, { runs });
    const standing = this.#gossip.standing(this.#time.localMs(this.#nowMs));
    const { agreement } = this.#membership;
    this.#out.send(peer, { hello: true, standing, ...agreement.state(), members: this.#membership.known(), runs: last });
  }

  // --- what time brings ---

  /** `dueMs`: the local time at which this turn was to come at the latest. */
  #turn(dueMs: number, localMs: number): void {
    const idle = this.#rank() !== 2;
    if (this.runs.isOn(this.#nowMs)) this.#membership.agreement.disturb(this.#nowMs);
    const decides = this.#gossip.isDue(localMs);
    if (this.#membership.turn(this.#time.swarmMs(dueMs), this.#nowMs, idle, this.#roundTripMs, decides)) this.#sharesChanged();
    if (!this.#membership.isKnocking && this.#time.isSure(localMs)) {
      this.#followTime(true, localMs);
      this.#membership.knock();
    }
    for (const gone of this.#membership.takeGone()) this.#results.linkDown(gone);
    this.#beginWindow(localMs);
    this.#work.renewLease(this.#time, this.#nowMs);
    if (this.#nowMs >= this.#dueMs) this.#doWhatIsDue(localMs);
    this.#gossip.turn(localMs, localMs - dueMs);
    this.#askToBeWoken(localMs);
  }

  #beginWindow(localMs: number): void {
    const window = windowOf(this.#nowMs);
    if (window <= this.#window) return;
    this.#window = window;
    if (window % FOLLOW_WINDOWS === 0) this.#roundTripMs = Math.min(this.#time.roundTripMs(), LONGEST_ROUND_TRIP_MS);
    this.#tellResplit();
    // Until its share begins, or it may offer it again, nothing hangs on its time.
    const isFree = !this.#membership.isKnocking || this.#membership.agreement.widthAt(this.#nowMs) === 0;
    if (!isFree && window % FOLLOW_WINDOWS !== 0) return;
    this.#followTime(isFree, localMs);
  }

  #followTime(mayStep: boolean, localMs: number): void {
    if (this.#time.follow(mayStep, localMs)) this.#out.push({ kind: "clock", offsetMs: this.#time.offsetMs });
  }

  #sharesChanged(): void {
    const { lineage } = this.#membership.agreement;
    this.runs.lineage = lineage.id;
    this.#work.assignAll(this.#nowMs);
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  #doWhatIsDue(localMs: number): void {
    this.#work.announce(this.#publishing.startable(this.#nowMs));
    for (const run of this.#judging.due(this.#nowMs)) this.#results.gather(run, false, this.#nowMs).forJudge = true;
    const wasAtMs = this.#leaving.atMs();
    const mayGo = this.#leaving.turn(this.#nowMs);
    if (this.#leaving.atMs() !== wasAtMs) this.#work.assignAll(this.#nowMs);
    if (mayGo) {
      // What I have locked or adopted last: the others may have no quorum without it.
      this.#gossip.tellNews(localMs);
      this.#results.handOver();
      this.#out.spread({ goodbye: true }, null);
      this.#out.push({ kind: "left" });
    }
    this.#finishGathers();
    for (const event of this.#runStates.changes(this.#nowMs)) this.#out.emit(event);
    this.#dueMs = Math.min(
      this.#results.nextMs(),
      this.#judging.nextDueMs(this.#nowMs),
      this.#runStates.nextChangeMs(this.#nowMs),
      this.#leaving.nextMs(this.#nowMs),
    );
  }

  /** Told when it happens, not when it is planned. */
  #tellResplit(): void {
    const followed = this.#membership.agreement.followed(this.#nowMs);
    if (followed === this.#followed) return;
    this.#followed = followed;
    const share = this.#membership.agreement.widthAt(this.#nowMs) / CIRCLE;
    this.#out.emit({ type: "resplit", atMs: this.#nowMs, members: followed?.size ?? 0, share });
  }

  #finishGathers(): void {
    for (const gathering of this.#results.turn(this.#nowMs)) {
      const run = this.runs.get(gathering.run);
      const summary = run && this.#results.summary(gathering, run, this.#nowMs);
      if (summary === null) continue;
      // Forgotten meanwhile; or it goes on among agents of whom none is here yet.
      const isUnknown = run === undefined || summary === undefined || (!this.runs.isOurs(run) && summary.agents.reported === 0);
      const answer = isUnknown ? ({ kind: "unknownRun" } as const) : ({ kind: "summary", summary } as const);
      for (const token of gathering.tokens) this.#out.answer(token, answer);
      if (!isUnknown && gathering.forJudge) this.#abort(this.#judging.verdict(run, summary, this.#nowMs));
    }
  }

  #abort(run: RunRecord | null): void {
    const merged = run === null ? null : this.runs.merge(run, this.#nowMs);
    if (merged !== null) this.#work.announce([merged]);
  }

  #rank(): Standing["rank"] {
    return this.runs.rank(this.#nowMs);
  }

  #askToBeWoken(localMs: number): void {
    const { agreement } = this.#membership;
    const next = this.#time.localMs(Math.min(this.#dueMs, agreement.nextMs()));
    // A hair later, because the way from one clock to the other is rounded: a wake before its time would be for nothing.
    const atMs = Math.max(localMs, Math.min(next + ROUNDING_MS, this.#gossip.nextMs()));
    if (atMs === this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#out.push({ kind: "wakeAt", atMs });
  }
}

/** More than a sum of a wall-clock time and an offset is rounded by. */
const ROUNDING_MS = 0.001;

