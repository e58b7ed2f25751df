// Real libp2p on loopback: links, keys, gossip, and what happens when somebody is not there or does not behave.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { createHost } from "../../node/mesh/host.ts";
import { Links } from "../../node/mesh/links.ts";
import { MAX_FRAME_BYTES } from "../../node/wire/codec.ts";
import { member } from "../core/support.ts";
import { freePort } from "../support/nginx.ts";
import { RUN } from "../wire/frames.ts";
import { type Node, startNode, until } from "./support.ts";

const swarmKey = () => new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}`);

const linked = (a: Node, b: Node) => until("linked both ways", () => a.links.has(b.mesh.self) && b.links.has(a.mesh.self));

const gather = (id: number) => ({ gather: { id, run: "r", have: [] } });
const gathersOf = (node: Node) => node.frames.flatMap(({ frame }) => (frame.gather === undefined ? [] : [frame.gather.id]));

describe("links", () => {
  it("go both ways, and frames arrive in order", async () => {
    await using a = await startNode();
    await using b = await startNode({ join: [a.at] });
    await linked(a, b);
    for (let i = 0; i < 100; i++) {
      a.mesh.send(b.record, gather(i));
      b.mesh.send(a.record, gather(1000 + i));
    }
    await until("all frames are there", () => gathersOf(a).length === 100 && gathersOf(b).length === 100);
    assert.deepEqual(gathersOf(b), Array.from({ length: 100 }, (_, i) => i));
    assert.deepEqual(gathersOf(a), Array.from({ length: 100 }, (_, i) => 1000 + i));
    assert.ok(b.frames.every(({ from }) => from === a.mesh.self));
  });

  it("a frame for a member without a link waits for the dial, also when one is under way already", async () => {
    await using a = await startNode();
    await using b = await startNode();
    a.mesh.probe(b.record);
    for (let i = 0; i < 3; i++) a.mesh.send(b.record, gather(i));
    await until("all frames are there", () => gathersOf(b).length === 3);
    assert.deepEqual(gathersOf(b), [0, 1, 2]);
  });

  it("who dials each other at the same moment ends up with one connection each", async () => {
    for (let round = 0; round < 3; round++) {
      const hosts = await Promise.all([0, 1].map(() => createHost(["/ip4/127.0.0.1/tcp/0"], null)));
      const up = hosts.map(() => new Set<string>());
      try {
        for (const [i, host] of hosts.entries()) {
          const told = { up: (peer: string) => up[i]!.add(peer), down: (peer: string) => up[i]!.delete(peer) };
          await new Links(host, { ...told, enter: () => null, frame: async () => {}, waitMs: () => 0, malformed() {} }).start();
        }
        const [a, b] = hosts;
        await Promise.allSettled([a!.dial(b!.getMultiaddrs()), b!.dial(a!.getMultiaddrs())]);
        const one = () => hosts.every((host) => host.getConnections().length === 1) && up.every((links) => links.size === 1);
        await until("one connection per pair", one);
        const [mine, theirs] = hosts.map((host) => host.getConnections()[0]!);
        assert.notEqual(mine!.direction, theirs!.direction, "both kept the same one");
      } finally {
        await Promise.all(hosts.map((host) => host.stop()));
      }
    }
  });

  it("a process that is gone is heard of: the link goes down, and dialling again is refused", async () => {
    await using a = await startNode();
    const b = await startNode({ join: [a.at] });
    await linked(a, b);
    await b.mesh.stop();
    await until("the link is down", () => !a.links.has(b.mesh.self));
    a.mesh.probe(b.record);
    await until("refused", () => a.told.includes(`refused:${b.mesh.self}`));
  });

  it("somebody else at the address of a member means that the member is gone", async () => {
    await using a = await startNode();
    await using b = await startNode();
    await using c = await startNode();
    a.mesh.probe({ id: c.mesh.self, addresses: b.mesh.addresses.map((address) => address.replace(/\/p2p\/.*/, "")) });
    await until("refused", () => a.told.includes(`refused:${c.mesh.self}`));
  });
});

describe("the swarm key", () => {
  const key = swarmKey();
  const cases: readonly [string, Uint8Array | null, boolean][] = [
    ["the same key is let in", key, true],
    ["another key is not", swarmKey(), false],
    ["no key is not", null, false],
  ];
  for (const [name, other, letIn] of cases) {
    it(name, async () => {
      const guarded = await createHost(["/ip4/127.0.0.1/tcp/0"], key);
      const stranger = await createHost(["/ip4/127.0.0.1/tcp/0"], other);
      try {
        const dial = stranger.dial(guarded.getMultiaddrs(), { signal: AbortSignal.timeout(2000) });
        if (letIn) assert.equal((await dial).remotePeer.toString(), guarded.peerId.toString());
        else await assert.rejects(dial);
        await until("both ends agree", () => guarded.getConnections().length === (letIn ? 1 : 0));
      } finally {
        await Promise.all([guarded.stop(), stranger.stop()]);
      }
    });
  }
});

describe("joining", () => {
  it("when nobody answers it serves alone, says where it knocked, and links as soon as somebody listens there", async () => {
    const at = { host: "127.0.0.1", port: await freePort() };
    await using a = await startNode({ join: [at] });
    await until("a warning", () => a.logged.some(({ level }) => level === 40));
    assert.match(a.logged.find(({ level }) => level === 40)!.msg, new RegExp(`no agent answers at 127.0.0.1:${at.port}`));
    await using b = await startNode({ listen: at });
    await linked(a, b);
  });

  it("its own address among those to join is no trouble", async () => {
    const at = { host: "127.0.0.1", port: await freePort() };
    await using b = await startNode();
    await using a = await startNode({ listen: at, join: [at, b.at] });
    await linked(a, b);
    assert.ok(!a.links.has(a.mesh.self));
  });

  it("a place that accepts and says nothing does not keep it from another", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const port = (silent.address() as { port: number }).port;
    await using b = await startNode();
    {
      await using a = await startNode({ join: [{ host: "127.0.0.1", port }, b.at] });
      await linked(a, b);
    }
    assert.ok(sockets.length > 0, "it did knock there");
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it("a name to listen on is resolved", async () => {
    await using a = await startNode({ listen: { host: "localhost", port: 0 } });
    assert.match(a.mesh.addresses[0]!, /^\/ip4\/127\.0\.0\.1\/|^\/ip6\/::1\//);
  });

  const refused: readonly [string, () => Promise<{ host: string; port: number }> | { host: string; port: number }, RegExp][] = [
    ["an address of another machine", () => ({ host: "192.0.2.1", port: 7700 }), /192\.0\.2\.1:7700: no such local address/],
    ["a name that means nothing", () => ({ host: "x.invalid", port: 7700 }), /x\.invalid:7700/],
  ];
  for (const [name, listen, message] of refused) {
    it(`${name} cannot be listened on`, async () => {
      await assert.rejects(startNode({ listen: await listen() }), { code: "ADDRESS_IN_USE", message });
    });
  }

  it("a port in use is named, with the flag that chooses another", async () => {
    await using a = await startNode();
    await assert.rejects(startNode({ listen: a.at }), {
      code: "ADDRESS_IN_USE",
      message: `cannot listen for agents on 127.0.0.1:${a.at.port}: the address is in use`,
      hint: /--listen/,
    });
  });
});

describe("gossip", () => {
  it("reaches a peer that is not linked to the author", async () => {
    await using b = await startNode();
    await using a = await startNode({ join: [b.at] });
    await using c = await startNode({ join: [b.at] });
    await linked(a, b);
    await linked(c, b);
    let tries = 0;
    // Each time another message: until b has grafted c, what b has seen it does not forward again.
    const timer = setInterval(() => {
      a.mesh.broadcast({ runs: [{ ...RUN, control: { ...RUN.control, sequence: ++tries } }] });
    }, 200);
    try {
      await until("gossip at c", () => c.topics.length > 0);
    } finally {
      clearInterval(timer);
    }
    assert.equal(c.topics[0]!.runs![0]!.spec.id, RUN.spec.id);
    assert.ok(!c.links.has(a.mesh.self), "no link from a to c");
  });

  it("that comes by two ways is taken once, and counted as heard again; who listens is counted", async () => {
    await using a = await startNode();
    await using b = await startNode({ join: [a.at] });
    await using c = await startNode({ join: [a.at, b.at] });
    await linked(a, b);
    await linked(a, c);
    await linked(b, c);
    const gossipOf = (node: Node) => node.mesh.counters().gossip;
    await until("all listen to all", () => [a, b, c].every((node) => gossipOf(node).listeners === 2));
    await until("all send all", () => [a, b, c].every((node) => gossipOf(node).mesh === 2));
    let sent = 0;
    const again = () => gossipOf(b).duplicates + gossipOf(c).duplicates;
    // Whoever has heard that the other one has it does not send it: sooner or later both are on their way at once.
    while (again() === 0 && sent < 50) {
      a.mesh.broadcast({ runs: [{ ...RUN, control: { ...RUN.control, sequence: ++sent } }] });
      await until("both have it", () => b.topics.length === sent && c.topics.length === sent);
    }
    assert.ok(again() > 0, `${sent} messages, none came twice`);
    assert.deepEqual([b.topics.length, c.topics.length], [sent, sent]);
    assert.equal(gossipOf(a).duplicates, 0);
  });
});

describe("a peer that does not behave", () => {
  const payloads: readonly [string, Uint8Array][] = [
    ["announces a frame larger than the limit", varint(MAX_FRAME_BYTES + 1)],
    ["sends what is no frame", new Uint8Array([3, 0xff, 0xff, 0xff])],
  ];
  for (const [name, bytes] of payloads) {
    it(`${name}: the receiver goes on serving the others`, async () => {
      await using a = await startNode();
      await using friend = await startNode({ join: [a.at] });
      await linked(a, friend);
      const bad = await createHost(["/ip4/127.0.0.1/tcp/0"], null);
      try {
        await bad.handle("/loadswarm/frames/1", () => {});
        const connection = await bad.dial(a.mesh.addresses.map((address) => multiaddr(address)));
        const stream = await connection.newStream("/loadswarm/frames/1");
        stream.send(bytes);
        const isNoticed = () => a.mesh.counters().framesRefused > 0 || stream.status !== "open";
        await until("it was noticed", isNoticed);
      } finally {
        await bad.stop();
      }
      friend.mesh.send(a.record, gather(7));
      await until("the friend's frame", () => gathersOf(a).includes(7));
      assert.deepEqual(a.frames.filter(({ from }) => from !== friend.mesh.self), []);
    });
  }

  it("that sends nothing but nonsense is shut out, and the others are not", async () => {
    await using a = await startNode();
    await using friend = await startNode({ join: [a.at] });
    await linked(a, friend);
    const bad = await createHost(["/ip4/127.0.0.1/tcp/0"], null);
    try {
      await bad.handle("/loadswarm/frames/1", () => {});
      const at = a.mesh.addresses.map((address) => multiaddr(address));
      const connection = await bad.dial(at);
      const stream = await connection.newStream("/loadswarm/frames/1");
      stream.send(Buffer.concat(new Array(20).fill(Uint8Array.of(3, 0xff, 0xff, 0xff))));
      await until("its connection is closed", () => connection.status !== "open");
      assert.equal(a.mesh.counters().peersRefused, 1);
      await bad.dial(at).then((again) => until("the next one is closed", () => again.status !== "open"), () => {});
      assert.ok(!a.links.has(bad.peerId.toString()));
    } finally {
      await bad.stop();
    }
    friend.mesh.send(a.record, gather(8));
    await until("the friend's frame", () => gathersOf(a).includes(8));
  });

  it("speaks for another member: that record is dropped and counted", async () => {
    await using a = await startNode();
    await using b = await startNode({ join: [a.at] });
    await linked(a, b);
    b.mesh.send(a.record, { members: [b.record, member("12D3KooWnobody")] });
    await until("its own record", () => a.frames.some(({ frame }) => frame.members !== undefined));
    assert.deepEqual(a.frames.flatMap(({ frame }) => frame.members ?? []).map(({ id }) => id), [b.mesh.self]);
    const forged = { ...a.record, incarnation: a.record.incarnation + 1 };
    b.mesh.send(a.record, { members: [forged] });
    b.mesh.send(a.record, gather(9));
    await until("the frame after it", () => gathersOf(a).includes(9));
    assert.equal(a.frames.flatMap(({ frame }) => frame.members ?? []).length, 1);
  });

  it("a member whose id is none is not dialled, and does no harm", async () => {
    await using a = await startNode();
    a.mesh.probe({ id: "not a peer id", addresses: ["/ip4/127.0.0.1/tcp/1"] });
    a.mesh.send({ id: peerIdFromString(a.mesh.self).toString(), addresses: ["not an address"] }, gather(1));
    await until("both were given up", () => a.logged.filter(({ msg }) => msg === "member not reached").length === 2);
    assert.ok(!a.told.some((text) => text.startsWith("refused")));
  });
});

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
