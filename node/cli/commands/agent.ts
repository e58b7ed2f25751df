// loadswarm agent: one member of a swarm, until a signal tells it to leave.

import { EXIT } from "../../plan/errors.ts";
import type { Invocation } from "../invocation.ts";
import { checkPlanAtStart } from "../../agent/publish-at-start.ts";
import { loadPlan } from "../plan-file.ts";
import { pushConfig } from "../push-options.ts";
import { startAgent } from "../start-agent.ts";

/** After a fault of this program the agent leaves, so that others take its share over at once, but for no longer than this. */
const FAULTY_MS = 10_000;

/** The first signal leaves gracefully, the second one at once. */
export async function command({ values, io }: Invocation<"agent">): Promise<number> {
  let count = 0;
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const undo = io.onInterrupt(() => (++count === 1 ? first : second).resolve());
  const leaving = new AbortController();
  try {
    const plan = values.publish === null ? null : loadPlan(values.publish, values["target-url"]);
    if (plan !== null) checkPlanAtStart(plan);
    const config = {
      listen: values.listen,
      api: values.api,
      health: values.health,
      join: values.join,
      joinDns: values["join-dns"],
      name: values.name,
      zone: values.zone,
      node: values.node,
      workers: values.workers,
      swarmKeyFile: values["swarm-key"],
      allowTargets: values["allow-target"],
      operators: values.operators,
      planAtStart: plan?.document ?? null,
      logLevel: values["log-level"],
      ...pushConfig(values),
    };
    const agent = await startAgent(config, io.env);
    // The links to other agents fail in ways their library does not always catch; the load must not stop for that.
    process.on("unhandledRejection", (cause) => agent.log.error({ err: cause }, "a failure nobody waited for; going on"));
    let isFaulty = false;
    const tooLong = Promise.withResolvers<number>();
    process.on("uncaughtException", (cause) => {
      agent.log.error({ err: cause }, "a fault of loadswarm itself: this agent leaves the swarm and ends; please report it");
      if (!isFaulty) setTimeout(() => tooLong.resolve(EXIT.internal), FAULTY_MS);
      isFaulty = true;
      first.resolve();
    });
    if (values.json) {
      io.stdout.write(`${JSON.stringify({ member: agent.member, api: agent.apiUrl, listen: agent.listen })}\n`);
    }
    // Started by another command: without it nobody would ever end this agent.
    if (process.connected) {
      process.once("disconnect", () => first.resolve());
      process.channel?.unref();
    }
    if (plan !== null) {
      agent.publishAtStart(plan, leaving.signal).catch((cause: unknown) => {
        if (!leaving.signal.aborted) agent.log.error({ err: cause }, "the plan given at the start was not published");
      });
    }
    await first.promise;
    leaving.abort();
    const left = agent.leave().then(
      () => (isFaulty ? EXIT.internal : EXIT.pass),
      (cause: unknown) => {
        if (!isFaulty) throw cause;
        return EXIT.internal;
      },
    );
    return await Promise.race([left, tooLong.promise, second.promise.then(() => EXIT.interrupted)]);
  } finally {
    undo();
  }
}
