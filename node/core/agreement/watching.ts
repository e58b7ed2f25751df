// What this agent, as an observer, thinks of the members it watches: heard, silent, or closed.

import type { MemberId } from "../events.ts";
import type { Accusation } from "../frame.ts";
import { LAG_FACTOR, SILENT_ALONE_MS, SILENT_MS, SILENT_ROUND_TRIPS, STALL_MS, UNEASY_ALONE_MS, UNEASY_MS, WINDOW_MS } from "../limits.ts";

interface Watched {
  /** From when on its silence counts. */
  heardMs: number;
  said: Accusation["kind"];
}

export class Watching {
  readonly #watched = new Map<MemberId, Watched>();
  #lastTurnMs: number;
  /** How late this agent's own turns come, recently: a slow one must not blame others (Lifeguard, arXiv 1707.00788). */
  #lagMs = 0;
  /** To the neighbours and back: what is lost on the way comes so much later. */
  #roundTripMs = 0;

  constructor(nowMs: number) {
    this.#lastTurnMs = nowMs;
  }

  /** Those to watch from now on. Whoever is new among them has its time to be heard first. */
  watch(ids: readonly MemberId[], nowMs: number): void {
    const wanted = new Set(ids);
    for (const id of this.#watched.keys()) if (!wanted.has(id)) this.#watched.delete(id);
    for (const id of ids) if (!this.#watched.has(id)) this.#watched.set(id, { heardMs: nowMs, said: "none" });
  }

  /** A frame came from it; the next one may come so much later than usual. */
  heard(id: MemberId, nowMs: number, slackMs = 0): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    watched.heardMs = nowMs + slackMs;
    watched.said = "none";
  }

  /** Everybody is being told to speak as usual. */
  wake(nowMs: number): void {
    for (const watched of this.#watched.values()) watched.heardMs = Math.min(watched.heardMs, nowMs);
  }

  /** There is no link to it, and dialling it was refused. Returns whether it is to be accused. */
  refused(id: MemberId): boolean {
    const watched = this.#watched.get(id);
    if (watched === undefined || watched.said === "closed") return false;
    watched.said = "closed";
    return true;
  }

  /** After a view in which a member has come back: what was said before of it is void. */
  absolve(id: MemberId, nowMs: number): void {
    const watched = this.#watched.get(id);
    if (watched !== undefined) Object.assign(watched, { said: "none", heardMs: nowMs });
  }

  /**
   * Time passes. `dueMs` is when this turn was to come. Returns how long the agent stood still if that was long enough
   * to matter, else 0; nobody is blamed for what was not heard meanwhile.
   */
  turn(dueMs: number, nowMs: number, roundTripMs = 0): number {
    this.#roundTripMs = roundTripMs;
    const lateMs = Math.max(0, Math.min(nowMs - dueMs, nowMs - this.#lastTurnMs));
    this.#lastTurnMs = nowMs;
    this.#lagMs = Math.max(lateMs, this.#lagMs * 0.9);
    if (lateMs < STALL_MS) return 0;
    for (const watched of this.#watched.values()) watched.heardMs = nowMs;
    return lateMs;
  }

  /** Those to be accused of silence now. */
  silent(nowMs: number): MemberId[] {
    const found: MemberId[] = [];
    const sinceMs = nowMs - this.#patienceMs();
    for (const [id, watched] of this.#watched) {
      if (watched.said !== "none" || watched.heardMs > sinceMs) continue;
      watched.said = "silent";
      found.push(id);
    }
    return found;
  }

  /** From when on somebody will not have been heard for a while, if nothing more is: perhaps the links are cut. */
  uneasyFromMs(): number {
    let heardMs = Number.POSITIVE_INFINITY;
    for (const watched of this.#watched.values()) heardMs = Math.min(heardMs, watched.heardMs);
    return heardMs + this.#uneasyMs();
  }

  /** When somebody next becomes silent, or worrying, if nothing is heard. */
  nextMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    const uneasyMs = this.#uneasyMs();
    for (const { heardMs, said } of this.#watched.values()) {
      if (nowMs < heardMs + uneasyMs) next = Math.min(next, heardMs + uneasyMs);
      else if (said === "none") next = Math.min(next, heardMs + this.#patienceMs());
    }
    return next;
  }

  /** What a slow agent takes in may have come before, and the others go by that. After a standstill nothing is taken in that did. */
  #uneasyMs(): number {
    const isAlone = this.#watched.size === 1;
    // Of two the other one waits no longer than it has to.
    const lateMs = Math.max(0, Math.min(this.#lagMs, STALL_MS) - (isAlone ? 0 : WINDOW_MS));
    return (isAlone ? UNEASY_ALONE_MS : UNEASY_MS) - lateMs;
  }

  /** Of two members one alone decides on the other: there is nobody whose links it could be compared with. */
  #patienceMs(): number {
    return (this.#watched.size === 1 ? SILENT_ALONE_MS : SILENT_MS) + LAG_FACTOR * this.#lagMs + SILENT_ROUND_TRIPS * this.#roundTripMs;
  }
}
