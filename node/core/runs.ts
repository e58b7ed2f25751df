// Plans in force: a replicated map of immutable run specs, each with a control register that only moves forward.

import { type Dropped, nothingDropped } from "./dropped.ts";
import type { MemberId, RunControl, RunId, RunRecord, RunSpec, RunState } from "./events.ts";
import type { LineageId, Standing } from "./frame.ts";
import {
  ACTIVE_RUNS,
  CLOCKS_APART_MS,
  ENDED_RUNS,
  FORGET_AFTER_MS,
  FORGOTTEN_KEPT,
  NOT_AFTER_GRACE_MS,
  PLAN_CHARACTERS,
  RUNS_KEPT,
} from "./limits.ts";
import { hash32 } from "./rings.ts";
import { durationMs } from "../plan/duration.ts";
import type { Plan } from "../plan/types.ts";

/**
 * Two registers of one run made one. Commutative, associative, idempotent. A stop absorbs everything; a start comes before
 * none, and of two starts, which swarms that have not met may both have given, the one counts that has the lower number: their
 * clocks may differ, but all agree on it.
 */
export function mergeControl(a: RunControl, b: RunControl): RunControl {
  const counts = comesBefore(a, b) ? a : b;
  const stop = earlierStop(a, b);
  return stop === null ? counts : { ...counts, stopAtMs: stop.stopAtMs, stopReason: stop.stopReason };
}

function comesBefore(a: RunControl, b: RunControl): boolean {
  const [aStartMs, bStartMs] = [a.startAtMs ?? Number.POSITIVE_INFINITY, b.startAtMs ?? Number.POSITIVE_INFINITY];
  if (aStartMs !== bStartMs) return aStartMs < bStartMs;
  if (a.lineage !== b.lineage) return (a.lineage ?? "") < (b.lineage ?? "");
  return a.sequence !== b.sequence ? a.sequence > b.sequence : a.author >= b.author;
}

function earlierStop(a: RunControl, b: RunControl): RunControl | null {
  if (a.stopAtMs === null) return b.stopAtMs === null ? null : b;
  if (b.stopAtMs === null) return a;
  if (a.stopAtMs !== b.stopAtMs) return a.stopAtMs < b.stopAtMs ? a : b;
  return a.stopReason === "stopped" ? a : b;
}

function sameControl(a: RunControl, b: RunControl): boolean {
  return (
    a.sequence === b.sequence &&
    a.author === b.author &&
    a.startAtMs === b.startAtMs &&
    a.lineage === b.lineage &&
    a.stopAtMs === b.stopAtMs &&
    a.stopReason === b.stopReason
  );
}

/** When load for this run ends: by plan, by stop, or by `notAfter`; Infinity while it waits for its start. */
export function endAtMs(run: RunRecord): number {
  const { control, spec } = run;
  const planned = control.startAtMs === null ? spec.notAfterMs : control.startAtMs + durationMs(spec.plan);
  return Math.min(planned, control.stopAtMs ?? Number.POSITIVE_INFINITY, spec.notAfterMs);
}

/** True while agents may have load to offer for it, now or later. */
export function isActive(run: RunRecord, nowMs: number): boolean {
  return nowMs < endAtMs(run);
}

/** What `notAfterMs` is of a run whose start is planned for then; a start that comes later, and clocks, have the grace. */
export function notAfterOf(plan: Plan, startAtMs: number): number {
  return startAtMs + durationMs(plan) + NOT_AFTER_GRACE_MS;
}

/** True if its times lie further ahead than any agent would set them: nothing would ever end such a run. */
function isFarAhead({ spec, control }: RunRecord, nowMs: number): boolean {
  const latestMs = nowMs + CLOCKS_APART_MS;
  const startsBy = latestMs + spec.plan.start.delayMs;
  return spec.publishedAtMs > latestMs || (control.startAtMs ?? 0) > startsBy || spec.notAfterMs > notAfterOf(spec.plan, startsBy);
}

/** By the clock alone: once load has ended, iterations may still be in flight. */
export function runStateAt(run: RunRecord, nowMs: number): RunState {
  if (!isActive(run, nowMs)) return run.control.stopReason ?? "finished";
  return run.control.startAtMs === null || nowMs < run.control.startAtMs ? "scheduled" : "running";
}

/** Two agents may publish one run at the same moment: all keep the same of the two specs, whichever they hear first. */
function mergeSpec(a: RunSpec, b: RunSpec): RunSpec {
  if (a.publishedAtMs !== b.publishedAtMs) return a.publishedAtMs < b.publishedAtMs ? a : b;
  return a.author <= b.author ? a : b;
}

const suffixOf = (keyHash: string): string => `-${keyHash.slice(0, 10)}`;

/** The id of a run that was published under a key. */
export function keyedId(name: string, keyHash: string): RunId {
  return `${name}${suffixOf(keyHash)}`;
}

export class Runs {
  readonly #runs = new Map<RunId, RunRecord>();
  readonly #onForget: (run: RunId) => void;
  readonly #dropped: Dropped;
  /** Ids of runs that were dropped: they are not given out again, and late news does not bring them back. */
  readonly #forgotten = new Set<RunId>();
  #lineage: LineageId = "";
  /** Runs that were on here, and go on in another lineage, which had begun them before. */
  readonly #ceded = new Set<RunId>();
  /** Records that were not taken: there is no room for another run, or its times are impossible. */
  refused = 0;
  #digest: number | null = 0;

  /** `onForget` hears of runs dropped because newer ones need the room. */
  constructor(onForget: (run: RunId) => void = () => {}, dropped = nothingDropped()) {
    this.#onForget = onForget;
    this.#dropped = dropped;
  }

  /** The lineage this agent follows: runs that were started in another one are known, and not its business. */
  get lineage(): LineageId {
    return this.#lineage;
  }

  set lineage(id: LineageId) {
    if (id !== this.#lineage) this.#digest = null;
    this.#lineage = id;
  }

  get(id: RunId): RunRecord | undefined {
    return this.#runs.get(id);
  }

  /** In the order in which this agent heard of them. */
  all(): RunRecord[] {
    return [...this.#runs.values()];
  }

  /** Of this lineage, or not started yet. */
  active(nowMs: number): RunRecord[] {
    const active: RunRecord[] = [];
    for (const run of this.#runs.values()) if (this.isOurs(run) && isActive(run, nowMs)) active.push(run);
    return active;
  }

  /**
   * As in Standing. Asked with every frame. While a run that was ceded goes on elsewhere, this agent keeps away: it has done
   * with that run, so that a share of it would not be offered.
   */
  rank(nowMs: number): Standing["rank"] {
    let rank: Standing["rank"] = 0;
    for (const run of this.#runs.values()) {
      if (!this.#isConcern(run) || !isActive(run, nowMs)) continue;
      if (run.control.startAtMs !== null) return 2;
      rank = 1;
    }
    return rank;
  }

  /** Whether there may be load, now or later, or iterations that are still ending. */
  isOn(nowMs: number): boolean {
    for (const run of this.#runs.values()) {
      if (!this.#isConcern(run)) continue;
      const sinceEndMs = nowMs - endAtMs(run);
      for (const { gracefulStopMs } of run.spec.plan.scenarios) if (sinceEndMs < gracefulStopMs) return true;
    }
    return false;
  }

  /**
   * Whether a run that was ceded to the lineage of a peer goes on there, by its own time: whoever has done with a run must not
   * get a share of it.
   */
  hasCeded({ lineage, sentAtMs }: Standing): boolean {
    for (const id of this.#ceded) {
      const run = this.#runs.get(id);
      if (run?.control.lineage === lineage && isActive(run, sentAtMs)) return true;
    }
    return false;
  }

  /** Of what is known here of the runs of this lineage: equal knowledge, equal digest. */
  digest(): number {
    if (this.#digest !== null) return this.#digest;
    this.#digest = 0;
    for (const run of this.#runs.values()) {
      if (!this.isOurs(run)) continue;
      const { sequence, stopAtMs } = run.control;
      this.#digest ^= hash32(run.spec.id, sequence * 2 + (stopAtMs === null ? 0 : 1));
    }
    return this.#digest;
  }

  #isConcern(run: RunRecord): boolean {
    return this.isOurs(run) || this.#ceded.has(run.spec.id);
  }

  /** Whether it is the business of this lineage: started in it, or not started yet. */
  isOurs({ control }: RunRecord): boolean {
    return control.lineage === null || control.lineage === this.#lineage;
  }

  /** Whether one more run of this plan may be active beside the others. */
  hasRoomFor(document: string, nowMs: number): boolean {
    // Also those of other lineages: they are remembered like our own.
    const active = this.all().filter((run) => isActive(run, nowMs));
    return active.length < ACTIVE_RUNS && characters(active) + document.length <= PLAN_CHARACTERS;
  }

  /** Takes what is new in a record. Returns the merged record if anything was, else null: refused ones are counted. */
  merge(news: RunRecord, nowMs: number): RunRecord | null {
    const known = this.#runs.get(news.spec.id);
    if (known === undefined) {
      if (this.#forgotten.has(news.spec.id)) return null;
      // More than can be published, or not what anybody would publish: somebody floods the swarm.
      const hasRoom = isActive(news, nowMs) ? this.hasRoomFor(news.spec.document, nowMs) : this.#isWorthKeeping(news, nowMs);
      if (!hasRoom || isFarAhead(news, nowMs)) return this.#refuse();
      this.#digest = null;
      this.#runs.set(news.spec.id, news);
      this.#forgetOldest(nowMs);
      return news;
    }
    if (isFarAhead(news, nowMs)) return this.#refuse();
    const merged = this.#merged(known, news, nowMs);
    if (merged.spec === known.spec && sameControl(merged.control, known.control)) return null;
    this.#digest = null;
    this.#runs.set(news.spec.id, merged);
    return merged;
  }

  #merged(known: RunRecord, news: RunRecord, nowMs: number): RunRecord {
    const { startAtMs, lineage } = known.control;
    const control = mergeControl(known.control, news.control);
    const isStarted = startAtMs !== null && this.isOurs(known);
    // Two swarms that had not met have both begun it: it goes on in one of them.
    if (isStarted && control.lineage !== lineage && news.spec.planHash === known.spec.planHash) {
      this.#ceded.add(known.spec.id);
      return { spec: news.spec, control };
    }
    // A run that is on is settled, but for its stop.
    if (isStarted && nowMs >= startAtMs) return { spec: known.spec, control: { ...control, startAtMs, lineage } };
    return { spec: mergeSpec(known.spec, news.spec), control };
  }

  /**
   * The id of the run that publishing this plan means. A key names one run for ever, whatever the plan. Without a key
   * it is the run of this plan that is on, or a new one, named by the plan's hash and the time: two agents given the
   * same plan at the same moment make one run of it, and nobody has to remember the runs of long ago.
   */
  idFor(name: string, planHash: string, keyHash: string | null, nowMs: number): RunId {
    if (keyHash !== null) {
      const suffix = suffixOf(keyHash);
      return this.all().find((run) => run.spec.id.endsWith(suffix))?.spec.id ?? keyedId(name, keyHash);
    }
    const stem = stemOf(name, planHash);
    const on = this.active(nowMs).find((run) => run.spec.id.startsWith(stem));
    if (on !== undefined) return on.spec.id;
    for (let n = Math.floor(nowMs / ID_WINDOW_MS); ; n++) {
      const id = `${stem}${n.toString(36)}`;
      if (!this.#runs.has(id) && !this.#forgotten.has(id)) return id;
    }
  }

  /**
   * Of two runs of one plan, published within a moment of each other by agents that did not know of each other's, the
   * one that has to go; null if the run has no such twin. Happens only across a boundary of ID_WINDOW_MS. A run that
   * is over has none: publishing its plan again at once is a wish, not a coincidence.
   */
  surplusTwin(run: RunRecord, nowMs: number): RunRecord | null {
    const { id, plan, planHash, publishedAtMs } = run.spec;
    const stem = stemOf(plan.name, planHash);
    if (!id.startsWith(stem) || !isActive(run, nowMs)) return null;
    const twin = this.active(nowMs).find(
      ({ spec }) =>
        spec.id !== id && spec.id.startsWith(stem) && Math.abs(spec.publishedAtMs - publishedAtMs) < ID_WINDOW_MS,
    );
    if (twin === undefined) return null;
    return twin.spec.id < id ? run : twin;
  }

  #refuse(): null {
    this.refused++;
    return null;
  }

  /** History: that of the last minute and of the runs before. */
  #isWorthKeeping(news: RunRecord, nowMs: number): boolean {
    const ended = this.#ended(nowMs);
    return ended.length < ENDED_RUNS && characters(ended) + news.spec.document.length <= PLAN_CHARACTERS;
  }

  #ended(nowMs: number): RunRecord[] {
    return this.all().filter((run) => !isActive(run, nowMs));
  }

  /** Forgets the run that ended first, if there are too many; what has just ended is still being asked about. */
  #forgetOldest(nowMs: number): void {
    const ended = this.#ended(nowMs);
    if (this.#runs.size <= RUNS_KEPT && characters(ended) <= PLAN_CHARACTERS) return;
    const old = ended.filter((run) => endAtMs(run) + FORGET_AFTER_MS <= nowMs);
    const [oldest] = old.sort((a, b) => endAtMs(a) - endAtMs(b));
    if (oldest === undefined) return;
    const { id } = oldest.spec;
    this.#runs.delete(id);
    this.#ceded.delete(id);
    this.#digest = null;
    this.#forgotten.add(id);
    if (this.#forgotten.size > FORGOTTEN_KEPT) this.#forgotten.delete(this.#forgotten.values().next().value!);
    this.#dropped.runs++;
    this.#onForget(id);
  }
}

function characters(runs: readonly RunRecord[]): number {
  return runs.reduce((sum, { spec }) => sum + spec.document.length, 0);
}

/** Runs of one plan published within this time by agents that have not heard of each other are one run. */
const ID_WINDOW_MS = 2000;

function stemOf(name: string, planHash: string): string {
  return `${name}-${planHash.slice(0, 8)}-`;
}

/** The register of a run just published. */
export function firstControl(author: MemberId, startAtMs: number | null, lineage: LineageId | null): RunControl {
  return { sequence: 0, author, startAtMs, lineage, stopAtMs: null, stopReason: null };
}
