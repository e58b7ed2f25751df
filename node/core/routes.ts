// Through which neighbour a member is asked: the one nearest to it over the links that every view implies.
//
// Members hold links to their neighbours in the view's rings, so a question can reach everybody without a single new
// connection, in about log N steps. Every step splits the members to be asked among the asker's own links.

import type { Positions } from "./frame.ts";
import { count, emptyPositions, has, insert } from "./agreement/positions.ts";
import type { AgreedView } from "./agreement/view.ts";

/** For each of these sources the members that are nearest to it; whoever cannot be reached from any is in none. */
export function routes(
  view: AgreedView,
  ask: Positions,
  sources: readonly number[],
  avoid: Positions,
): Map<number, Positions> {
  const groups = new Map<number, Positions>();
  const via = new Int32Array(view.size).fill(NOBODY);
  const queue: number[] = [];
  const reach = (position: number, source: number): boolean => {
    if (via[position] !== NOBODY) return false;
    via[position] = source;
    if (!has(avoid, position)) queue.push(position);
    if (!has(ask, position)) return false;
    const group = groups.get(source) ?? emptyPositions(view.size);
    insert(group, position);
    groups.set(source, group);
    return true;
  };
  let left = count(ask);
  for (const source of sources) if (reach(source, source)) left--;
  for (let next = 0; next < queue.length && left > 0; next++) {
    const position = queue[next]!;
    for (const neighbour of view.neighboursOf(position)) if (reach(neighbour, via[position]!)) left--;
  }
  return groups;
}

const NOBODY = -1;

/** These positions in at most so many groups of consecutive ones. */
export function ranges(positions: readonly number[], most: number): number[][] {
  const groups = Math.min(most, positions.length);
  return Array.from({ length: groups }, (_, i) =>
    positions.slice(Math.floor((i * positions.length) / groups), Math.floor(((i + 1) * positions.length) / groups)),
  );
}
