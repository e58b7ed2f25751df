// How a run comes to be, gets its start, and is stopped.

import type { In, MemberId, RunControl, RunId, RunRecord } from "./events.ts";
import type { LineageId } from "./frame.ts";
import type { Membership } from "./membership.ts";
import { firstControl, isActive, notAfterOf, type Runs } from "./runs.ts";
import type { Plan } from "../plan/types.ts";

export class Publishing {
  readonly #self: MemberId;
  readonly #startLeadMs: number;
  readonly #runs: Runs;
  readonly #membership: Membership;

  constructor(self: MemberId, startLeadMs: number, runs: Runs, membership: Membership) {
    this.#self = self;
    this.#startLeadMs = startLeadMs;
    this.#runs = runs;
    this.#membership = membership;
  }

  /** The run that publishing this plan means: a new one, or the one that is on already; null if there are too many. */
  publish(input: Extract<In, { kind: "publish" }>, nowMs: number): { record: RunRecord; created: boolean } | null {
    const { plan, document, planHash, keyHash, permit } = input;
    const startAtMs = nowMs + Math.max(this.#leadMs(plan), input.leadMs ?? 0);
    const id = this.#runs.idFor(plan.name, planHash, keyHash, nowMs);
    const known = this.#runs.get(id);
    if (known !== undefined) return { record: known, created: false };
    if (!this.#runs.hasRoomFor(document, nowMs)) return null;
    const record: RunRecord = {
      spec: {
        id,
        plan,
        document,
        planHash,
        author: this.#self,
        publishedAtMs: nowMs,
        notAfterMs: notAfterOf(plan, startAtMs),
        ...(permit === undefined ? {} : { permit }),
      },
      control: this.#hasEnoughAgents(plan)
        ? firstControl(this.#self, startAtMs, this.#lineage())
        : firstControl(this.#self, null, null),
    };
    this.#runs.merge(record, nowMs);
    return { record, created: true };
  }

  /** Stops one run or all that are active. Returns those it changed; null if there is no such run. */
  stop(which: RunId | "all", nowMs: number): RunRecord[] | null {
    const run = this.#runs.get(which);
    if (which !== "all" && run === undefined) return null;
    const found = run === undefined ? this.#runs.active(nowMs) : [run];
    const control: Partial<RunControl> = { stopAtMs: nowMs, stopReason: "stopped" };
    return found.filter((one) => isActive(one, nowMs)).map((one) => this.#amend(one, control, nowMs));
  }

  /**
   * Runs that waited for agents and now have them; the member first in id order gives them their start. Only while it
   * sees a majority: two parts of a swarm must not give two.
   */
  startable(nowMs: number): RunRecord[] {
    const waiting = this.#runs.active(nowMs).filter((run) => run.control.startAtMs === null);
    const { agreement } = this.#membership;
    if (waiting.length === 0 || !agreement.hasLease(nowMs) || this.#first() !== this.#self) return [];
    return waiting
      .filter((run) => this.#hasEnoughAgents(run.spec.plan))
      .map((run) => this.#amend(run, { startAtMs: nowMs + this.#leadMs(run.spec.plan), lineage: this.#lineage() }, nowMs));
  }

  #first(): MemberId | undefined {
    const { agreement } = this.#membership;
    return agreement.view.members.find(({ id }) => !agreement.isExcluded(id))?.id;
  }

  #lineage(): LineageId {
    return this.#membership.agreement.lineage.id;
  }

  /** A change of a run's register by this agent. */
  #amend(run: RunRecord, change: Partial<RunControl>, nowMs: number): RunRecord {
    const sequence = run.control.sequence + 1;
    const control = { ...run.control, ...change, sequence, author: this.#self };
    this.#runs.merge({ spec: run.spec, control }, nowMs);
    return this.#runs.get(run.spec.id)!;
  }

  #leadMs(plan: Plan): number {
    return Math.max(this.#startLeadMs, plan.start.delayMs);
  }

  #hasEnoughAgents(plan: Plan): boolean {
    return this.#membership.agreement.view.size >= plan.start.minAgents;
  }
}
