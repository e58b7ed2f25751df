// How members of a view are asked for their results: over the links there are, or by dialling where there is no way.

import { emptyPositions, has, insert, isEmpty, listed, positionsOf } from "./agreement/positions.ts";
import type { Errand, Errands } from "./errands.ts";
import type { MemberId } from "./events.ts";
import type { LineageId, Positions, Scope } from "./frame.ts";
import { FAN_OUT } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { ranges, routes } from "./routes.ts";
import { copyOf, remove } from "./subsets.ts";

/** A scope but for the view it is about. */
export type Asked = Omit<Scope, "lineage" | "view">;

export class Delegating {
  readonly #self: MemberId;
  readonly #out: Outbox;
  readonly #errands: Errands;

  constructor(self: MemberId, out: Outbox, errands: Errands) {
    this.#self = self;
    this.#out = out;
    this.#errands = errands;
  }

  /**
   * Splits those to be asked among the members it has links to. A neighbour without a link is not waited for: whoever
   * should have a link to it and has none knows best that it does not answer.
   */
  overLinks(errand: Errand, lineage: LineageId, asked: Asked, nowMs: number): void {
    const { view, collected } = errand;
    const own = view.positionOf(this.#self);
    const ask = copyOf(asked.ask, view.size);
    const avoid = copyOf(asked.avoid, view.size);
    if (own >= 0) insert(avoid, own);
    for (const position of view.neighboursOf(own)) {
      if (this.#out.links.has(view.members[position]!.id)) continue;
      insert(avoid, position);
      if (has(ask, position)) insert(collected.failed, position);
      remove(ask, position);
    }
    if (isEmpty(ask)) return;
    const sources = this.#linked(errand).filter((position) => !has(avoid, position));
    for (const [source, group] of routes(view, ask, sources, avoid)) {
      const scope = { ...asked, lineage, view: view.number, ask: group, avoid };
      this.#errands.ask(errand, view.members[source]!.id, scope, nowMs);
    }
  }

  /** In ranges of their order, one member of each answering for all of it. Returns these. */
  directly(errand: Errand, lineage: LineageId, asked: Asked, nowMs: number): Positions {
    const { view } = errand;
    const dialled = emptyPositions(view.size);
    for (const range of ranges(listed(asked.ask), FAN_OUT)) {
      const first = range.find((position) => !has(asked.avoid, position)) ?? range[0]!;
      insert(dialled, first);
      const scope = { ...asked, lineage, view: view.number, ask: positionsOf(range, view.size) };
      this.#errands.ask(errand, view.members[first]!.id, scope, nowMs);
    }
    return dialled;
  }

  #linked({ view }: Errand): number[] {
    const positions = [...this.#out.links].map((peer) => view.positionOf(peer));
    return positions.filter((position) => position >= 0).sort((a, b) => a - b);
  }
}
