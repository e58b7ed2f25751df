// loadswarm watch: follows a run from whichever agent is alive; Ctrl-C leaves the run alone.

import { LoadswarmError } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { fetchRuns } from "../client.ts";
import { follower } from "../follow.ts";
import { swarmSource, watchingClient } from "../swarm-source.ts";

export async function command({ values, positionals, io }: Invocation<"watch">): Promise<number> {
  const { note, finish } = await follower({ json: values.json, junit: values.junit, onInterrupt: "detach" }, io);
  const client = watchingClient(values.to, note);
  let [run] = positionals;
  if (run === undefined) {
    const [latest] = await fetchRuns((request) => client.call(request));
    if (latest === undefined) {
      throw new LoadswarmError(
        "RUN_UNKNOWN",
        "the swarm has no run to watch",
        "Publish one: loadswarm publish PLAN --to URL",
      );
    }
    run = latest.run;
  }
  return finish(swarmSource(client, run));
}
