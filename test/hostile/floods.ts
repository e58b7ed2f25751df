// Floods and nonsense. Each attack takes how many frames it is to be about, and returns how many it has sent.

import { setTimeout as sleep } from "node:timers/promises";
import type { Frame } from "../../node/core/frame.ts";
import { FRAME_LISTS } from "../../node/core/limits.ts";
import { encodeFrame, MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { Random } from "../support/random.ts";
import { FRAMES as SAMPLES, REPORT } from "../wire/frames.ts";
import { mutated } from "../wire/mutations.ts";
import type { Arena, Attack } from "./attack.ts";
import { type HostilePeer, varint } from "./peer.ts";

/** As many as one peer may send at once. */
const BATCH = 1000;
const READ_MS = 200;
/** An agent bears each for 10 s (node/mesh/large-frames.ts), and then reads the next. */
const HOARD_MS = 30_000;
const random = new Random(1);
const valid = Object.values(SAMPLES).map((frame) => encodeFrame(frame));

/** Peers never seen before, one after the other at each of the agents, send so many frames each, all at once. */
async function byStrangers(arena: Arena, frames: number, make: (peer: HostilePeer) => Uint8Array): Promise<number> {
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

export const malformed: Attack = (arena, frames) => byStrangers(arena, frames, () => mutated(random, valid));

export const replayed: Attack = (arena, frames) => byStrangers(arena, frames, (peer) => random.pick(peer.heard));

/** Questions and news without end, which wait. */
export const flooding: Attack = (arena, frames) => {
  const ask = (peer: HostilePeer): Frame => {
    const standing = { ...peer.standing!, digest: random.integer(0, 2 ** 31) };
    const gather = { id: random.integer(0, 1000), run: arena.swarm.run, have: [] };
    const asks: Frame[] = [{ standing, pull: true }, { standing, gather }, { standing, hello: true }, { standing }];
    return random.pick(asks);
  };
  return byStrangers(arena, frames, (peer) => encodeFrame(ask(peer)));
};

/** As large as frames may be, and larger. */
export const oversized: Attack = async (arena, frames) => {
  let sent = 0;
  for (let round = 0; sent < frames; round++) {
    const peer = await arena.peer(round % arena.swarm.agents.length);
    const { standing } = peer;
    const snapshot = { ...REPORT.snapshot, run: arena.swarm.run, member: peer.id, sequence: 1, points: [] };
    const large = [
      new Uint8Array(MAX_FRAME_BYTES),
      encodeFrame({ standing: standing!, reports: new Array(16).fill({ since: 0, snapshot }) }),
      encodeFrame({ standing: standing!, accusations: accusations(FRAME_LISTS.accusations, standing!.view) }),
    ];
    for (const frame of large) if (await peer.send(frame)) sent++;
    for (let i = 0; i < 15; i++) if (await peer.sendRaw(varint(MAX_FRAME_BYTES + 1 + i))) sent++;
    await peer.stop();
  }
  return sent;
};

/** So many peers at once, each with all but the last byte of a frame as large as they may be. */
export const hoarding: Attack = async (arena, frames) => {
  const peers = await Promise.all(Array.from({ length: frames }, () => arena.stranger()));
  const most = Buffer.concat([varint(MAX_FRAME_BYTES), new Uint8Array(MAX_FRAME_BYTES - 1)]);
  arena.keep(peers);
  await Promise.all(peers.map((peer) => peer.sendRaw(most)));
  await sleep(HOARD_MS);
  return peers.length;
};

/** Gossip without sense, and without end. */
export const gossip: Attack = async (arena, frames) => {
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
};

/** Ever new ids, all of them linked for as long as the agent lets them. Each says where it stands. */
export const identities: Attack = async (arena, frames) => {
  const peers: HostilePeer[] = [];
  for (let i = 0; i < frames; i++) {
    const peer = await arena.stranger();
    peers.push(peer);
    await peer.send({ pull: true });
  }
  await Promise.all(peers.map((peer) => peer.stop()));
  return frames;
};

function accusations(howMany: number, view: number): NonNullable<Frame["accusations"]> {
  return Array.from({ length: howMany }, (_, version) => ({ view, target: 9, accuser: 10, version, kind: "silent" }));
}
