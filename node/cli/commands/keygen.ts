// loadswarm keygen: a swarm key, without which nobody can talk to the agents that have it; or an operator's, which signs plans.

import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import { fileReason } from "../../plan/file-reason.ts";
import { newOperator } from "../../wire/permit.ts";
import type { Invocation } from "../invocation.ts";

/** What is written, and what is said of it. */
interface Made {
  readonly key: string;
  readonly said: (file: string) => string;
}

/** The format of https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md */
function swarmKey(): Made {
  const key = `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}\n`;
  return { key, said: (file) => `swarm key written to ${file}\nuse it: loadswarm agent --swarm-key ${file}\n` };
}

/** PEM passes over what stands before it: there the public key is at hand. */
function operatorKey(): Made {
  const { pem, operator } = newOperator();
  return {
    key: `Public key, for loadswarm agent --operators: ${operator}\n${pem}`,
    said: (file) =>
      `operator's key written to ${file}\n` +
      `tell the agents: loadswarm agent --operators ${operator}\n` +
      `use it: loadswarm publish PLAN --operator-key ${file}\n`,
  };
}

/** A key that is overwritten locks out every agent that still has it; half a key, on a full disk, is none and goes again. */
function writeNew(file: string, text: string): void {
  const handle = openSync(file, "wx", 0o600);
  try {
    writeFileSync(handle, text);
  } catch (error) {
    rmSync(file);
    throw error;
  } finally {
    closeSync(handle);
  }
}

export async function command({ values, io }: Invocation<"keygen">): Promise<number> {
  const { key, said } = values.operator ? operatorKey() : swarmKey();
  if (values.out === null) {
    io.stdout.write(key);
    return EXIT.pass;
  }
  try {
    writeNew(values.out, key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new LoadswarmError(
        "USAGE",
        `${values.out} exists and is not overwritten`,
        "Choose another name, or remove it first.",
        error,
      );
    }
    throw new LoadswarmError(
      "OUTPUT_FAILED",
      `cannot write ${values.out}: ${fileReason(error, "write")}`,
      "Choose another file with --out.",
      error,
    );
  }
  io.stdout.write(said(values.out));
  return EXIT.pass;
}
