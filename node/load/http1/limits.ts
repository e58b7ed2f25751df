// Bounds of a connection, each with the consequence of changing it.

/**
 * Status line and header fields of an answer, interim answers included, or its trailer fields; longer ones are errors of
 * kind "protocol". Node takes 16 kB, Go 10 MB. What a connection keeps for a check of a header grows with it.
 */
export const HEAD_BYTES = 64 * 1024;

/** Extensions of one chunk; nobody uses them. Larger lets a target keep us busy with nothing. */
export const CHUNK_EXTENSION_BYTES = 1024;

/** What one read takes from a socket, into memory that all connections of a thread share. Smaller means more reads. */
export const READ_BYTES = 64 * 1024;

/** A kept body begins with this much memory, whatever the answer says of its length, and doubles. Larger is often wasted. */
export const FIRST_BODY_BYTES = 1024;

/**
 * A longer request may not fit into the buffers of the system at once: it counts as written when the last of it is
 * handed over. Smaller costs every request a callback.
 */
export const BIG_REQUEST_BYTES = 16 * 1024;

/** A connection is not used when the target will close it within this time, as it said in `keep-alive: timeout=…`. */
export const KEEP_ALIVE_MARGIN_MS = 1000;

/** Cookies of one virtual user; beyond it the oldest goes. Browsers keep 180 a site. */
export const COOKIES = 180;

/** A longer cookie is not kept (RFC 6265, 6.1, asks for no less). */
export const COOKIE_BYTES = 4096;
