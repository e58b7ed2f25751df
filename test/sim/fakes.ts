// Machines that are no swarm, to try the simulator and those who judge: one that only talks, and one that agrees on nothing.

import type { Answer, Effect, In, MemberId, RunControl, RunRecord, RunSpec } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import { cut } from "../../node/plan/stripe.ts";
import type { AdoptedView, Machine } from "../../sim/inspect.ts";

const FLUSH_MS = 100;

/** Sends the same small frame to every peer ten times a second. */
export class Flood implements Machine {
  readonly #links = new Set<MemberId>();
  #nextMs: number;
  heard = 0;

  constructor(localMs: number) {
    this.#nextMs = localMs;
  }

  handle(input: In, localMs: number): readonly Effect[] {
    if (input.kind === "frame") {
      this.heard++;
      return NOTHING;
    }
    if (input.kind === "linkUp") this.#links.add(input.peer);
    if (input.kind === "linkDown") this.#links.delete(input.peer);
    if (localMs < this.#nextMs) return input.kind === "linkUp" ? [{ kind: "wakeAt", atMs: this.#nextMs }] : NOTHING;
    this.#nextMs = localMs + FLUSH_MS;
    const frame: Frame = { echo: { sentAtMs: localMs, heldMs: 0 } };
    const effects: Effect[] = [{ kind: "wakeAt", atMs: this.#nextMs }];
    for (const to of this.#links) effects.push({ kind: "send", to, frame });
    return effects;
  }
}

const NOTHING: readonly Effect[] = [];

/** Writes down what comes in and when; does what the test tells it to. */
export class Recorder implements Machine {
  readonly log: { readonly atMs: number; readonly input: In }[] = [];
  /** Done with the next input. */
  todo: Effect[] = [];

  handle(input: In, localMs: number): readonly Effect[] {
    this.log.push({ atMs: localMs, input });
    return this.todo.splice(0);
  }

  /** Kinds of inputs, with frames told by their `gathered` id. */
  heard(): string[] {
    return this.log.map(({ input }) => (input.kind === "frame" ? `frame ${input.frame.gathered?.id}` : input.kind));
  }
}

export const numbered = (id: number): Frame => ({ gathered: { id } });

/**
 * A swarm that agrees on nothing: each splits the rate among those it has links to, at once, and takes any closed link
 * or unanswered dial for a death. Numbers its views by their size, so that different ones have equal numbers.
 */
export class Naive implements Machine {
  readonly #self: MemberId;
  readonly #peers = new Set<MemberId>();
  #run: RunRecord | null = null;

  constructor(self: MemberId) {
    this.#self = self;
  }

  view(): AdoptedView {
    const members = [this.#self, ...this.#peers].sort();
    return { lineage: "naive", number: members.length, members };
  }

  handle(input: In, localMs: number): readonly Effect[] {
    switch (input.kind) {
      case "wake":
        // Says something every second, without which no cut is ever noticed.
        return [
          { kind: "lease", untilMs: Number.POSITIVE_INFINITY },
          { kind: "wakeAt", atMs: localMs + 1000 },
          ...[...this.#peers].map((to) => ({ kind: "send", to, frame: {} }) as const),
        ];
      case "linkUp":
        this.#peers.add(input.peer);
        return [...this.#tell(input.peer), ...this.#assign()];
      case "linkDown":
      case "unreachable":
      case "refused":
        this.#peers.delete(input.peer);
        return this.#assign();
      case "publish":
        this.#run = { spec: specOf(input, this.#self, localMs), control: controlOf(this.#self, localMs + 2000) };
        return [{ kind: "answer", token: input.token, answer: published(this.#run) }, ...this.#tellAll(), ...this.#assign()];
      case "frame":
        if (this.#run !== null || input.frame.runs?.[0] === undefined) return NOTHING;
        this.#run = input.frame.runs[0];
        return [...this.#tellAll(), ...this.#assign()];
      default:
        return NOTHING;
    }
  }

  #tellAll(): Effect[] {
    return [...this.#peers].flatMap((peer) => this.#tell(peer));
  }

  #tell(to: MemberId): Effect[] {
    return this.#run === null ? [] : [{ kind: "send", to, frame: { runs: [this.#run] } }];
  }

  #assign(): Effect[] {
    if (this.#run === null) return [];
    const { members } = this.view();
    const stripe = cut(members.map(() => 1))[members.indexOf(this.#self)]!;
    const { spec, control } = this.#run;
    const times = { startAtMs: control.startAtMs!, endAtMs: Number.POSITIVE_INFINITY };
    return [{ kind: "assign", assignment: { run: spec.id, plan: spec.plan, ...times, segments: [{ fromMs: 0, stripe }] } }];
  }
}

function specOf({ plan, document, planHash }: Extract<In, { kind: "publish" }>, author: MemberId, atMs: number): RunSpec {
  return { id: "naive-run", plan, document, planHash, author, publishedAtMs: atMs, notAfterMs: Number.POSITIVE_INFINITY };
}

function controlOf(author: MemberId, startAtMs: number): RunControl {
  return { sequence: 0, author, startAtMs, lineage: null, stopAtMs: null, stopReason: null };
}

function published(run: RunRecord): Answer {
  return { kind: "published", run, created: true };
}
