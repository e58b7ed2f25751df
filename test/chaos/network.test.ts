// The hosts and the firewall themselves: what is cut is cut, and nothing else.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { createInterface, type Interface } from "node:readline";
import { execute, type Host, Netns } from "../support/netns.ts";
import { Firewall } from "../support/nftables.ts";
import { chaosMissing } from "./place.ts";

const PORT = 9000;
const SLOWER = 2;
/** Prints every datagram that comes. */
const LISTENER = `
  const socket = require("node:dgram").createSocket("udp4");
  socket.on("message", (message) => console.log(String(message).trim()));
  socket.bind(${PORT}, () => console.log("up"));
  require("node:net").createServer((connection) => connection.end()).listen(${PORT});
`;

const missing = chaosMissing();
const skip = process.env["CI"] === undefined && missing !== null ? missing : false;

describe("hosts in namespaces", { skip }, () => {
  let net: Netns;
  let firewall: Firewall;
  let [a, b]: Host[] = [];
  const listeners = new Map<Host, Interface>();

  before(async () => {
    assert.equal(missing, null, "CI must have namespaces and nftables");
    net = new Netns(2, SLOWER);
    firewall = new Firewall(net);
    [a, b] = net.hosts;
    for (const host of net.hosts) {
      const listener = net.spawn(host, process.execPath, ["-e", LISTENER], { stdio: ["ignore", "pipe", "inherit"] });
      listeners.set(host, createInterface(listener.stdout!));
      await once(listeners.get(host)!, "line");
    }
  });

  after(() => net?.close());

  function send(from: Host, ip: string, message: string): void {
    net.on(from, "bash", ["-c", `echo ${message} >/dev/udp/${ip}/${PORT}`]);
  }

  /** What comes from one host to the other while the firewall is as it is: a mark sent after it was healed ends it. */
  async function heard(from: Host, to: Host): Promise<string[]> {
    const lines: string[] = [];
    const ended = new Promise<void>((resolve) => {
      listeners.get(to)!.on("line", (line) => (line === "end" ? resolve() : lines.push(line)));
    });
    send(from, to.ip, "one");
    send(from, to.ip, "two");
    firewall.heal();
    send(from, to.ip, "end");
    await ended;
    listeners.get(to)!.removeAllListeners("line");
    return lines;
  }

  const rows: { name: string; set: () => void; forth: number; back: number }[] = [
    { name: "hear each other", set: () => undefined, forth: 2, back: 2 },
    { name: "do not when they are parted", set: () => firewall.partition([[a!], [b!]]), forth: 0, back: 0 },
    { name: "are parted one way", set: () => firewall.partition([[a!], [b!]], { oneWay: true }), forth: 0, back: 2 },
    { name: "on the same side hear each other", set: () => firewall.partition([[a!, b!], []]), forth: 2, back: 2 },
    { name: "hear everything when none is lost", set: () => firewall.loss(0), forth: 2, back: 2 },
  ];
  for (const { name, set, forth, back } of rows) {
    it(name, async () => {
      set();
      assert.equal((await heard(a!, b!)).length, forth);
      set();
      assert.equal((await heard(b!, a!)).length, back);
    });
  }

  it("do not hear all of it when half is lost", () => {
    firewall.loss(50);
    net.on(a!, "bash", ["-c", `for i in {1..100}; do echo $i >/dev/udp/${b!.ip}/${PORT}; done`]);
    // Of a hundred, fewer than 15 or more than 85 are lost once in 10^13 times.
    assert.ok(firewall.lost() >= 15 && firewall.lost() <= 85, `${firewall.lost()} of 100`);
  });

  it("reach outside while they are parted", async () => {
    const outside = createSocket("udp4");
    await new Promise<void>((resolve) => outside.bind(PORT, net.outside, resolve));
    firewall.partition([[a!], [b!]]);
    const message = once(outside, "message");
    send(a!, net.outside, "judge");
    assert.equal(String((await message)[0]).trim(), "judge");
    outside.close();
  });

  it("send again as much later as their time is slower, and so does what is outside", () => {
    const [host, outside] = [net.on(a!, "ip", ["route"]), execute("ip", ["route", "get", a!.ip])];
    for (const route of [host, outside]) assert.match(route, new RegExp(`rto_min (lock )?${200 * SLOWER}ms`));
  });

  it("have their connections reset by a firewall that rejects", () => {
    const connect = (): string => net.on(a!, "bash", ["-c", `: </dev/tcp/${b!.ip}/${PORT}`]);
    firewall.heal();
    connect();
    firewall.partition([[a!], [b!]], { style: "reject" });
    assert.throws(connect, /refused/);
    assert.equal(firewall.lost(), 1);
  });
});
