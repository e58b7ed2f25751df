// Places to join as people write them, and errors that mean that a process is gone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wasRefused } from "../../node/mesh/dialer.ts";
import { discover, multiaddrOf, parseHostPort } from "../../node/mesh/discovery.ts";

describe("parseHostPort", () => {
  const good: readonly [string, string, number][] = [
    ["127.0.0.1:7700", "127.0.0.1", 7700],
    ["agent-1.swarm:1", "agent-1.swarm", 1],
    ["[::1]:7700", "::1", 7700],
    ["[10.1.2.3]:7400", "10.1.2.3", 7400],
    [" localhost:0 ", "localhost", 0],
    ["h:65535", "h", 65535],
  ];
  for (const [text, host, port] of good) {
    it(`"${text}" is ${host} and ${port}`, () => assert.deepEqual(parseHostPort(text, "--join"), { host, port }));
  }

  const bad = ["", "7700", ":7700", "host", "host:", "host:x", "host:65536", "host:123456", "::1:7700", "2001:db8::1:7400", "[::1]", "[[::1]]:1", "[]:1", "a:1:2", "http://h:1", "h:-1", "h:1.5", "h h:1"];
  for (const text of bad) {
    it(`"${text}" is refused, naming the flag and showing how`, () => {
      assert.throws(() => parseHostPort(text, "--join"), {
        code: "CONFIG_INVALID",
        message: `--join: "${text}" is not HOST:PORT`,
        hint: /--join 127\.0\.0\.1:7700/,
      });
    });
  }
});

describe("discover", () => {
  it("gives every place once, and names what cannot be resolved", async () => {
    const places = ["127.0.0.1:1", "127.0.0.1:1", "[::1]:2", "nowhere.invalid:3"].map((text) => parseHostPort(text, "--join"));
    const { addresses, failed } = await discover(places, []);
    assert.deepEqual(addresses, ["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/2"]);
    assert.deepEqual(failed, ["nowhere.invalid"]);
  });

  it("an address among the names needs no DNS", async () => {
    assert.deepEqual((await discover([], [{ host: "127.0.0.1", port: 9 }])).addresses, [multiaddrOf("127.0.0.1", 9)]);
  });
});

describe("wasRefused", () => {
  const named = (name: string, message = name) => Object.assign(new Error(message), { name });
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const stranger = named("UnexpectedPeerError");
  const timeout = named("TimeoutError");
  const cases: readonly [string, unknown, boolean][] = [
    ["refused", refused, true],
    ["somebody else is there", stranger, true],
    ["somebody else is there, as libp2p tells it", named("EncryptionFailedError", "Payload identity key a does not match expected remote identity key b"), true],
    ["every address refused or taken", new AggregateError([refused, stranger]), true],
    ["wrapped", new Error("dial failed", { cause: refused }), true],
    ["nested", new AggregateError([new AggregateError([refused]), new Error("x", { cause: stranger })]), true],
    ["one of the addresses may still work", new AggregateError([refused, timeout]), false],
    ["timed out", timeout, false],
    ["another swarm's key", named("EncryptionFailedError", "unexpected end of input"), false],
    ["unreachable network", new Error("connect ENETUNREACH 10.0.0.1:1"), false],
    ["nothing was tried", new AggregateError([]), false],
    ["no error at all", "ECONNREFUSED", false],
    ["nothing", undefined, false],
  ];
  for (const [name, cause, expected] of cases) {
    it(`${name}: ${expected ? "the process is gone" : "nobody knows"}`, () => assert.equal(wasRefused(cause), expected));
  }
});
