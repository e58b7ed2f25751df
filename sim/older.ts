// What an agent of the version before would make of a frame: what it does not know is gone.

import type { Frame } from "../node/core/frame.ts";

/**
 * Parts of a frame that the oldest version still spoken knows. A part added later has to be left out here until every
 * version spoken knows it: swarms are updated one agent at a time.
 */
const KNOWN = [
  "standing",
  "members",
  "runs",
  "reports",
  "hello",
  "pull",
  "echo",
  "adoptions",
  "goodbye",
  "chain",
  "commits",
  "rollCalls",
  "ballots",
  "accusations",
  "gather",
  "gathered",
] as const satisfies readonly (keyof Frame)[];

export function older(frame: Frame): Frame {
  const known: { -readonly [K in keyof Frame]: Frame[K] } = {};
  for (const part of KNOWN) if (frame[part] !== undefined) Object.assign(known, { [part]: frame[part] });
  if (known.standing !== undefined) {
    const { restsFrom: _, ...standing } = known.standing;
    known.standing = standing;
  }
  return known;
}
