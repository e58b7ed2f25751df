// Machines that are no swarm, to try the simulator and those who judge: one that only talks, and one that agrees on nothing.

import type { Effect, In, MemberId } from "../../node/core/events.ts";
import type { Frame } from "../../node/core/frame.ts";
import type { Machine } from "../../sim/inspect.ts";

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
