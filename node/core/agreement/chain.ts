// The succession of views of one lineage, as far as it is remembered, with the evidence that each was agreed.

import type { MemberId } from "../events.ts";
import type { Chain as ChainData, Commit } from "../frame.ts";
import { CHAIN_KEPT } from "../limits.ts";
import { fits } from "./positions.ts";
import { AgreedView } from "./view.ts";

export class Chain {
  readonly #views: AgreedView[];
  /** `#commits[i]` made `#views[i + 1]`. */
  readonly #commits: Commit[] = [];

  constructor(base: AgreedView) {
    this.#views = [base];
  }

  /** Null if the evidence does not hold together. */
  static of(data: ChainData): Chain | null {
    const chain = new Chain(AgreedView.of(data.base));
    return data.commits.every((commit) => chain.adopt(commit)) ? chain : null;
  }

  get current(): AgreedView {
    return this.#views.at(-1)!;
  }

  get oldest(): AgreedView {
    return this.#views[0]!;
  }

  /** Oldest first. */
  all(): readonly AgreedView[] {
    return this.#views;
  }

  at(number: number): AgreedView | undefined {
    return this.#views[number - this.oldest.number];
  }

  /** The newest of the views remembered that holds it. */
  newestWith(id: MemberId): AgreedView | undefined {
    return this.#views.findLast((view) => view.positionOf(id) >= 0);
  }

  /** Whether it is in the view, or was in one of those before it that are remembered. */
  remembers(id: MemberId): boolean {
    return this.newestWith(id) !== undefined;
  }

  /** Takes the next view if a quorum of the current one has locked it. Returns whether it did. */
  adopt(commit: Commit): boolean {
    const { current } = this;
    const { number, locks, change } = commit;
    if (number !== current.number + 1 || !current.isApplicable(change)) return false;
    if (!fits(locks, current.size) || !current.isQuorum(locks)) return false;
    this.#views.push(current.after(change));
    this.#commits.push(commit);
    if (this.#views.length > CHAIN_KEPT) {
      this.#views.shift();
      this.#commits.shift();
    }
    return true;
  }

  /** As it travels to those who know nothing. */
  data(): ChainData {
    return { base: this.oldest.plain, commits: this.#commits.slice() };
  }
}
