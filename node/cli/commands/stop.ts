// loadswarm stop: ends a run, or all of them, on every agent.

import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { runPath, VERSION_HINT } from "../client.ts";
import { FailoverClient } from "../failover.ts";
import { printable } from "../format.ts";

export async function command({ values, positionals, io }: Invocation<"stop">): Promise<number> {
  const [run] = positionals;
  if ((run === undefined) !== values.all) {
    throw new LoadswarmError("USAGE", "stop needs either a run or --all", "See the runs: loadswarm status");
  }
  const path = run === undefined ? "/api/v1/stop" : `${runPath(run)}/stop`;
  const answer = await new FailoverClient(values.to).call({ method: "POST", path });
  if (!Array.isArray(answer["stopped"])) {
    throw new LoadswarmError("UNREACHABLE", "the agent's answer does not say what was stopped", VERSION_HINT);
  }
  if (values.json) io.stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    const stopped = run === undefined ? answer["stopped"].map(String) : [run];
    io.stdout.write(stopped.length === 0 ? "nothing was running\n" : `stopped ${printable(stopped.join(", "))}\n`);
  }
  return EXIT.pass;
}
