// Gathering in progress: who was asked for their reports on a run, who has not answered yet, who waits for the result.

import type { MemberId, RunId } from "./events.ts";
import type { Gather } from "./frame.ts";
import { ASK_AGAIN_MS, GATHER_TIMEOUT_MS } from "./limits.ts";

export interface Gathering {
  readonly id: number;
  readonly run: RunId;
  readonly deadlineMs: number;
  readonly waitingFor: Set<MemberId>;
  readonly question: Gather;
  askAgainMs: number;
  /** Tokens of the summaries to answer. */
  readonly tokens: number[];
  /** A judge wants it, to see whether a threshold aborts the run. */
  forJudge: boolean;
}

export class Gathers {
  readonly #open = new Map<number, Gathering>();
  #nextId = 1;

  /** The gathering under way for a run: a second reader of the same run waits for the same answers. */
  underWay(run: RunId): Gathering | undefined {
    for (const gathering of this.#open.values()) if (gathering.run === run) return gathering;
    return undefined;
  }

  open(run: RunId, have: Gather["have"], asked: readonly MemberId[], nowMs: number): Gathering {
    const id = this.#nextId++;
    const gathering: Gathering = {
      id,
      run,
      question: { id, run, have },
      askAgainMs: nowMs + ASK_AGAIN_MS,
      deadlineMs: nowMs + GATHER_TIMEOUT_MS,
      waitingFor: new Set(asked),
      tokens: [],
      forJudge: false,
    };
    this.#open.set(gathering.id, gathering);
    return gathering;
  }

  answered(id: number, from: MemberId): void {
    this.#open.get(id)?.waitingFor.delete(from);
  }

  /** Nobody waits for a member that is gone. */
  gone(member: MemberId): void {
    for (const gathering of this.#open.values()) gathering.waitingFor.delete(member);
  }

  /** Takes out what is complete or out of time. */
  finished(nowMs: number): Gathering[] {
    const finished = [...this.#open.values()].filter((g) => g.waitingFor.size === 0 || nowMs >= g.deadlineMs);
    for (const gathering of finished) this.#open.delete(gathering.id);
    return finished;
  }

  /** Those who have kept a gathering waiting for a while: the question or the answer went with a link that closed. */
  overdue(nowMs: number): Gathering[] {
    const overdue = [...this.#open.values()].filter((gathering) => nowMs >= gathering.askAgainMs);
    for (const gathering of overdue) gathering.askAgainMs = nowMs + ASK_AGAIN_MS;
    return overdue;
  }

  nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadlineMs, askAgainMs } of this.#open.values()) next = Math.min(next, deadlineMs, askAgainMs);
    return next;
  }
}
