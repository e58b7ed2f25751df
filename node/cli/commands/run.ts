// loadswarm run: a plan or a URL, by an agent in this process, and by further processes if asked for.

import { EXIT } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { follower } from "../follow.ts";
import { loadPlan, parseOrThrow } from "../plan-file.ts";
import { planOfUrl, withOverrides } from "../plan-make.ts";
import { pushConfig, pushFlags } from "../push-options.ts";
import type { AgentProcesses } from "../spawn-agents.ts";
import { type RunningAgent, startAgent } from "../start-agent.ts";

/** For all agents to agree on one view before the plan is published. */
const GATHER_MS = 20_000;

export async function command(invocation: Invocation<"run">): Promise<number> {
  const { values, io } = invocation;
  const [source] = invocation.positionals as [string];
  const document = documentOf(source, invocation);
  const { note, finish } = await follower({ json: values.json, junit: values.junit, onInterrupt: "stop" }, io);
  const others = values.agents === 1 ? null : new (await import("../spawn-agents.ts")).AgentProcesses();
  let agent: RunningAgent | null = null;
  // Until there is a run that could be stopped, Ctrl-C just ends everything.
  const interrupted = Promise.withResolvers<null>();
  const undo = io.onInterrupt(() => interrupted.resolve(null));
  try {
    const starting = start(invocation, others).then((started) => (agent = started));
    const started = await Promise.race([starting, interrupted.promise]);
    if (started === null) return EXIT.interrupted;
    const run = await started.publish(document, source);
    undo();
    note(`run ${run}: ${values.agents === 1 ? "1 agent" : `${values.agents} agents`}`);
    return await finish({
      summary: () => started.summary(run),
      stop: async () => void (await started.stop(run)),
      ending: started.untilOver(run),
    });
  } finally {
    undo();
    await Promise.all([(agent as RunningAgent | null)?.leave(), others?.end()]);
  }
}

/** Everything wrong with the arguments comes to light here, before anything is started. */
function documentOf(source: string, { values }: Invocation<"run">): string {
  const overrides = { rate: values.rate, durationMs: values.duration, vus: values.vus };
  const url = /^https?:\/\//.test(source) ? URL.parse(source) : null;
  if (url !== null) return parseOrThrow(planOfUrl(url, overrides), source, null).document;
  const text = withOverrides(loadPlan(source, values["target-url"]), source, overrides);
  return parseOrThrow(text, source, null).document;
}

async function start({ values, io }: Invocation<"run">, others: AgentProcesses | null): Promise<RunningAgent> {
  const config = {
    listen: null,
    api: null,
    join: [],
    joinDns: [],
    name: "",
    zone: "",
    workers: values.workers,
    swarmKeyFile: values["swarm-key"],
    health: null,
    node: "",
    allowTargets: values["allow-target"],
    logLevel: values["log-level"],
    ...pushConfig(values),
  };
  if (others === null) return startAgent(config, io.env);
  // Many load threads per agent would only take turns on the same cores.
  const workers = values.workers ?? 1;
  const flags = ["--workers", String(workers), "--log-level", values["log-level"], ...pushFlags(values)];
  if (config.swarmKeyFile !== null) flags.push("--swarm-key", config.swarmKeyFile);
  if (config.allowTargets.length > 0) flags.push("--allow-target", config.allowTargets.join(","));
  const first = await others.start({ env: io.env, name: "agent-2", join: [], flags });
  const rest = Array.from({ length: values.agents - 2 }, (_, i) =>
    others.start({ env: io.env, name: `agent-${i + 3}`, join: [first.listen], flags }),
  );
  const own = startAgent({ ...config, name: "agent-1", listen: "127.0.0.1:0", join: [first.listen], workers }, io.env);
  await Promise.all([...rest, own]);
  const { untilMembers } = await import("../spawn-agents.ts");
  await untilMembers(first.apiUrl, values.agents, GATHER_MS);
  return own;
}
