// Bounds of the load engine, each with the consequence of changing it.

/**
 * An arrival later than this is dropped as "late" instead of started. However long a thread was stalled, then, at most
 * this much of the schedule is started on top of what is due anyway: in no second more than 1 + 50/1000 = 1.05 times
 * the rate. Larger breaks that promise; smaller drops arrivals at every pause of the garbage collector.
 */
export const LATE_LIMIT_MS = 50;

/**
 * How often a thread that has something to do looks whether its lapsed lease was renewed. What fell due between the renewal
 * and the look starts late by as much; shorter wakes more often for nothing.
 */
export const LAPSED_TICK_MS = 10;

/** Starts in one turn of the event loop before sockets are read again. Larger delays the reading of answers. */
export const STARTS_PER_TURN = 64;

/**
 * An answer that finds an arrival due for longer than this has it started at once. Timers are of whole milliseconds, so that
 * two turns may be 2 ms apart. Larger makes the pacing error larger by as much (measured at 20,000/s: 90th percentile 1.2 ms,
 * 1.7 ms without such turns); smaller makes many small batches, each of which costs a turn.
 */
export const OVERDUE_MS = 0.25;

/** Arrivals dropped in one turn. Bounds the pause after a machine slept for hours. */
export const DROPS_PER_TURN = 65_536;

/** How often a worker that holds as many iterations as it may looks whether there is room again. */
export const FULL_TICK_MS = 10;

/** Iterations in flight in one worker, each about one socket and 10 kB. Beyond it arrivals are dropped as "no_connection". */
export const IN_FLIGHT_PER_WORKER = 10_000;

/** A body is kept for checks and captures up to this size, else the request ends as "too_large". */
export const KEPT_BODY_BYTES = 16 * 1024 * 1024;

/** A response longer than this is aborted as "too_large", whether its body is kept or not. */
export const RESPONSE_BYTES = 1024 * 1024 * 1024;
