// Kinds of events in virtual time, numbered because millions of them are in the queue.

export const KIND = {
  /** Subject: the wire; payload: the frame that arrives. */
  frame: 0,
  /** Subject: the agent, whose timer fires. */
  wake: 1,
  /** Subject: the wire, whose sender tries again what was not acknowledged. */
  retry: 2,
  /** Subject: the agent; payload: an input for its machine. */
  input: 3,
  /** Subject: the agent; payload: what its main thread does, as soon as it runs. */
  turn: 4,
  /** Payload: a function; nobody's main thread is needed for it. */
  call: 5,
} as const;
