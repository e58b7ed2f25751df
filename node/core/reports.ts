// The newest report of each agent on each run: the own one, those held for neighbours, those gathered.

import type { Point, Snapshot, Totals } from "../metrics/results.ts";
import type { MemberId, RunId } from "./events.ts";
import type { Report } from "./frame.ts";

interface Held {
  latest: Snapshot;
  /** Series interval -> its newest value, the sequence that brought it, and the swarm time of that report. */
  readonly points: Map<number, { readonly point: Point; readonly sequence: number; readonly atMs: number }>;
}

/** What an agent tells of itself. */
export interface OwnReport {
  readonly totals: Totals;
  /** From the interval asked for on. */
  readonly points: readonly Point[];
  /** Something before that has changed. */
  readonly isStale: boolean;
  readonly isDone: boolean;
}

export class Reports {
  readonly #runs = new Map<RunId, Map<MemberId, Held>>();

  /** Takes a report that builds on what is held. Returns whether it was news; a gap is refused, never papered over. */
  add(report: Report): boolean {
    const { snapshot, since } = report;
    const members = this.#runs.get(snapshot.run) ?? new Map<MemberId, Held>();
    const held = members.get(snapshot.member);
    const known = held?.latest.sequence ?? 0;
    if (snapshot.sequence <= known || since > known) return false;
    const points = held?.points ?? new Map();
    for (const point of snapshot.points) points.set(point.index, { point, sequence: snapshot.sequence, atMs: snapshot.atMs });
    if (held === undefined) members.set(snapshot.member, { latest: snapshot, points });
    else held.latest = snapshot;
    this.#runs.set(snapshot.run, members);
    return true;
  }

  /** Sequence of the newest report held; 0 if none. */
  sequence(run: RunId, member: MemberId): number {
    return this.#runs.get(run)?.get(member)?.latest.sequence ?? 0;
  }

  isDone(run: RunId, member: MemberId): boolean {
    return this.#runs.get(run)?.get(member)?.latest.done ?? false;
  }

  /** What somebody who holds sequence `since` needs; null if nothing is newer. */
  after(run: RunId, member: MemberId, since: number): Report | null {
    const held = this.#runs.get(run)?.get(member);
    if (held === undefined || held.latest.sequence <= since) return null;
    const points: Point[] = [];
    for (const { point, sequence } of held.points.values()) if (sequence > since) points.push(point);
    return { since, snapshot: { ...held.latest, points } };
  }

  /** The totals of a member, its series from an interval on, and whether that changed before it since then; null if none. */
  own(run: RunId, member: MemberId, fromPoint: number, sinceMs: number): OwnReport | null {
    const held = this.#runs.get(run)?.get(member);
    if (held === undefined) return null;
    const points: Point[] = [];
    let isStale = false;
    for (const { point, atMs } of held.points.values()) {
      if (point.index >= fromPoint) points.push(point);
      else if (atMs >= sinceMs) isStale = true;
    }
    points.sort((a, b) => a.index - b.index);
    return { totals: held.latest.totals, points, isStale, isDone: held.latest.done };
  }

  /** Whose reports on a run are held. */
  members(run: RunId): MemberId[] {
    return [...(this.#runs.get(run)?.keys() ?? [])];
  }

  /** Everything held on every run, complete. */
  all(): Report[] {
    return [...this.#runs.keys()].flatMap((run) => this.of(run)).map((snapshot) => ({ since: 0, snapshot }));
  }

  /** Everything held on a run, complete. */
  of(run: RunId): Snapshot[] {
    const snapshots: Snapshot[] = [];
    for (const held of this.#runs.get(run)?.values() ?? []) {
      const points = [...held.points.values()].map((entry) => entry.point);
      snapshots.push({ ...held.latest, points: points.sort((a, b) => a.index - b.index) });
    }
    return snapshots;
  }

  forget(run: RunId): void {
    this.#runs.delete(run);
  }
}
