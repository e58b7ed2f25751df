// Where the network is cut: partitions that are in force, each with its sides and what happens to what crosses it.

import { hash32 } from "../node/core/rings.ts";

/**
 * `silent`: what crosses is lost and nobody is told. `reject`: a firewall answers for the other side; links are reset at
 * once and dialling is refused.
 */
export type CutStyle = "silent" | "reject";

/** What becomes of a packet from one agent to another. */
export type Path = "open" | CutStyle;

export interface CutOptions {
  readonly style: CutStyle;
  /**
   * Only packets that leave side 0 are cut. Silent: side 0 hears but is not heard. Reject: side 0 sees its links reset
   * and is refused, the other sides see silence.
   */
  readonly oneWay: boolean;
  /** Parts of all agents on each side; they decide where those go that start while the cut lasts. */
  readonly parts: readonly number[];
}

/** One partition. Sides are numbered from 0. */
export class Cut {
  readonly options: CutOptions;
  readonly #sides = new Map<number, number>();
  readonly #seed: number;

  /** `sides[i]` lists the agents, by index, on side i. */
  constructor(options: CutOptions, sides: readonly (readonly number[])[], seed: number) {
    this.options = options;
    this.#seed = seed;
    sides.forEach((agents, side) => agents.forEach((agent) => this.#sides.set(agent, side)));
  }

  sideOf(agent: number): number {
    const known = this.#sides.get(agent);
    if (known !== undefined) return known;
    const side = this.#drawn(agent);
    this.#sides.set(agent, side);
    return side;
  }

  path(from: number, to: number): Path {
    const side = this.sideOf(from);
    if (side === this.sideOf(to)) return "open";
    const { style, oneWay } = this.options;
    if (!oneWay || side === 0) return style;
    // Answers of the side that rejects do not come out either, so dialling it leads nowhere; but frames do arrive at
    // a side that is cut silently.
    return style === "reject" ? "silent" : "open";
  }

  /** By the agent's index alone, so that the same agent falls on the same side whatever else happens. */
  #drawn(agent: number): number {
    const total = this.options.parts.reduce((sum, part) => sum + part, 0);
    let at = (hash32(String(agent), this.#seed) / 2 ** 32) * total;
    const side = this.options.parts.findIndex((part) => (at -= part) < 0);
    return Math.max(0, side);
  }
}

/** All cuts in force. */
export class Cuts {
  readonly #cuts: Cut[] = [];

  add(cut: Cut): void {
    this.#cuts.push(cut);
  }

  remove(cut: Cut): void {
    const index = this.#cuts.indexOf(cut);
    if (index >= 0) this.#cuts.splice(index, 1);
  }

  /** What happens to a packet; a firewall answers before the silence beyond it can. */
  path(from: number, to: number): Path {
    let worst: Path = "open";
    for (const cut of this.#cuts) {
      const path = cut.path(from, to);
      if (path === "reject") return path;
      if (path === "silent") worst = path;
    }
    return worst;
  }
}
