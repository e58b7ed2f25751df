// What libp2p notes of peers: no more memory than the note itself, and none of peers that are gone.

import assert from "node:assert/strict";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { PeerId } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { test } from "node:test";
import { createHost } from "../../node/mesh/host.ts";
import { PeerRecords } from "../../node/mesh/peer-records.ts";
import { until } from "./support.ts";

type Key = Parameters<PeerRecords["put"]>[0];

const peers: PeerId[] = await Promise.all([0, 1, 2].map(async () => peerIdFromPrivateKey(await generateKeyPair("Ed25519"))));
const keyOf = (text: string) => ({ toString: () => text }) as Key;
const keys = peers.map((peer) => keyOf(`/peers/${peer.toCID()}`));
const other = keyOf("/something/else");

test("of a peer who is not connected a record is forgotten at the second look, and nothing else ever", async () => {
  const records = new PeerRecords();
  for (const key of [...keys, other]) await records.put(key, Uint8Array.of(1));
  const left = () => [...keys, other].map((key) => (records.has(key) === true ? "+" : "-")).join("");
  for (const [connected, expected] of [
    [[0, 1], "++++"],
    [[0], "++-+"],
    [[0, 1], "++-+"],
    [[0], "++-+"],
    [[0, 1], "++-+"],
    [[], "++-+"],
    [[], "---+"],
    [[], "---+"],
  ] as const) {
    await records.sweep(connected.map((at) => peers[at]!));
    assert.equal(left(), expected, `with ${connected} connected`);
  }
});

test("a record takes no more memory than its bytes", async () => {
  const records = new PeerRecords();
  const block = new Uint8Array(65_536);
  await records.put(other, block.subarray(7, 9));
  const kept = await records.get(other);
  assert.deepEqual([kept.byteLength, kept.buffer.byteLength], [2, 2]);
});

test("a host knows peers for as long as they are connected, and one that comes back again", async () => {
  const host = await createHost(["/ip4/127.0.0.1/tcp/0"], null, { forgetMs: 20 });
  const [stays, goes] = await Promise.all([createHost([], null), createHost([], null)]);
  const knows = async () => new Set((await host.peerStore.all()).filter(({ protocols }) => protocols.length > 0).map(({ id }) => id.toString()));
  const isKnown = (peer: PeerId, expected: boolean) =>
    until(expected ? "it is known" : "it is forgotten", async () => (await knows()).has(peer.toString()) === expected);
  try {
    await Promise.all([stays, goes].map((peer) => peer.dial(host.getMultiaddrs())));
    await Promise.all([stays, goes].map((peer) => isKnown(peer.peerId, true)));
    await goes.hangUp(host.peerId);
    await isKnown(goes.peerId, false);
    assert.ok((await knows()).has(stays.peerId.toString()));
    await goes.dial(host.getMultiaddrs());
    await isKnown(goes.peerId, true);
  } finally {
    await Promise.all([host, stays, goes].map((each) => each.stop()));
  }
});
