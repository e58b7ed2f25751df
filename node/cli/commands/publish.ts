// loadswarm publish: hands a plan to one agent of a swarm and follows the run.

import type { KeyObject } from "node:crypto";
import { EXIT, LoadswarmError } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { type PublishResponse, RefusedError } from "../client.ts";
import { FailoverClient } from "../failover.ts";
import { FaultsError } from "../faults-error.ts";
import { follower } from "../follow.ts";
import { printable } from "../format.ts";
import { permitFor, readKeyFile } from "../permit.ts";
import { type LoadedPlan, loadPlan } from "../plan-file.ts";
import { swarmSource, watchingClient } from "../swarm-source.ts";

export async function command({ values, positionals, io }: Invocation<"publish">): Promise<number> {
  const [file] = positionals as [string];
  const plan = loadPlan(file, values["target-url"]);
  const operator = values["operator-key"] === null ? null : readKeyFile(values["operator-key"]);
  // Without a key, too, it is safe to publish again when the answer did not come: the same plan is the same run.
  const { key } = values;
  if (values.detach) {
    if (values.junit !== null || (values.json !== null && values.json !== "-")) {
      throw new LoadswarmError(
        "USAGE",
        "--detach returns before there is a summary to write",
        "Write it later: loadswarm watch RUN --json FILE",
      );
    }
    const published = await publish(new FailoverClient(values.to), file, plan, key, operator);
    io.stdout.write(`${values.json === "-" ? JSON.stringify(published) : published.run}\n`);
    return EXIT.pass;
  }
  const { note, finish } = await follower({ json: values.json, junit: values.junit, onInterrupt: "stop" }, io);
  const client = watchingClient(values.to, note);
  const { run, startsAt, members } = await publish(client, file, plan, key, operator);
  const agents = members === 1 ? "1 agent" : `${members} agents`;
  note(`run ${printable(run)}: ${agents}, starts ${startsAt ?? "when enough agents are there"}`);
  return finish(swarmSource(client, run));
}

async function publish(
  client: FailoverClient,
  file: string,
  plan: LoadedPlan,
  key: string | null,
  operator: KeyObject | null,
): Promise<PublishResponse> {
  const permit = operator === null ? null : await permitFor((call) => client.call(call), operator, plan, key);
  try {
    const answer = await client.call({
      method: "POST",
      path: "/api/v1/runs",
      headers: {
        "content-type": "application/json",
        ...(key === null ? {} : { "idempotency-key": key }),
        ...(permit === null ? {} : { "loadswarm-permit": permit }),
      },
      body: plan.document,
    });
    if (typeof answer["run"] === "string") return answer as unknown as PublishResponse;
  } catch (error) {
    if (error instanceof RefusedError && error.faults.length > 0) throw new FaultsError(file, error.faults, error);
    throw error;
  }
  throw new LoadswarmError(
    "UNREACHABLE",
    `what answers at ${client.current} is no agent`,
    "Name an agent with --to URL.",
  );
}
