// Everything an agent exports, read when somebody asks: a scraper, or the push every few seconds.

import type { Dropped } from "../core/dropped.ts";
import type { RunRecord, Seat, SwarmEvent } from "../core/events.ts";
import type { OpenCounts } from "../load/open-count.ts";
import type { Measured } from "../load/report.ts";
import type { NetworkCounters } from "../mesh/network.ts";
import { type Meter, RUN_METERS, SWARM_METERS as M } from "../metrics/meters.ts";
import { ProcessReadings } from "../metrics/process-readings.ts";
import { labelValue, type Reading } from "../metrics/reading.ts";
import { type Detail, runReadings } from "../metrics/run-readings.ts";
import { Sketch } from "../metrics/sketch.ts";
import { threadReadings } from "../metrics/thread-readings.ts";
import { RateCurve } from "../plan/curve.ts";
import { ForAll, type Gathered } from "./for-all.ts";
import { runNames } from "./run-names.ts";

/** Where the values come from. */
export interface MetricsSources {
  readonly version: string;
  readonly detail: Detail | "auto";
  /** Swarm time. */
  now(): number;
  /** Since the start of the agent, by no clock that can be set. */
  uptimeMs(): number;
  clockOffsetMs(): number;
  /** The agreed view: its number and its members with their shares. */
  viewNumber(): number;
  seats(): readonly Seat[];
  readonly self: string;
  /** Of the runs that are on. */
  measure(): readonly Measured[];
  network(): NetworkCounters;
  /** To targets. */
  openCounts(): OpenCounts;
  unmetPerSecond(): number;
  dropped(): Readonly<Dropped>;
  framesUnheard(): number;
  runsRefused(): number;
  /** What is known of a run since it was published; null if nothing is. */
  record(run: string): RunRecord | null;
  /** Gathered from the whole swarm. */
  summary(run: string): Promise<Gathered>;
}

/** Above it agents leave the names of requests and checks out: 500 times 250 series are what one Prometheus holds with ease. */
export const LEAN_ABOVE_MEMBERS = 500;

/** The last values of a run are exported for so long after its end: every window of a dashboard closes over them. */
const FINISHED_MS = 60_000;

export class AgentMetrics {
  readonly #sources: MetricsSources;
  /** Runs that are scheduled or on. */
  readonly #on = new Set<string>();
  readonly #process = new ProcessReadings(() => this.#on.size > 0);
  readonly #startMs: number;
  readonly #finished = new Map<string, { readonly measured: Measured; readonly atMs: number }>();
  /** Decided when a run is first exported: series that change their names would begin anew. */
  readonly #details = new Map<string, Detail>();
  /** By what happened. */
  readonly #events = new Map<string, number>();
  readonly #delivery = Sketch.create();
  readonly #forAll: ForAll;
  /** What each push counts of itself. */
  readonly ofExports: (() => readonly Reading[])[] = [];

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    this.#startMs = sources.now();
    this.#forAll = new ForAll(sources.self, (run) => sources.summary(run));
  }

  event(event: SwarmEvent): void {
    const what = event.type === "run" ? `run_${event.state}` : event.type;
    this.#events.set(what, (this.#events.get(what) ?? 0) + 1);
    if (event.type !== "run") return;
    if (event.state === "scheduled") this.#heard(event.run, event.atMs);
    if (event.state === "scheduled" || event.state === "running") this.#on.add(event.run);
    else this.#on.delete(event.run);
  }

  /** Of a run that was published elsewhere since this agent is up: one that starts later asks for what it has missed. */
  #heard(run: string, atMs: number): void {
    const { record, uptimeMs, self } = this.#sources;
    const spec = record(run)?.spec;
    if (spec === undefined || spec.author === self) return;
    const tookMs = atMs - spec.publishedAtMs;
    if (tookMs <= uptimeMs()) this.#delivery.record(tookMs);
  }

  /** These are the final numbers of a run. */
  finished(measured: Measured): void {
    this.#finished.set(measured.assignment.run, { measured, atMs: this.#sources.now() });
  }

  stop(): void {
    this.#process.stop();
  }

  read(): Reading[] {
    const { seats, now } = this.#sources;
    const nowMs = now();
    for (const [run, { atMs }] of this.#finished) if (nowMs - atMs > FINISHED_MS) this.#finished.delete(run);
    const running = this.#sources.measure();
    const ended = [...this.#finished.values()].map(({ measured }) => measured);
    const measured = [...ended, ...running];
    for (const run of this.#details.keys())
      if (!measured.some((one) => one.assignment.run === run)) this.#details.delete(run);
    const all = seats();
    const share = all.find(({ member }) => member.id === this.#sources.self)?.share ?? 0;
    return [
      ...measured.flatMap((one) => this.#ofRun(one, all.length)),
      ...running.flatMap(({ assignment }) => targetRates(assignment, share, nowMs)),
      ...running.flatMap(({ assignment, threads }) => threadReadings(assignment.run, threads, assignment.startAtMs)),
      ...running.flatMap(({ assignment: { run, startAtMs } }) => this.#versionOf(run, startAtMs)),
      ...this.#forAll.read(
        measured,
        all.map(({ member }) => member.id),
        (run) => this.#details.get(run) ?? "full",
        nowMs,
      ),
      ...this.#ofSwarm(all, share),
      ...this.#process.read(),
      ...this.ofExports.flatMap((read) => read()),
    ];
  }

  #ofRun({ assignment, totals, details }: Measured, members: number): Reading[] {
    const { run, plan, startAtMs } = assignment;
    const wanted =
      this.#sources.detail === "auto" ? (members > LEAN_ABOVE_MEMBERS ? "lean" : "full") : this.#sources.detail;
    const detail = this.#details.get(run) ?? wanted;
    this.#details.set(run, detail);
    return runReadings(runNames(run, plan), totals, details, startAtMs, detail);
  }

  #versionOf(run: string, startMs: number): Reading[] {
    const record = this.#sources.record(run);
    return record === null ? [] : [{ meter: RUN_METERS.planVersion, labels: [run], value: record.control.sequence, startMs }];
  }

  #ofSwarm(seats: readonly Seat[], share: number): Reading[] {
    const {
      version,
      clockOffsetMs,
      viewNumber,
      network,
      unmetPerSecond,
      dropped,
      framesUnheard,
      runsRefused,
    } = this.#sources;
    const counters = network();
    const connections = this.#sources.openCounts();
    const states = new Map<string, number>();
    for (const { member } of seats) states.set(member.state, (states.get(member.state) ?? 0) + 1);
    const reading = (meter: Meter, value: number, ...labels: string[]): Reading => ({
      meter,
      labels,
      value,
      startMs: this.#startMs,
    });
    return [
      reading(M.agentInfo, 1, version),
      ...[...states].map(([state, count]) => reading(M.members, count, state)),
      reading(M.share, share),
      reading(M.view, viewNumber()),
      reading(M.resplits, this.#events.get("resplit") ?? 0),
      ...[...this.#events].map(([what, count]) => reading(M.events, count, what)),
      reading(M.clockOffset, clockOffsetMs() / 1000),
      reading(M.unmetRate, unmetPerSecond()),
      reading(M.connectionsOpen, connections.open),
      reading(M.connectionsOpened, connections.made),
      reading(M.requestsInFlight, connections.requests),
      ...counters.traffic.flatMap(({ carrier, direction, messages, bytes }) => [
        reading(M.gossipMessages, messages, carrier, direction),
        reading(M.gossipBytes, bytes, carrier, direction),
      ]),
      reading(M.gossipDuplicates, counters.gossip.duplicates),
      reading(M.gossipPeers, counters.gossip.listeners, "topic"),
      reading(M.gossipPeers, counters.gossip.mesh, "mesh"),
      { meter: M.gossipDelivery, labels: [], value: this.#delivery.extract(), startMs: this.#startMs },
      reading(M.links, counters.links),
      reading(M.framesDropped, counters.framesDropped),
      reading(M.framesRefused, counters.framesRefused),
      reading(M.membersRefused, counters.membersRefused),
      reading(M.framesUnheard, framesUnheard()),
      reading(M.runsRefused, runsRefused()),
      reading(M.connectionsRefused, counters.connectionsRefused),
      reading(M.peersRefused, counters.peersRefused),
      ...Object.entries(dropped()).map(([what, count]) => reading(M.dropped, count, what)),
    ];
  }
}

/** What the plan asks of this agent now, by scenario; closed models have no rate. */
function targetRates(
  { run, plan, startAtMs, endAtMs }: Measured["assignment"],
  share: number,
  nowMs: number,
): Reading[] {
  return plan.scenarios.flatMap(({ name, executor, startTimeMs }) => {
    if (!("curve" in executor)) return [];
    const isOn = nowMs >= startAtMs && nowMs < endAtMs;
    const value = isOn ? share * new RateCurve(executor.curve).rateAt(nowMs - startAtMs - startTimeMs) : 0;
    return [{ meter: RUN_METERS.targetRate, labels: [run, labelValue(name)], value, startMs: startAtMs }];
  });
}
