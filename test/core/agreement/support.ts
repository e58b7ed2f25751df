// Views, changes and chains of single-letter members for the tests of the agreement.

import { Accusations } from "../../../node/core/agreement/accusations.ts";
import { Chain } from "../../../node/core/agreement/chain.ts";
import { listed, positionsOf } from "../../../node/core/agreement/positions.ts";
import { AgreedView } from "../../../node/core/agreement/view.ts";
import type { Accusation, Commit, Positions, View, ViewChange, ViewMember } from "../../../node/core/frame.ts";
import { WEIGHT_UNITS } from "../../../node/core/limits.ts";
import { NOW } from "../support.ts";

/** `letters(4)` is `abcd`. */
export function letters(count: number): string {
  return Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i)).join("");
}

export function viewMember(id: string, more: Partial<ViewMember> = {}): ViewMember {
  return { id, incarnation: 1, weight: WEIGHT_UNITS, fromWindow: 0, ...more };
}

/** The members of `ids`, as agents of weight 1 are; view number 1 in force from window 0 on, unless told otherwise. */
export function viewOf(ids: string, more: Partial<View> = {}): AgreedView {
  return AgreedView.of({ number: 1, fromWindow: 0, members: [...ids].map((id) => viewMember(id)), ...more });
}

/** Positions of these members. */
export function set(view: AgreedView, ids: string): Positions {
  return positionsOf([...ids].map((id) => view.positionOf(id)), view.size);
}

/** The members at these positions. */
export function idsOf(view: AgreedView, positions: Iterable<number>): string {
  return [...positions].map((position) => view.members[position]!.id).join("");
}

/** Without and with these members. */
export function change(view: AgreedView, removed: string, added = "", more: Partial<ViewChange> = {}): ViewChange {
  return {
    fromWindow: 0,
    removed: [...removed].map((id) => view.positionOf(id)),
    added: [...added].map((id) => viewMember(id, { fromWindow: more.fromWindow ?? 0 })),
    reweighed: [],
    ...more,
  };
}

/** A commit that everybody in the view has locked. */
export function commitOf(view: AgreedView, of: ViewChange, more: Partial<Commit> = {}): Commit {
  return { number: view.number + 1, ballot: 0, change: of, locks: positionsOf(view.members.keys(), view.size), ...more };
}

/** A chain that begins with `first` and goes from view to view by `[without, with, fromWindow]`. */
export function chainOf(first: AgreedView, ...steps: readonly (readonly [string, string, number])[]): Chain {
  const chain = new Chain(first);
  for (const [removed, added, fromWindow] of steps) {
    const { current } = chain;
    if (!chain.adopt(commitOf(current, change(current, removed, added, { fromWindow })))) throw new Error("no such step");
  }
  return chain;
}

export type Kind = Accusation["kind"];

export function accusation(view: AgreedView, target: string, accuser: string, kind: Kind = "silent", version = 1): Accusation {
  return { view: view.number, target: view.positionOf(target), accuser: view.positionOf(accuser), version, kind };
}

/** Each of these has accused the target. */
export function accusing(chain: Chain, target: string, accusers: string, kind: Kind = "silent", version = 1): Accusations {
  const accusations = new Accusations(chain);
  for (const accuser of accusers) accusations.take(accusation(chain.current, target, accuser, kind, version), NOW);
  return accusations;
}

export function excludedIn(chain: Chain, accusations: Accusations): string {
  return idsOf(chain.current, listed(accusations.excluded()));
}
