// Every bound and delay of the swarm machine, with the consequence of changing it.

/** Changes of the view take effect on multiples of this, so that several observers of one crash name one instant. */
export const WINDOW_MS = 500;

/**
 * From a join's announcement until the new member has a share. Must exceed the time in which the announcement reaches
 * everybody; longer only delays the newcomer.
 */
export const JOIN_DELAY_MS = 1500;

/**
 * From the discovery of a crash until the others carry the share. Must exceed the time in which the news, or the
 * refutation of a member that lives, reaches everybody; the crashed share is missing meanwhile (P3 allows 3 s).
 */
export const LOSS_DELAY_MS = 1000;

/** From SIGTERM until the leaver's share moves on; it offers load until then, so nothing is missing. */
export const LEAVE_DELAY_MS = 1000;

/** How long a leaver waits for its iterations in flight before it goes. Kubernetes grants 30 s in all. */
export const DRAIN_MS = 5000;

/** Past views kept in assignments, so that arrivals handled a little late still have the owner they had when due. */
export const PAST_VIEWS_MS = 2000;

/** A gather answers with what it has after this; a live agent needs two round trips at most. */
export const GATHER_TIMEOUT_MS = 1500;

/** How often the judges look at thresholds that may abort the run. Shorter aborts sooner and costs a gather each time. */
export const JUDGE_EVERY_MS = 2000;

/** How many members judge each run; any of them suffices. */
export const JUDGES = 3;

/** Hashed rings in which each member keeps a link to both neighbours: 10 links at most, diameter about log N. */
export const RINGS = 5;

/** Linked neighbours that hold an agent's latest report. A crash loses results only if all of them crash with it. */
export const HOLDERS = 4;

/** Runs remembered, the oldest ended one forgotten first. Each may hold megabytes of time series per agent. */
export const RUNS_KEPT = 20;

/** A run is not forgotten sooner after its end: iterations are still ending, and people are reading its summary. */
export const FORGET_AFTER_MS = 60_000;

/** Ids of forgotten runs remembered, so that none is used for another run. */
export const FORGOTTEN_KEPT = 1000;

/** Runs that may be active or waiting at once; publishing more is refused. Every newcomer is told of all of them. */
export const ACTIVE_RUNS = 100;

/** Members remembered, the dead included; the longest dead are forgotten first. */
export const MEMBERS_KEPT = 10_000;

/** Plan text told in one frame, in characters of at most 3 bytes; with a plan more (1 MiB) it fits the frame limit. */
export const BATCH_CHARACTERS = 1024 * 1024;

/** A run is refused after its planned end plus this, whatever it waited for. */
export const NOT_AFTER_GRACE_MS = 3_600_000;

/** Next multiple of WINDOW_MS at or after `ms`. */
export function alignUp(ms: number): number {
  return Math.ceil(ms / WINDOW_MS) * WINDOW_MS;
}
