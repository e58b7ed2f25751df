// Finding others at scale: a name with 3,000 addresses, of which a few at random are tried, and how often it is asked
// for.

import assert from "node:assert/strict";
import { getServers, setServers } from "node:dns/promises";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { Dialer } from "../../node/mesh/dialer.ts";
import { discover, type HostPort } from "../../node/mesh/discovery.ts";
import type { Host } from "../../node/mesh/host.ts";
import type { Links } from "../../node/mesh/links.ts";
import { NameServer } from "../support/dns.ts";

const PODS = 3000;
const NAME = "loadswarm.loadswarm.svc.cluster.local";
const KNOCKS = 8;
const MINUTE_MS = 60_000;

const addresses = Array.from({ length: PODS }, (_, i) => `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`);
const multiaddrOf = (ip: string): string => `/ip4/${ip}/tcp/7400`;

const NOBODY = {
  join: [],
  joinNames: [],
  log: pino({ level: "silent" }),
  isMember: () => false,
  refused: () => {},
  unreachable: () => {},
};

/** A dialer whose dials go nowhere but into the returned list. */
function dialerThatNotes(joinNames: readonly HostPort[], links: number): { dialer: Dialer; knocked: string[] } {
  const knocked: string[] = [];
  const host = {
    dial: async (address: { toString(): string }) => {
      knocked.push(address.toString());
      throw new Error("nobody there");
    },
    getConnections: () => [],
  } as unknown as Host;
  const rest = { ...NOBODY, joinNames };
  return { dialer: new Dialer(host, { has: () => false, count: () => links } as unknown as Links, rest), knocked };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert.ok(turn < 100_000, "never");
    await nextTurn();
  }
}

describe(`a name with ${PODS} addresses`, () => {
  let dns: NameServer;
  const servers = getServers();

  before(async () => {
    dns = await NameServer.start(NAME, "127.0.0.1");
    setServers([`127.0.0.1:${dns.port}`]);
  });
  after(async () => {
    setServers(servers);
    await dns.stop();
  });
  beforeEach(() => (dns.addresses = addresses));

  it("resolves to all of them, though they fit into no datagram", async () => {
    const found = await discover([], [{ host: `${NAME}.`, port: 7400 }]);
    assert.deepEqual(found.failed, []);
    assert.deepEqual(found.addresses.sort(), addresses.map(multiaddrOf).sort());
    assert.ok(dns.asked.tcp > 0);
  });

  it("resolves to nothing while no pod is there yet, which is no failure for good", async () => {
    dns.addresses = [];
    assert.deepEqual(await discover([], [{ host: NAME, port: 7400 }]), { addresses: [], failed: [NAME] });
    dns.addresses = addresses.slice(0, 1);
    const found = await discover([], [{ host: NAME, port: 7400 }]);
    assert.deepEqual(found, { addresses: [multiaddrOf(addresses[0]!)], failed: [] });
  });

  it(`has ${KNOCKS} of them tried, others by every agent`, async () => {
    const agents = [1, 2].map(() => dialerThatNotes([{ host: NAME, port: 7400 }], 0));
    for (const { dialer } of agents) dialer.start();
    await until(() => agents.every(({ knocked }) => knocked.length >= KNOCKS));
    for (const { dialer } of agents) dialer.stop();
    const [one, two] = agents.map(({ knocked }) => knocked) as [string[], string[]];
    const all = new Set(addresses.map(multiaddrOf));
    for (const knocked of [one, two]) {
      assert.equal(knocked.length, KNOCKS);
      assert.equal(new Set(knocked).size, KNOCKS);
      assert.ok(knocked.every((address) => all.has(address)));
    }
    assert.notDeepEqual(one, two);
  });
});

describe("how often the name is asked for", () => {
  let nowMs = 0;

  beforeEach(() => {
    nowMs = 1000;
    mock.timers.enable({ apis: ["setTimeout"] });
    mock.method(performance, "now", () => nowMs);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  /** When it was asked, milliseconds. An address in the place of a name is resolved without DNS. */
  async function askedWithin(lengthMs: number, links: number): Promise<number[]> {
    const { dialer, knocked } = dialerThatNotes([{ host: "192.0.2.1", port: 7400 }], links);
    const asked: number[] = [];
    dialer.start();
    for (const endMs = nowMs + lengthMs; nowMs < endMs; nowMs += 500) {
      for (let turn = 0; turn < 5; turn++) await nextTurn();
      if (knocked.length > asked.length) asked.push(nowMs);
      mock.timers.tick(500);
    }
    dialer.stop();
    return asked;
  }

  it("by an agent with links: about once a minute, never in step with the others", async () => {
    const asked = await askedWithin(60 * MINUTE_MS, 1);
    const waits = asked.slice(1).map((at, i) => at - asked[i]!);
    assert.ok(waits.length > 30);
    assert.ok(waits.every((wait) => wait >= MINUTE_MS / 2 && wait <= 1.6 * MINUTE_MS), `${waits}`);
    assert.ok(new Set(waits).size > 10);
  });

  it("by an agent that is alone: in every round, a second or so", async () => {
    const asked = await askedWithin(MINUTE_MS, 0);
    assert.ok(asked.length >= 30, `${asked.length}`);
  });
});

describe("a place where somebody has answered", () => {
  beforeEach(() => void mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  const rows: readonly [string, number, boolean, boolean][] = [
    ["is left alone while that one is a member", 1, true, false],
    ["is knocked at again when that one is a member no more", 1, false, true],
    ["is knocked at again, member or not, by an agent that has no link left", 0, true, true],
  ];
  for (const [name, links, isMember, expected] of rows) {
    it(name, async () => {
      let nowMs = 1000;
      mock.method(performance, "now", () => nowMs);
      let knocks = 0;
      const dial = async () => ({ remotePeer: { toString: () => "b" }, knocks: ++knocks });
      const host = { dial, getConnections: () => [] } as unknown as Host;
      const join = [{ host: "192.0.2.1", port: 7400 }];
      const options = { ...NOBODY, join, isMember: (peer: string) => peer === "b" && isMember };
      const dialer = new Dialer(host, { has: () => false, count: () => links } as unknown as Links, options);
      dialer.start();
      for (; nowMs < 3 * MINUTE_MS; nowMs += 500) {
        for (let turn = 0; turn < 5; turn++) await nextTurn();
        mock.timers.tick(500);
      }
      dialer.stop();
      assert.equal(knocks > 1, expected, `${knocks}`);
    });
  }
});

for (const [host, shown] of [["127.0.0.1", "127.0.0.1"], ["fd00::1", "[fd00::1]"]] as const) {
  it(`places that answer and do not understand are named while there is no link: ${shown}`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const said: string[] = [];
    const warn = (_: object, text: string) => said.push(text);
    const log = { ...NOBODY.log, debug: () => {}, warn } as unknown as typeof NOBODY.log;
    const failed = (name: string) => Object.assign(new Error("read ECONNRESET"), { name });
    const network = {
      dial: async (address: { toString(): string }) => {
        throw failed(address.toString().includes("/7401") ? "EncryptionFailedError" : "Error");
      },
      getConnections: () => [],
    } as unknown as Host;
    const join = [7401, 7402].map((port) => ({ host, port }));
    const links = { has: () => false, count: () => 0 } as unknown as Links;
    const dialer = new Dialer(network, links, { ...NOBODY, log, join });
    const later = performance.now() + MINUTE_MS;
    t.mock.method(performance, "now", () => later);
    dialer.start();
    await until(() => said.length > 0);
    dialer.stop();
    const [nobody, doubt = ""] = said[0]!.split(" yet; serving alone and still trying; ");
    assert.equal(nobody, `no agent answers at ${shown}:7401, ${shown}:7402`);
    assert.ok(doubt.startsWith(`what answers there, at ${shown}:7401, does not understand this agent: `), doubt);
  });
}
