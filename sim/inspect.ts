// The one place that knows the core's class: makes machines, and looks into them on behalf of those who judge.

import type { Effect, In, MemberId, SelfDescription } from "../node/core/events.ts";
import { SwarmMachine } from "../node/core/machine.ts";
import type { Tables } from "../node/core/members.ts";

/** What runs in a simulated agent: the production core, or in tests of the simulator something that misbehaves. */
export interface Machine {
  /** Effects of one input, in order. `localMs` is the agent's own time and never falls. */
  handle(input: In, localMs: number): readonly Effect[];
}

/** `tables`: how it keeps what it knows of others. */
export type MakeMachine = (self: SelfDescription, localMs: number, tables: Tables) => Machine;

/** The view an agent has adopted. Equal numbers of one lineage must be equal members. */
export interface AdoptedView {
  readonly lineage: string;
  /** -1: the machine numbers no views, so that there is nothing two agents could disagree about. */
  readonly number: number;
  /** Ids, ascending. The same array as before if nothing has changed, where the machine can tell. */
  readonly members: readonly MemberId[];
}

interface Viewing {
  view(): AdoptedView;
}

export const productionCore: MakeMachine = (self, localMs, tables) => new SwarmMachine(self, localMs, tables);

function isViewing(machine: Machine): machine is Machine & Viewing {
  return "view" in machine;
}

/** A machine that agrees on views gives leases; until its first one nothing may be offered. */
export function givesLeases(machine: Machine): boolean {
  return isViewing(machine);
}

/** null if the machine has no notion of members at all. */
export function viewOf(machine: Machine, swarmMs: number): AdoptedView | null {
  if (isViewing(machine)) return machine.view();
  if (!(machine instanceof SwarmMachine)) return null;
  return { lineage: "", number: -1, members: machine.members.present(swarmMs).map((member) => member.id) };
}
