// Looks at everybody's view at once: do all have the same members in it, and do two ever differ that must not?

import { hash32 } from "../node/core/rings.ts";
import type { Agent } from "./agent.ts";
import { type AdoptedView, viewOf } from "./inspect.ts";
import type { World } from "./world.ts";

/** How often it is worth looking: a view lasts for half a second at least. */
export const LOOK_EVERY_MS = 100;

export interface Fork {
  readonly atMs: number;
  readonly lineage: string;
  readonly number: number;
  readonly agents: readonly [string, string];
}

interface Seen {
  readonly view: AdoptedView;
  readonly membersHash: number;
}

export class ViewWatch {
  readonly #world: World;
  /** By the agent's index: what was seen last, so that only what changed is hashed. */
  readonly #seen: (Seen | undefined)[] = [];
  /** By lineage and number: the members' hash, and who was seen with it first. */
  readonly #known = new Map<string, { readonly hash: number; readonly agent: string }>();
  readonly forks: Fork[] = [];
  /** When agreement was lost and found again, in milliseconds since the simulation began. */
  readonly turns: { readonly atMs: number; readonly agreed: boolean; readonly text: string }[] = [];
  #agreed = false;
  /** All have adopted the very same one: a change of weights, which is agreed by and by, has reached everybody. */
  #areEven = false;

  constructor(world: World) {
    this.#world = world;
  }

  get agreed(): boolean {
    return this.#agreed;
  }

  look(): void {
    const running = this.#world.running().filter((agent) => !agent.isStalled);
    for (const agent of running) this.#lookAt(agent);
    const first = running[0] === undefined ? undefined : this.#seen[running[0].index];
    const agreed = first !== undefined && this.#allSee(running, first) && isAllOf(this.#world.running(), first.view);
    this.#areEven = agreed && running.every((agent) => this.#seen[agent.index]!.view.number === first.view.number);
    if (agreed === this.#agreed && this.turns.length > 0) return;
    this.#agreed = agreed;
    const text = first === undefined ? "" : `${first.view.members.length} members${numbered(first.view)}`;
    this.turns.push({ atMs: this.#world.elapsedMs, agreed, text });
  }

  /** How long after `fromMs` it took until all had one view of the same members and kept it; Infinity if they do not have one now. */
  settledAfterMs(fromMs: number): number {
    if (!this.#agreed || !this.#areEven) return Number.POSITIVE_INFINITY;
    const last = this.turns.at(-1);
    return last === undefined ? Number.POSITIVE_INFINITY : Math.max(0, last.atMs - fromMs);
  }

  #allSee(running: readonly Agent[], first: Seen): boolean {
    return running.every((agent) => {
      const seen = this.#seen[agent.index];
      return seen !== undefined && seen.membersHash === first.membersHash && seen.view.lineage === first.view.lineage;
    });
  }

  #lookAt(agent: Agent): void {
    const localMs = agent.clock.at(this.#world.elapsedMs);
    const view = viewOf(agent.machine, localMs + agent.engine.offsetMs);
    if (view === null) return;
    const before = this.#seen[agent.index];
    if (before?.view.members === view.members && before.view.number === view.number && before.view.lineage === view.lineage) return;
    const membersHash = before?.view.members === view.members ? before.membersHash : hash32(view.members.join(" "), 0);
    this.#seen[agent.index] = { view, membersHash };
    if (view.number >= 0) this.#compare(agent, view, membersHash);
  }

  #compare(agent: Agent, { lineage, number }: AdoptedView, hash: number): void {
    const key = `${lineage}#${number}`;
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, { hash, agent: agent.id });
    else if (known.hash !== hash) {
      this.forks.push({ atMs: this.#world.elapsedMs, lineage, number, agents: [known.agent, agent.id] });
    }
  }
}

function numbered(view: AdoptedView): string {
  return view.number < 0 ? "" : `, view ${view.number}`;
}

function isAllOf(running: readonly Agent[], view: AdoptedView): boolean {
  if (view.members.length !== running.length) return false;
  const members = new Set(view.members);
  return running.every((agent) => members.has(agent.id));
}
