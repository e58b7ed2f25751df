// What a command may touch of the process it runs in; tests put their own in its place.

export interface Io {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls the listener at every SIGINT, SIGTERM and SIGHUP, which then no longer end the process; returns how to undo it. */
  onInterrupt(listener: () => void): () => void;
}

/** Ctrl-C, a polite kill, and a terminal that is closed. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The real process. */
export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onInterrupt(listener) {
      for (const signal of INTERRUPTS) process.on(signal, listener);
      return () => {
        for (const signal of INTERRUPTS) process.off(signal, listener);
      };
    },
  };
}

/** Colours only for eyes: on a terminal, and unless the user has said otherwise (https://no-color.org). */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: Io["env"]): boolean {
  return stream.isTTY === true && !env["NO_COLOR"];
}
