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
 * How often connections are looked at; one that has carried nothing from one look to the next is closed, so after half a
 * minute to a minute. Targets keep idle ones for a minute or more (load balancers 60 s, nginx 75 s), and a request that
 * crosses their closing it fails: longer meets that. Shorter has virtual users that pause for longer connect each time, and
 * a target that stalls now and then met with new connections each time, whose ports then rest for a minute (TIME_WAIT).
 */
export const SWEEP_MS = 30_000;

/**
 * Of those, so many are closed at once, and then others have their turn. A close costs some 20 us, so that more would
 * delay what is due; 10,000 idle connections go in two seconds.
 */
export const CLOSES_PER_TURN = 32;
export const CLOSING_TICK_MS = 5;

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
