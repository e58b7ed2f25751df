// Roll calls answered and heard: who has adopted which view, and in which windows a majority was there for this agent.

import type { Positions, RollCall } from "../frame.ts";
import { MUTE_WINDOWS, PRESENCE_WINDOWS, RINGS } from "../limits.ts";
import { everybodyBut } from "../subsets.ts";
import type { Acks } from "./acks.ts";
import type { Chain } from "./chain.ts";
import type { Lease } from "./lease.ts";
import { has, insert, NOBODY } from "./positions.ts";
import type { Label, RollCalls } from "./roll-calls.ts";

/** Each hop passes news on to so many, the one it came from left out. */
const SPREAD = 2 * RINGS - 1;

/**
 * Whoever was in none of so many roll calls, the present one not counted, is not there. In quiet times they come a hop per window at
 * worst, if all agents speak at the same instant: 200 then know the roll calls of everybody after three windows, 700 after four
 * (simulated). Where more than two hops are needed there is one window to spare; where they are not, no member is missing together with
 * its whole neighbourhood.
 */
export function presenceWindows(size: number): number {
  const hops = Math.ceil(Math.log(size) / Math.log(SPREAD));
  return hops <= PRESENCE_WINDOWS ? PRESENCE_WINDOWS : hops + 1;
}

export class Attendance {
  readonly #chain: Chain;
  readonly #rollCalls: RollCalls;
  readonly #acks: Acks;
  readonly #lease: Lease;

  constructor(chain: Chain, rollCalls: RollCalls, acks: Acks, lease: Lease) {
    this.#chain = chain;
    this.#rollCalls = rollCalls;
    this.#acks = acks;
    this.#lease = lease;
  }

  /**
   * What others tell; `position` is this agent's own in the current view. Returns whether anybody adopted a view sooner than was known.
   * Majorities are looked for once it is all in: where opinions are many one frame tells hundreds of each window.
   */
  take(calls: readonly RollCall[], nowWindow: number, position: number): boolean {
    const windows: number[] = [];
    let isNews = false;
    for (const call of calls) {
      const view = call.window > nowWindow + 1 ? undefined : this.#chain.at(call.view);
      const label = view === undefined ? null : this.#rollCalls.merge(call, view);
      if (label === null) continue;
      if (this.#notes(label)) isNews = true;
      if (this.#matters(label, position) && !windows.includes(label.window)) windows.push(label.window);
    }
    for (const window of windows) this.#lookForMajority(window, position);
    return isNews;
  }

  /** I am here. Returns the same. */
  answer(window: number, excluded: Positions, position: number): boolean {
    const label = this.#rollCalls.set(this.#chain.current, window, excluded, position);
    if (label === null) return false;
    if (this.#matters(label, position)) this.#lookForMajority(window, position);
    return this.#notes(label);
  }

  /**
   * Members of the current view who answered in one of the last roll calls, under whichever view: after a loss the rest of those who
   * are lost with it would otherwise count as present until the next view is old enough. Newcomers have time to answer first. Null
   * while nobody can tell: roll calls are heard since `sinceWindow` only.
   */
  presentOfLate(window: number, sinceWindow: number): Positions | null {
    const windows = presenceWindows(this.#chain.current.size);
    return window < sinceWindow + 2 * windows ? null : this.#present(window, windows);
  }

  /** Members who have answered in none of very many. Whoever sees no majority cannot tell: it may be itself that is not heard. */
  mute(window: number, sinceWindow: number): Positions {
    const { size } = this.#chain.current;
    const seesMajority = window <= this.#lease.majorityWindow + presenceWindows(size);
    if (!seesMajority || window < sinceWindow + MUTE_WINDOWS) return NOBODY;
    return everybodyBut(this.#present(window, MUTE_WINDOWS), size);
  }

  /** In so many windows before this one. */
  #present(window: number, windows: number): Positions {
    const { current } = this.#chain;
    const present = this.#rollCalls.presentIn(current, window - windows, window);
    const isNew = (seatWindow: number) => window < seatWindow + windows;
    if (!isNew(current.newestSeatWindow)) return present;
    current.members.forEach(({ fromWindow }, position) => {
      if (isNew(fromWindow)) insert(present, position);
    });
    return present;
  }

  #notes({ view, present, window }: Label): boolean {
    return this.#acks.note(view, present, window);
  }

  /** A leaver goes on under the view that lets it go until that is in effect: it counts who is in it without itself. */
  #matters({ view, window, excluded }: Label, position: number): boolean {
    return view === this.#chain.current && window > this.#lease.majorityWindow && !has(excluded, position);
  }

  #lookForMajority(window: number, position: number): void {
    const view = this.#chain.current;
    if (window <= this.#lease.majorityWindow) return;
    if (view.isQuorum(this.#rollCalls.presentFor(position, view, window))) this.#lease.sawMajority(window);
  }
}
