// What this agent wants the next view to be, and when it may put that to the vote.

import type { Positions, ViewChange } from "../frame.ts";
import { OPENING_ROUNDS, windowOf } from "../limits.ts";
import { hash32 } from "../rings.ts";
import { candidateOf, NO_WISHES, Patience, type Wishes } from "./candidate.ts";
import { isEmpty } from "./positions.ts";
import type { AgreedView } from "./view.ts";

export interface Proposal {
  /** Null if the view may stay as it is, or the wish is not ripe. */
  readonly wanted: ViewChange | null;
  /** Else it joins in where others have opened a ballot, and does not open one. */
  readonly mayOpen: boolean;
}

const NOTHING: Proposal = { wanted: null, mayOpen: false };

export class Proposer {
  readonly #wishes: Wishes;
  readonly #patience = new Patience();
  #wish: ViewChange | null = null;
  #isStale = true;

  constructor(wishes: Wishes) {
    this.#wishes = wishes;
  }

  /** There is something that the wish did not know of. */
  review(): void {
    this.#isStale = true;
  }

  isContent(): boolean {
    return this.#wish === null;
  }

  /**
   * While agents keep coming or going everybody knows of others: each would vote for a proposal of its own, and none would ever
   * have a quorum. So until the wish settles only few may open a ballot, drawn by the window, and the others join them.
   * Losses do not wait for that: they are few, are heard of in no time, and somebody's share is missing.
   */
  propose(view: AgreedView, self: number, excluded: Positions, nowMs: number): Proposal {
    const window = windowOf(nowMs);
    // Whoever is no member has no vote.
    if (self < 0) this.#wish = null;
    else if (this.#isStale) this.#wish = candidateOf(view, excluded, window, this.#wishes);
    this.#isStale = false;
    const wanted = this.#patience.ripe(this.#wish, nowMs);
    if (wanted === null) return NOTHING;
    if (this.#patience.isSettled(nowMs)) return { wanted, mayOpen: true };
    if (!isEmpty(excluded)) return { wanted: candidateOf(view, excluded, window, NO_WISHES), mayOpen: true };
    const round = (window - windowOf(this.#patience.firstMs)) % OPENING_ROUNDS;
    return { wanted, mayOpen: openers(view, window, 2 ** round).includes(self) };
  }

  /** When it has to be asked again though nothing was heard. */
  nextMs(nowMs: number): number {
    return this.#patience.nextMs(nowMs);
  }
}

/** So many members, some of them perhaps more than once: the same ones for everybody. */
function openers(view: AgreedView, window: number, howMany: number): number[] {
  return Array.from({ length: howMany }, (_, draw) => hash32(`${view.number}.${window}`, draw) % view.size);
}
