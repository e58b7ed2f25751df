// Bounds of an HTTP/1.1 connection, each with the consequence of changing it.

/** Extensions of one chunk; nobody uses them. Larger lets a target keep us busy with nothing. */
export const CHUNK_EXTENSION_BYTES = 1024;

/**
 * A longer request may not fit into the buffers of the system at once: it counts as written when the last of it is
 * handed over. Smaller costs every request a callback.
 */
export const BIG_REQUEST_BYTES = 16 * 1024;

/** A connection is not used when the target will close it within this time, as it said in `keep-alive: timeout=…`. */
export const KEEP_ALIVE_MARGIN_MS = 1000;
