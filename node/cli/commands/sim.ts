// loadswarm sim: the swarm's own core under attack, in virtual time, on one core of this machine.

import { writeFileSync } from "node:fs";
import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import { fileReason } from "../../plan/file-reason.ts";
import type { Invocation } from "../invocation.ts";

const PROMISE_BROKEN = EXIT.internal;

export async function command({ values, io }: Invocation<"sim">): Promise<number> {
  // Loaded here, for no other command needs it.
  const { scenarioList, simulate } = await import("../../../sim/main.ts");
  if (values.list) {
    io.stdout.write(scenarioList());
    return EXIT.pass;
  }
  const without = values.without.map(faultNumber);
  const simulation = simulate({ scenario: values.scenario, agents: values.agents, seed: values.seed, without });
  io.stdout.write(values.json ? `${JSON.stringify(simulation.json)}\n` : simulation.text);
  if (values.html !== null) writePage(values.html, simulation.page());
  return simulation.held ? EXIT.pass : PROMISE_BROKEN;
}

function faultNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new LoadswarmError("USAGE", `--without: ${text} is not the number of a fault`, "For example: --without 2,3");
}

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new LoadswarmError("OUTPUT_FAILED", `cannot write ${file}: ${fileReason(error, "write")}`, "Give --html another file name.", error);
  }
}
