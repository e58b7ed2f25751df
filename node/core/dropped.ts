// What an agent let go because of a bound of its own (limits.ts), counted since its start: nothing is lost silently.

/**
 * ballots: proposals for the next view. roll_calls: opinions on who is excluded. members: records of agents, mostly long gone.
 * runs: ended ones, forgotten. reports: results of other agents, by those who are no members, or on runs not known here.
 * gathers: questions for others' results, answered with what is here.
 */
export const DROPPABLE = ["ballots", "roll_calls", "members", "runs", "reports", "gathers"] as const;

export type Dropped = Record<(typeof DROPPABLE)[number], number>;

export function nothingDropped(): Dropped {
  return { ballots: 0, roll_calls: 0, members: 0, runs: 0, reports: 0, gathers: 0 };
}
