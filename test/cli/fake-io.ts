// Stands in for the process: keeps what is printed, and presses Ctrl-C on demand.

import { Writable } from "node:stream";
import { cli } from "../../node/cli/cli.ts";
import type { Io } from "../../node/cli/io.ts";

class Memory extends Writable {
  text = "";

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

export class FakeIo implements Io {
  readonly stdout = new Memory();
  readonly stderr = new Memory();
  readonly env: Record<string, string | undefined>;
  readonly #listeners = new Set<() => void>();

  constructor(env: Record<string, string | undefined> = {}) {
    this.env = env;
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  interrupt(): void {
    for (const listener of this.#listeners) listener();
  }
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line to its end. */
export async function runCli(argv: readonly string[], io: FakeIo = new FakeIo()): Promise<Outcome> {
  const code = await cli(argv, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}
