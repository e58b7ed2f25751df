// What this agent itself says of the members it watches, as an accusation that the others can count.

import type { MemberId } from "../events.ts";
import type { Accusation } from "../frame.ts";
import type { Chain } from "./chain.ts";

export class OwnWord {
  readonly #self: MemberId;
  readonly #chain: Chain;
  /** Of the last one; by the clock, so that they rise also for an agent that began anew. */
  #version: number;
  /** Members that stand accused, whether or not they are watched still. */
  readonly #accused = new Set<MemberId>();

  constructor(self: MemberId, chain: Chain, nowMs: number) {
    this.#self = self;
    this.#chain = chain;
    this.#version = Math.floor(nowMs);
  }

  /** Null if there is no view in which this agent watches it. */
  accuse(target: MemberId, kind: "silent" | "closed"): Accusation | null {
    this.#accused.add(target);
    return this.#say(target, kind);
  }

  /** It was heard. Null if it does not stand accused. */
  withdraw(target: MemberId): Accusation | null {
    return this.#accused.size > 0 && this.#accused.delete(target) ? this.#say(target, "none") : null;
  }

  #say(target: MemberId, kind: Accusation["kind"]): Accusation | null {
    const view = this.#chain.all().findLast((one) => one.watches(this.#self, target));
    if (view === undefined) return null;
    const positions = { target: view.positionOf(target), accuser: view.positionOf(this.#self) };
    return { view: view.number, ...positions, version: ++this.#version, kind };
  }
}
