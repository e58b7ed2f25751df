// Bounds of a client, whichever version of HTTP it speaks, each with the consequence of changing it.

/**
 * Status line and header fields of an answer, interim answers included, or its trailer fields; longer ones are errors of
 * kind "protocol". Node takes 16 kB, Go 10 MB. What a connection keeps for a check of a header grows with it.
 */
export const HEAD_BYTES = 64 * 1024;

/** What one read takes from a socket, into memory that all connections of a thread share. Smaller means more reads. */
export const READ_BYTES = 64 * 1024;

/** A kept body begins with this much memory, whatever the answer says of its length, and doubles. Larger is often wasted. */
export const FIRST_BODY_BYTES = 1024;

/** Cookies of one virtual user; beyond it the oldest goes. Browsers keep 180 a site. */
export const COOKIES = 180;

/** A longer cookie is not kept (RFC 6265, 6.1, asks for no less). */
export const COOKIE_BYTES = 4096;

/**
 * Handshakes of TLS that a thread has under way with an origin, beyond which requests wait for a connection. More of them
 * make each other slow, and everything else: a core makes about a thousand a second.
 */
export const HANDSHAKES = 64;

/**
 * A handshake during which the thread had nothing to do for so long is not counted: the target lets us wait, which costs
 * nothing. With both, an idle thread opens 2,560 connections a second to a target that is far away. Longer would hold load
 * back from it; shorter lets a burst through.
 */
export const HANDSHAKE_IDLE_MS = 25;

/** Nor is one that has taken so long, however busy the thread was: a target that is silent does not block it for others. */
export const HANDSHAKE_MS = 1000;
