// One agent, wired: core, network and load engine. The one place that knows all of them.

import { randomBytes } from "node:crypto";
import type { Answer, MemberId, RunRecord, RunState, SwarmEvent } from "../core/events.ts";
import { runStateAt } from "../core/runs.ts";
import { ACTIVE_RUNS } from "../core/limits.ts";
import type { Summary } from "../core/summary-type.ts";
import { LoadEngine } from "../load/engine.ts";
import { TargetGuard } from "../load/guard.ts";
import type { Measured } from "../load/report.ts";
import { SwarmClock } from "../mesh/clock.ts";
import { type Network, type NetworkEvents, SOLO } from "../mesh/network.ts";
import { Shell } from "../mesh/shell.ts";
import type { Reading } from "../metrics/reading.ts";
import { Unmet } from "../metrics/unmet.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { parsePlan } from "../plan/parse.ts";
import { notRunnable } from "../plan/runnable.ts";
import { timeText } from "../plan/time-text.ts";
import type { Fault, Plan } from "../plan/types.ts";
import { Operators, swarmName } from "../wire/permit.ts";
import { planHash } from "../wire/plan-hash.ts";
import { AgentMetrics } from "./agent-metrics.ts";
import type { CheckedConfig } from "./config.ts";
import { createLog, type Logger } from "./log.ts";
import { checkWish, keyHash } from "./permission.ts";
import { keyAtStart } from "./publish-at-start.ts";
import { type Push, startPushes } from "./push.ts";
import { ownVersion } from "./version.ts";

/** From publishing to the first arrival in a swarm: the plan reaches 200 agents in well under half a second. */
const START_LEAD_MS = 2000;
/** The same for a swarm of one, whose threads are up already: a few turns of the event loop, unless they rehearse first. */
const SOLO_START_LEAD_MS = 20;

export type Published =
  | { readonly ok: true; readonly run: RunRecord; readonly created: boolean }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export interface MemberView {
  readonly id: MemberId;
  readonly name: string;
  readonly zone: string;
  readonly state: string;
  readonly weight: number;
  readonly share: number;
  readonly api: string;
}

export interface RunView {
  readonly run: string;
  readonly plan: string;
  readonly state: RunState;
  readonly startsAt: string | null;
}

export class Agent {
  readonly member: MemberId;
  readonly log: Logger;
  readonly #operators: Operators;
  readonly #startLeadMs: number;
  readonly #shell: Shell;
  readonly #network: Network;
  readonly #engine: LoadEngine;
  readonly #clock: SwarmClock;
  readonly #guard: TargetGuard;
  readonly #unmet = new Unmet();
  readonly #metrics: AgentMetrics;
  #pushes: readonly Push[] = [];
  readonly #listeners = new Set<(event: SwarmEvent) => void>();
  /** Whoever waits for the end of a run here. */
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  private constructor(
    config: CheckedConfig,
    apiUrl: string,
    network: Network,
    member: MemberId,
    log: Logger,
    operators: Operators,
  ) {
    this.member = member;
    this.log = log;
    this.#operators = operators;
    this.#startLeadMs = config.listen === null ? SOLO_START_LEAD_MS : START_LEAD_MS;
    this.#network = network;
    this.#clock = new SwarmClock();
    this.#guard = new TargetGuard(config.guard);
    this.#engine = new LoadEngine({
      member,
      workers: config.workers,
      clockBaseMs: this.#clock.baseMs,
      guard: config.guard,
      onSnapshot: (snapshot) => {
        this.#unmet.take(snapshot);
        this.#shell.input({ kind: "report", snapshot });
      },
      onFinished: (measured) => this.#finished(measured),
      onFault: (error) => log.error({ err: error }, "load worker failed; replaced"),
    });
    this.#shell = new Shell({
      self: {
        id: member,
        name: config.name,
        zone: config.zone,
        addresses: network.addresses,
        api: apiUrl,
        weight: config.workers,
        startLeadMs: this.#startLeadMs,
      },
      clock: this.#clock,
      network,
      log,
      assign: (assignment) => this.#engine.assign(assignment),
      lease: (untilMs) => this.#engine.setLease(untilMs),
      clockOffset: (offsetMs) => {
        this.#clock.setOffset(offsetMs);
        this.#engine.setClockOffset(offsetMs);
      },
      event: (event) => this.#event(event),
    });
    this.#metrics = this.#createMetrics(config);
  }

  /** Listens and joins. `apiUrl` is what other members are told. Throws ADDRESS_IN_USE and configuration errors. */
  static async start(config: CheckedConfig, apiUrl: string): Promise<Agent> {
    const log = createLog(config.logLevel, config.name, config.node);
    const operators = operatorsOf(config, log);
    if (config.listen === null) {
      const solo = new Agent(config, apiUrl, SOLO, `solo-${randomBytes(8).toString("hex")}`, log, operators);
      // Its only run is about to be published and starts at once: the threads must be up by then.
      await solo.#engine.prepare();
      await solo.#startPushes(config);
      solo.#shell.start();
      return solo;
    }
    const { Mesh } = await import("../mesh/mesh.ts");
    const { listen, join, joinNames, swarmKey } = config;
    const mesh = await Mesh.create({ listen, join, joinNames, swarmKey, log, operators });
    const agent = new Agent(config, apiUrl, mesh, mesh.self, log, operators);
    await mesh.start(agent.#shell satisfies NetworkEvents);
    await agent.#startPushes(config);
    agent.#shell.start();
    log.info({ member: mesh.self, listen: mesh.addresses, api: apiUrl }, "agent is up");
    return agent;
  }

  /** Multiaddrs on which other agents reach this one. */
  get addresses(): readonly string[] {
    return this.#network.addresses;
  }

  /** Everything it exports, as of now. */
  readings(): Reading[] {
    return this.#metrics.read();
  }

  /** What permits call the swarm. */
  get swarm(): string {
    return this.#operators.swarm;
  }

  get asksOperators(): boolean {
    return this.#operators.areAsked;
  }

  /**
   * Publishes a plan (YAML or JSON) to the swarm, or says everything that is wrong with it. `key`: the same key is the same
   * run. Throws KEY_MISSING where operators are asked and none permits it.
   */
  async publish(text: string, key: string | null, permit: string | null = null): Promise<Published> {
    const parsed = parsePlan(text);
    if (!parsed.ok) return parsed;
    const faults = [...notRunnable(parsed.plan), ...this.#forbidden(parsed.plan)];
    if (faults.length > 0) return { ok: false, faults };
    const hash = planHash(parsed.document);
    const nowMs = this.#clock.nowMs();
    const hashOfKey = checkWish({ plan: parsed.plan, planHash: hash, key, permit }, this.#operators, nowMs, this.#startLeadMs);
    // Each permit is for a run of its own; without a key, a plan is one run until that has ended.
    const isSame = ({ spec }: RunRecord) => key === null && permit !== null && spec.planHash === hash;
    const on = this.#shell.machine.runs.active(nowMs).find(isSame);
    if (on !== undefined) return { ok: true, run: on, created: false };
    const answer = await this.#shell.ask({
      kind: "publish",
      plan: parsed.plan,
      document: parsed.document,
      planHash: hash,
      keyHash: hashOfKey,
      leadMs: this.#engine.leadMs(parsed.plan),
      ...(permit === null ? {} : { permit }),
    });
    if (answer.kind === "tooManyRuns") return { ok: false, faults: [TOO_MANY_RUNS] };
    if (answer.kind !== "published") throw unexpected(answer);
    if (answer.run.spec.planHash !== hash) return { ok: false, faults: [KEY_REUSED] };
    return { ok: true, run: answer.run, created: answer.created };
  }

  /** Gathers from the whole swarm. Throws RUN_UNKNOWN. */
  async summary(run: string): Promise<Summary> {
    const answer = await this.#shell.ask({ kind: "summarise", run });
    if (answer.kind === "unknownRun") throw this.#unknownRun(run);
    if (answer.kind !== "summary") throw unexpected(answer);
    return answer.summary;
  }

  /** Stops a run, or all; returns those that were on. Throws RUN_UNKNOWN. */
  async stop(run: string): Promise<readonly string[]> {
    const answer = await this.#shell.ask({ kind: "stop", run });
    if (answer.kind === "unknownRun") throw this.#unknownRun(run);
    if (answer.kind !== "stopped") throw unexpected(answer);
    return answer.runs;
  }

  /** Resolves when this agent's part of a run that has just been published is over. */
  untilOver(run: string): Promise<void> {
    if (!this.#waiting.has(run)) this.#waiting.set(run, Promise.withResolvers());
    return this.#waiting.get(run)!.promise;
  }

  /** Those in the agreed view, with the share each carries now. */
  members(): MemberView[] {
    const { machine } = this.#shell;
    return machine.seats().map(({ member: { id, name, zone, state, weight, api }, share }) => ({ id, name, zone, state, weight, share, api }));
  }

  /** Latest first. */
  runs(): RunView[] {
    const now = this.#clock.nowMs();
    return this.#shell.machine.runs
      .all()
      .map((run) => ({
        run: run.spec.id,
        plan: run.spec.plan.name,
        state: runStateAt(run, now),
        startsAt: timeText(run.control.startAtMs),
      }))
      .reverse();
  }

  /** Events from now on; call what is returned to hear no more. */
  listen(listener: (event: SwarmEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Graceful: the share moves on first, iterations in flight end, results are handed over. Alone: at once. */
  async leave(): Promise<void> {
    if (this.#shell.machine.seats().length > 1) {
      this.#shell.input({ kind: "leave" });
      await this.#shell.left;
    }
    await this.close();
  }

  /** At once. */
  async close(): Promise<void> {
    this.#shell.stop();
    await this.#engine.close();
    await Promise.all(this.#pushes.map((push) => push.leave()));
    this.#metrics.stop();
    await this.#network.stop();
  }

  #finished(measured: Measured): void {
    this.#metrics.finished(measured);
    this.#waiting.get(measured.assignment.run)?.resolve();
  }

  #createMetrics(config: CheckedConfig): AgentMetrics {
    return new AgentMetrics({
      version: ownVersion(),
      detail: config.metricsDetail,
      self: this.member,
      now: () => this.#clock.nowMs(),
      uptimeMs: () => process.uptime() * 1000,
      clockOffsetMs: () => this.#clock.nowMs() - this.#clock.localMs(),
      viewNumber: () => this.#shell.machine.view().number,
      seats: () => this.#shell.machine.seats(),
      measure: () => this.#engine.measure(),
      network: () => this.#network.counters(),
      unmetPerSecond: () => this.#unmet.perSecond(this.#clock.nowMs()),
      record: (run) => this.#shell.machine.runs.get(run) ?? null,
      summary: (run) => this.summary(run),
      openCounts: () => this.#engine.openCounts(),
      dropped: () => this.#shell.machine.dropped,
      framesUnheard: () => this.#shell.machine.unheard,
      runsRefused: () => this.#shell.machine.runs.refused + this.#operators.refused,
    });
  }

  async #startPushes(config: CheckedConfig): Promise<void> {
    const { name, node, zone } = config;
    const identity = { name, node, zone, version: ownVersion() };
    this.#pushes = await startPushes(config, identity, this.#metrics, () => this.#clock.nowMs(), this.log);
  }

  #event(event: SwarmEvent): void {
    this.#metrics.event(event);
    if (event.type === "apart") this.log.warn(event, "another swarm has runs on too: both go on apart, and become one when one has none");
    else this.log.info(event, event.type);
    for (const listener of this.#listeners) listener(event);
  }

  /** Targets given as addresses can be refused at once; names are checked at every connection. */
  #forbidden(plan: Plan): Fault[] {
    return plan.targets.flatMap((target) => {
      const refusal = this.#guard.refusalOfHost(new URL(target).hostname);
      if (refusal === null) return [];
      const message = `${refusal.message}; start the agents with --allow-target to load other machines than this one`;
      return [{ path: "target", line: 1, column: 1, message }];
    });
  }

  #unknownRun(run: string): LoadswarmError {
    const known = this.runs().map((one) => one.run);
    if (known.includes(run)) {
      const hint = "ask one of its agents, or wait: the two become one swarm when either has no runs on";
      return new LoadswarmError("RUN_UNKNOWN", `"${run}" is a run of another swarm, whose results are not known here yet`, hint);
    }
    const hint = known.length === 0 ? "no run was published here yet" : `known runs: ${known.slice(0, 5).join(", ")}`;
    return new LoadswarmError("RUN_UNKNOWN", `there is no run called "${run}"`, hint);
  }
}

function operatorsOf({ operators, swarmKey, planAtStart }: CheckedConfig, log: Logger): Operators {
  const own = planAtStart === null ? null : { planHash: planHash(planAtStart), keyHash: keyHash(keyAtStart(planAtStart)) };
  const tell = (run: string, why: string) => log.warn({ run }, `a run from others was refused: ${why}`);
  return new Operators(operators, swarmName(swarmKey), own, tell);
}

const TOO_MANY_RUNS: Fault = {
  path: "",
  line: 1,
  column: 1,
  message: `as many runs as a swarm takes (${ACTIVE_RUNS}), or as long plans, are on or waiting already; stop some first`,
};

const KEY_REUSED: Fault = {
  path: "",
  line: 1,
  column: 1,
  message: "the idempotency key was used for another plan; use a new key",
};

function unexpected(answer: Answer): LoadswarmError {
  return new LoadswarmError("INTERNAL", `the swarm answered "${answer.kind}" to another question`, "please report this");
}
