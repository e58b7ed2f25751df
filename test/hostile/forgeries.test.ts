// Well-formed lies from peers that have the swarm key, against real agents with a run on.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import { REPORT } from "../wire/frames.ts";
import { Arena, FRAMES } from "./attack.ts";
import {
  fakeMembers,
  farFuture,
  foreignLineage,
  forgedFates,
  forgedRecords,
  forgedRuns,
  NOBODY,
  UNSIGNED,
  waitingRuns,
} from "./forgeries.ts";
import type { HostilePeer } from "./peer.ts";

/** 10,000 in the long run. */
const FAKES = Math.min(10_000, FRAMES / 20);

/** For so long the peer stays linked: views change within 3 s. */
const LINKED_MS = 4000;

let arena: Arena;
before(async () => {
  arena = await Arena.open();
});
after(() => arena?.[Symbol.asyncDispose]());

/** With a peer that no agent has seen before, linked to one of them. Returns what it has sent. */
async function byStranger(attack: (peer: HostilePeer) => Promise<void>): Promise<number> {
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
const runOf = (peer: HostilePeer): RunRecord => peer.runs.get(arena.swarm.run)!;

describe("a swarm with a run on does not believe", () => {
  it("what members have not said of themselves", async () => {
    const metrics = await arena.endures("forged records", () =>
      byStranger(async (peer) => {
        for (const record of forgedRecords(living(peer))) {
          const frame = { standing: peer.standing!, members: [record] };
          for (const authority of [NOBODY, UNSIGNED]) await peer.send(frame, authority);
        }
      }),
    );
    assert.ok(metrics[0]!.membersRefused > 10, `${metrics[0]!.membersRefused} were told apart by their signatures`);
  });

  it("times and windows of the far future, and votes on what is not", async () => {
    await arena.endures("far future", () =>
      byStranger(async (peer) => {
        for (const frame of farFuture(peer.standing!)) await peer.send(frame);
      }),
    );
  });

  it("in lineages that claim to be older and as busy", async () => {
    await arena.endures("lineages", () =>
      byStranger(async (peer) => {
        for (const rank of [2, 1, 0] as const) await peer.send(foreignLineage(peer, rank));
      }),
    );
  });

  it("that living members are gone, or had shares at other times", async () => {
    await arena.endures("fates", () =>
      byStranger(async (peer) => {
        for (const record of forgedFates(living(peer))) {
          await peer.send({ standing: peer.standing!, members: [record] });
        }
      }),
    );
  });

  it("reports of members that do not exist", async () => {
    await arena.endures("reports", () =>
      byStranger(async (peer) => {
        for (let i = 0; i < FRAMES / 20; i++) {
          const reports = Array.from({ length: 16 }, (_, j) => {
            return { since: 0, snapshot: { ...REPORT.snapshot, run: arena.swarm.run, member: `nobody-${i}-${j}` } };
          });
          await peer.send({ standing: peer.standing!, reports });
        }
      }),
    );
  });

  it("in other plans for its run, or in starts in the far future", async () => {
    await arena.endures("runs", () =>
      byStranger(async (peer) => {
        const run = runOf(peer);
        for (const forged of forgedRuns(run, targetOf(run))) {
          await peer.send({ standing: peer.standing!, runs: [forged] });
        }
      }),
    );
    // To whoever comes next they tell the plan that is on.
    for (const agent of arena.swarm.agents.keys()) {
      const peer = await arena.peer(agent);
      await peer.stop();
      assert.equal(JSON.stringify(runOf(peer).spec.plan).includes("500"), false);
      assert.ok((await arena.swarm.runs(agent)).every(({ startsAt }) => startsAt === null || startsAt < "2100"), "no far start");
    }
  });

  it("in more runs than it would take from a person", async () => {
    await arena.endures("many runs", () =>
      byStranger(async (peer) => {
        const run = runOf(peer);
        for (let i = 0; i < FRAMES / 200; i++) {
          const ids = Array.from({ length: 20 }, (_, j) => `waits-${i}-${j}`);
          await peer.send({ standing: peer.standing!, runs: waitingRuns(run, targetOf(run), ids) });
        }
      }),
    );
    const runs = await arena.swarm.runs(1);
    assert.ok(runs.length <= 130, `${runs.length} runs are kept`);
  });

  it("in members that nobody is linked to, whether or not they have keys", async () => {
    await arena.endures("fakes", () =>
      byStranger(async (peer) => {
        const { records, authority } = fakeMembers(FAKES, peer.standing!.view);
        for (let i = 0; i < records.length; i += 1000) {
          await peer.send({ standing: peer.standing!, members: records.slice(i, i + 1000) }, authority);
          await peer.send({ standing: peer.standing!, members: records.slice(i, i + 1000) }, UNSIGNED);
        }
      }),
    );
  });
});
