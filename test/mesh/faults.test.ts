// Links on a network that fails: closed on purpose, dead without a word, cut on one side, and members nobody reaches.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { Frame } from "../../node/core/frame.ts";
import { createHost } from "../../node/mesh/host.ts";
import { RUN } from "../wire/frames.ts";
import { listenOn, type Node, startNode, startWire, until } from "./support.ts";

const linked = (a: Node, b: Node) => until("linked both ways", () => a.links.has(b.mesh.self) && b.links.has(a.mesh.self));
const gather = (id: number): Frame => ({ gather: { id, run: "r", have: [] } });
const gathersOf = (node: Node) => node.frames.flatMap(({ frame }) => (frame.gather === undefined ? [] : [frame.gather.id]));
const told = (node: Node, what: string) => node.told.filter((one) => one === what).length;

/** A frame of that size. */
const MEGABYTE: Frame = { runs: [{ ...RUN, spec: { ...RUN.spec, document: "x".repeat(1_000_000) } }] };

/** Resolves when a frame sent over and over from one to the other has arrived. */
async function reaches(from: Node, to: Node, id: number): Promise<void> {
  const timer = setInterval(() => from.mesh.send({ id: to.mesh.self, addresses: [] }, gather(id)), 50);
  try {
    await until(`frame ${id}`, () => gathersOf(to).includes(id));
  } finally {
    clearInterval(timer);
  }
}

describe("a link closed on purpose", { concurrency: true }, () => {
  it("delivers what was sent before, and then goes down on both sides", async () => {
    await using a = await startNode();
    await using b = await startNode({ join: [a.at] });
    await linked(a, b);
    for (let i = 0; i < 200; i++) b.mesh.send(a.record, gather(i));
    b.mesh.unlink(a.mesh.self);
    await until("down on both sides", () => told(a, `down:${b.mesh.self}`) > 0 && told(b, `down:${a.mesh.self}`) > 0);
    assert.deepEqual(gathersOf(a), Array.from({ length: 200 }, (_, i) => i));
    assert.equal(b.mesh.counters().framesDropped, 0);
  });

  it("that is not there, or of a peer that cannot be, is no trouble", async () => {
    await using a = await startNode();
    for (const peer of ["not a peer id", a.mesh.self, ""]) a.mesh.unlink(peer);
    await using b = await startNode({ join: [a.at] });
    await linked(a, b);
    assert.deepEqual(a.told, [`up:${b.mesh.self}`]);
  });

  it("can be dialled anew at once", async () => {
    await using a = await startNode();
    await using b = await startNode();
    b.mesh.hold([a.record]);
    await linked(a, b);
    b.mesh.unlink(a.mesh.self);
    b.mesh.probe(a.record);
    await until("up again", () => told(b, `up:${a.mesh.self}`) === 2 && a.links.has(b.mesh.self));
    await reaches(b, a, 1);
    assert.deepEqual(b.told, [`up:${a.mesh.self}`, `down:${a.mesh.self}`, `up:${a.mesh.self}`]);
  });
});

describe("a connection that is dead without a word", { concurrency: true }, () => {
  for (const [what, fill] of [
    ["with nothing under way", 0],
    ["with more under way than the kernel takes", 12],
  ] as const) {
    it(`${what} is gone after an unlink, and the next one is used by both sides`, async () => {
      await using a = await startNode();
      await using wire = await startWire(a.at);
      await using b = await startNode({ join: [wire.at] });
      await linked(a, b);
      wire.cut();
      for (let i = 0; i < fill; i++) b.mesh.send(a.record, MEGABYTE);
      b.mesh.unlink(a.mesh.self);
      await until("down", () => !b.links.has(a.mesh.self));
      assert.ok(a.links.has(b.mesh.self), "the other side cannot know");
      b.mesh.hold([a.record]);
      await reaches(b, a, 1);
      await reaches(a, b, 2);
    });
  }

  it("cut by a reset on one side goes down there, and on the other side when that is told to unlink", async () => {
    await using a = await startNode();
    await using wire = await startWire(a.at);
    await using b = await startNode({ join: [wire.at] });
    await linked(a, b);
    wire.cut("near");
    await until("down where it was reset", () => !b.links.has(a.mesh.self));
    assert.ok(a.links.has(b.mesh.self));
    a.mesh.unlink(b.mesh.self);
    await until("down on the silent side", () => !a.links.has(b.mesh.self));
  });
});

describe("a member that neither accepts nor refuses", { concurrency: true }, () => {
  for (const [what, reach, unreachable] of [
    ["probed", (node, member) => node.mesh.probe(member), true],
    ["wanted", (node, member) => node.mesh.hold([member]), true],
    ["of whom somebody only wants an answer", (node, member) => node.mesh.send(member, gather(1)), false],
  ] as readonly (readonly [string, (node: Node, member: Node["record"]) => void, boolean])[]) {
    it(`${what} is ${unreachable ? "told to be unreachable, never refused" : "not spoken of"}`, async () => {
      await using silent = await listenOn((socket) => socket.pause());
      await using ghost = await startNode();
      await using a = await startNode();
      reach(a, { ...ghost.record, addresses: [`/ip4/127.0.0.1/tcp/${silent.port}`] });
      await until("given up", () => a.logged.some(({ msg }) => msg === "member not reached"));
      assert.deepEqual(a.told, unreachable ? [`unreachable:${ghost.mesh.self}`] : []);
    });
  }
});

describe("a peer that connects over and over", () => {
  it("has two connections at most, and takes nothing from the others", async () => {
    await using a = await startNode();
    await using friend = await startNode({ join: [a.at] });
    await linked(a, friend);
    const bad = await createHost(["/ip4/127.0.0.1/tcp/0"], null);
    try {
      await bad.handle("/loadswarm/frames/1", () => {});
      const place = multiaddr(`/ip4/127.0.0.1/tcp/${a.at.port}`);
      const dials = await Promise.allSettled(Array.from({ length: 20 }, () => bad.dial(place, { force: true })));
      assert.ok(dials.some(({ status }) => status === "fulfilled"));
      await reaches(friend, a, 7);
      await until("one is left", () => bad.getConnections().length <= 2);
      assert.equal(told(a, `down:${friend.mesh.self}`), 0);
    } finally {
      await bad.stop();
    }
  });
});
