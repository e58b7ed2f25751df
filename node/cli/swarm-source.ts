// A run somewhere in a swarm, seen through whichever of its agents answers.

import { type Call, fetchSummary, runPath } from "./client.ts";
import { FailoverClient } from "./failover.ts";
import type { RunSource } from "./follow.ts";

/** A client that tells the user when it has to turn to another agent. */
export function watchingClient(origins: readonly string[], note: (text: string) => void): FailoverClient {
  return new FailoverClient(origins, {
    onMoved: (from, to, why) => note(`agent at ${from} is gone: ${why}; going on with ${to}`),
  });
}

export function swarmSource(client: FailoverClient, run: string): RunSource {
  const caller = (request: Call) => client.call(request);
  return {
    summary: () => fetchSummary(caller, run),
    stop: async () => void (await client.call({ method: "POST", path: `${runPath(run)}/stop` })),
  };
}
