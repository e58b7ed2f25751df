// The parts of a frame in which agents of one lineage tell each other what is agreed, and what they know of each other.

import type { Frame } from "../frame.ts";

/** In place of a part that is not there, as most are not. */
export const NOTHING: readonly never[] = [];

/** Without the lists that are empty. */
export function parts(lists: Pick<Frame, "commits" | "rollCalls" | "adoptions" | "ballots" | "accusations">): Frame {
  const { commits, rollCalls, adoptions, ballots, accusations } = lists;
  const frame: { -readonly [K in keyof typeof lists]: (typeof lists)[K] } = {};
  if (isSome(commits)) frame.commits = commits;
  if (isSome(rollCalls)) frame.rollCalls = rollCalls;
  if (isSome(adoptions)) frame.adoptions = adoptions;
  if (isSome(ballots)) frame.ballots = ballots;
  if (isSome(accusations)) frame.accusations = accusations;
  return frame;
}

function isSome<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}
