// Well-formed lies, told by a stranger that is linked to one agent. Each attack returns how many frames it has sent.

import { setTimeout as sleep } from "node:timers/promises";
import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import { REPORT } from "../wire/frames.ts";
import type { Arena, Attack } from "./attack.ts";
import {
  fakeMembers,
  farFuture,
  foreignLineage,
  forgedFates,
  forgedRecords,
  forgedRuns,
  forgedViews,
  manyRuns,
  NOBODY,
  UNSIGNED,
} from "./forgeries.ts";
import type { HostilePeer } from "./peer.ts";

/** For so long the peer stays linked: views change within 3 s. */
const LINKED_MS = 4000;

/** With a peer that no agent has seen before. */
async function byStranger(arena: Arena, attack: (peer: HostilePeer) => Promise<void>): Promise<number> {
  const peer = await arena.peer();
  try {
    await attack(peer);
    // What comes of a link that is closed is not heard.
    await sleep(LINKED_MS);
    return peer.sent;
  } finally {
    await peer.stop();
  }
}

const living = (peer: HostilePeer): MemberRecord[] => {
  return [...peer.members.values()].filter(({ name }) => name.startsWith("agent-"));
};
const targetOf = (run: RunRecord): string => run.spec.plan.targets[0]!;

export const runOf = (arena: Arena, peer: HostilePeer): RunRecord => peer.runs.get(arena.swarm.run)!;

/** What members have not said of themselves. */
export const records: Attack = (arena) =>
  byStranger(arena, async (peer) => {
    for (const record of forgedRecords(living(peer))) {
      const frame = { standing: peer.standing!, members: [record] };
      for (const authority of [NOBODY, UNSIGNED]) await peer.send(frame, authority);
    }
  });

/** Times and windows of the far future, and votes on what is not. */
export const times: Attack = (arena) =>
  byStranger(arena, async (peer) => {
    for (const frame of farFuture(peer.standing!)) await peer.send(frame);
  });

/** What members say to agree on a view: that all but one are to go, and that they have agreed on it. */
export const views: Attack = (arena) =>
  byStranger(arena, async (peer) => {
    for (const frame of forgedViews(peer)) await peer.send(frame);
  });

export const lineages: Attack = (arena) =>
  byStranger(arena, async (peer) => {
    for (const rank of [2, 1, 0] as const) await peer.send(foreignLineage(peer, rank));
  });

/** That living members are gone, or had shares at other times. */
export const fates: Attack = (arena) =>
  byStranger(arena, async (peer) => {
    for (const record of forgedFates(living(peer))) await peer.send({ standing: peer.standing!, members: [record] });
  });

/** Of members that do not exist, 16 in a frame. */
export const reports: Attack = (arena, frames) =>
  byStranger(arena, async (peer) => {
    for (let i = 0; i < frames; i++) {
      const told = Array.from({ length: 16 }, (_, j) => {
        return { since: 0, snapshot: { ...REPORT.snapshot, run: arena.swarm.run, member: `nobody-${i}-${j}` } };
      });
      await peer.send({ standing: peer.standing!, reports: told });
    }
  });

/** Other plans for their run, starts in the far future. */
export const runs: Attack = (arena) =>
  byStranger(arena, async (peer) => {
    const run = runOf(arena, peer);
    for (const forged of forgedRuns(run, targetOf(run))) await peer.send({ standing: peer.standing!, runs: [forged] });
  });

/** 20 in a frame, waiting for more agents than there will be; of the far future; ended a moment ago. */
export const floodOfRuns: Attack = (arena, frames) =>
  byStranger(arena, async (peer) => {
    const run = runOf(arena, peer);
    for (let i = 0; i < frames; i++) {
      const ids = Array.from({ length: 20 }, (_, j) => `flood-${i}-${j}`);
      await peer.send({ standing: peer.standing!, runs: manyRuns(run, targetOf(run), ids, i) });
    }
  });

/** Members that nobody is linked to, with keys of their own and without. */
export const fakes: Attack = (arena, howMany) =>
  byStranger(arena, async (peer) => {
    const { records: fake, authority } = await fakeMembers(howMany, peer.standing!.view);
    for (let i = 0; i < fake.length; i += 500) {
      await peer.send({ standing: peer.standing!, members: fake.slice(i, i + 500) }, authority);
      await peer.send({ standing: peer.standing!, members: fake.slice(i, i + 500) }, UNSIGNED);
    }
  });
