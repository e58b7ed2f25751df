// Bounds of an HTTP/2 connection, each with the consequence of changing it.

/**
 * What we let a target send on one stream before we have taken it. It is taken at once, so memory does not grow with it:
 * smaller makes long answers wait for the way back (4 MB is 340 Mbit/s at 100 ms).
 */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;

/** The same for all streams of a connection together. */
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Frames that bring no answer further (settings, pings, window updates, resets, empty ones, those of streams that are
 * over), between two that do. With more, the target keeps us busy with nothing and the connection is closed. Fewer may
 * meet a target that gives its window back in small pieces while a long request is sent.
 */
export const IDLE_FRAMES = 2_000;

/** What may wait to be written of answers to such frames, beyond which a target that does not read is given up. */
export const UNREAD_BYTES = 1024 * 1024;

/**
 * How often one after the other a request gets another connection, because the target says it has looked at none of those
 * before, or because it could not be written. More keeps a target busy that takes nothing.
 */
export const MOVES = 4;

/** Compressed head of an answer, in all its frames; longer ones are errors of kind "protocol", and so is a longer list. */
export const HEAD_BLOCK_BYTES = 64 * 1024;

/** Heads that are compared with the one before instead of being read; longer ones are read every time. */
export const MEMO_BYTES = 1024;

/** What a connection gathers before it writes. Larger saves a write now and then, and costs every connection as much. */
export const STAGING_BYTES = 16 * 1024;
