// Floods and nonsense from peers that have the swarm key, against real agents with a run on.
// HOSTILE_FRAMES=1000000 for all of it.
//
// What a holder of the key can still do is told in node/mesh/peer-limits.ts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Frame } from "../../node/core/frame.ts";
import { encodeFrame, MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { Random } from "../support/random.ts";
import { FRAMES as SAMPLES, REPORT } from "../wire/frames.ts";
import { mutated } from "../wire/mutations.ts";
import { Arena, FRAMES } from "./attack.ts";
import { type HostilePeer, varint } from "./peer.ts";

/** As many as one peer may send at once. */
const BATCH = 1000;
const READ_MS = 200;
const random = new Random(1);
const valid = Object.values(SAMPLES).map((frame) => encodeFrame(frame));

let arena: Arena;
before(async () => {
  arena = await Arena.open();
});
after(() => arena?.[Symbol.asyncDispose]());

/** Peers never seen before, one after the other at each of the agents, send so many frames each, all at once. */
async function byStrangers(frames: number, make: (peer: HostilePeer) => Uint8Array): Promise<number> {
  let sent = 0;
  for (let batch = 0; sent < frames; batch++) {
    const peer = await arena.peer(batch % arena.swarm.agents.length);
    for (let i = 0; i < BATCH && sent < frames; i += 100, sent += 100) {
      const some = Array.from({ length: 100 }, () => make(peer)).flatMap((bytes) => [varint(bytes.length), bytes]);
      if (!(await peer.sendRaw(Buffer.concat(some)))) break;
    }
    // What is not read when a connection breaks is not read at all.
    await sleep(READ_MS);
    await peer.stop();
    sent = Math.max(sent, (batch + 1) * BATCH);
  }
  return sent;
}

describe("a swarm with a run on endures", () => {
  it("malformed frames, and refuses whoever sends them", async () => {
    const metrics = await arena.endures("malformed", () => byStrangers(0.4 * FRAMES, () => mutated(random, valid)));
    assert.ok(metrics.every(({ framesRefused, peersRefused }) => framesRefused > 10 && peersRefused > 0));
  });

  it("what it has said itself, said again", async () => {
    await arena.endures("replayed", () => byStrangers(0.3 * FRAMES, (peer) => random.pick(peer.heard)));
  });

  it("questions and news without end, which wait", async () => {
    const ask = (peer: HostilePeer): Frame => {
      const standing = { ...peer.standing!, digest: random.integer(0, 2 ** 31) };
      const gather = { id: random.integer(0, 1000), run: arena.swarm.run, have: [] };
      const asks: Frame[] = [{ standing, pull: true }, { standing, gather }, { standing, hello: true }, { standing }];
      return random.pick(asks);
    };
    await arena.endures("flood", () => byStrangers(0.2 * FRAMES, (peer) => encodeFrame(ask(peer))));
  });

  it("frames as large as they may be, and larger", async () => {
    await arena.endures("oversized", async () => {
      let sent = 0;
      for (let round = 0; round < Math.max(1, FRAMES / 100_000); round++) {
        const peer = await arena.peer(round % 3);
        const { standing } = peer;
        const run = arena.swarm.run;
        const snapshot = { ...REPORT.snapshot, run, member: peer.id, sequence: 1, points: [] };
        const frames = [
          new Uint8Array(MAX_FRAME_BYTES),
          encodeFrame({ standing: standing!, reports: new Array(16).fill({ since: 0, snapshot }) }),
          encodeFrame({ standing: standing!, accusations: accusations(50_000, standing!.view) }),
        ];
        for (const frame of frames) if (await peer.send(frame)) sent++;
        for (let i = 0; i < 15; i++) if (await peer.sendRaw(varint(MAX_FRAME_BYTES + 1 + i))) sent++;
        await peer.stop();
      }
      return sent;
    });
  });

  it("gossip without sense, and without end", async () => {
    await arena.endures("gossip", async () => {
      const frames = Math.max(2000, 0.1 * FRAMES);
      const junk = await arena.peer();
      const news = await arena.peer(1);
      for (let i = 0; i < frames / 2; i++) {
        await junk.gossip(mutated(random, valid));
        // In force already, each time in other bytes.
        const [run] = news.runs.values();
        await news.gossip(Buffer.concat([encodeFrame({ runs: [run!] }), varint(8 * (1000 + i)), varint(i)]));
      }
      await Promise.all([junk.stop(), news.stop()]);
      return frames;
    });
  });
});

function accusations(howMany: number, view: number): NonNullable<Frame["accusations"]> {
  return Array.from({ length: howMany }, (_, version) => ({ view, target: 9, accuser: 10, version, kind: "silent" }));
}
