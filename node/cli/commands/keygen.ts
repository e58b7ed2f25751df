// loadswarm keygen: a swarm key, without which nobody can talk to the agents that have it.

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";

/** The format of https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md */
export async function command({ values, io }: Invocation<"keygen">): Promise<number> {
  const key = `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}\n`;
  if (values.out === null) {
    io.stdout.write(key);
    return EXIT.pass;
  }
  try {
    // wx: a key that is overwritten locks out every agent that still has it.
    writeFileSync(values.out, key, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new LoadswarmError(
        "USAGE",
        `${values.out} exists and is not overwritten`,
        "Choose another name, or remove it first.",
        error,
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new LoadswarmError(
      "OUTPUT_FAILED",
      `cannot write ${values.out}: ${reason}`,
      "Choose another file with --out.",
      error,
    );
  }
  io.stdout.write(`swarm key written to ${values.out}\nuse it: loadswarm agent --swarm-key ${values.out}\n`);
  return EXIT.pass;
}
