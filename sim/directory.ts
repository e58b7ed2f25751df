// Who exists and where to knock: all agents by id, and what DNS says of each realm.

import type { MemberId } from "../node/core/events.ts";
import type { Agent } from "./agent.ts";
import type { Random } from "./random.ts";

export class Directory {
  /** In the order of their start, those that are gone too: an agent's index is its place here. */
  readonly agents: Agent[] = [];
  readonly #byId = new Map<MemberId, Agent>();
  /** Addresses that DNS gives out, by realm: of agents that run, or whose machine nobody has found dead yet. */
  readonly #realms = new Map<number, Agent[]>();

  add(agent: Agent): void {
    this.agents.push(agent);
    this.#byId.set(agent.id, agent);
    this.#realm(agent.realm).push(agent);
  }

  get(id: MemberId): Agent | undefined {
    return this.#byId.get(id);
  }

  /** DNS gives out its address no longer. */
  forget(agent: Agent): void {
    const realm = this.#realm(agent.realm);
    const index = realm.indexOf(agent);
    if (index >= 0) realm.splice(index, 1);
  }

  /** From now on all agents find each other. */
  merge(): void {
    const all = this.#realm(0);
    for (const [realm, agents] of this.#realms) {
      if (realm === 0) continue;
      for (const agent of agents) agent.realm = 0;
      all.push(...agents);
      this.#realms.delete(realm);
    }
  }

  /** Up to `count` different others of an agent's realm that it has no link to. */
  sample(agent: Agent, count: number, random: Random): Agent[] {
    const realm = this.#realm(agent.realm);
    const found = new Set<Agent>();
    // A few tries more than wanted, since some draws hit oneself, a link or the same one twice.
    for (let tries = 0; tries < 2 * count + 2 && found.size < count && realm.length > 1; tries++) {
      const other = random.pick(realm);
      if (other !== agent && !agent.links.has(other.id)) found.add(other);
    }
    return [...found];
  }

  #realm(realm: number): Agent[] {
    const agents = this.#realms.get(realm) ?? [];
    this.#realms.set(realm, agents);
    return agents;
  }
}
