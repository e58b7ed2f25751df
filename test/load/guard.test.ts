// The guard by table: the tricks by which an address is written, and names that point to several.

import assert from "node:assert/strict";
import { test } from "node:test";
import { faultyAllowEntry, type GuardPolicy, type Resolve, TargetGuard } from "../../node/load/guard.ts";
import { RequestError } from "../../node/load/outcome.ts";

const LOOPBACK: GuardPolicy = { loopbackOnly: true };
const ANYWHERE: GuardPolicy = { allow: ["0.0.0.0/0", "::/0"] };

/** Resolves every name to these addresses. */
function resolvesTo(...addresses: string[]): Resolve {
  return (_, done) => done(null, addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
}

/** What the guard lets `net.connect` connect to, or the kind of its refusal. */
function lookUp(guard: TargetGuard, host: string, family = 0): string[] | string {
  let outcome: string[] | string = "nothing";
  guard.lookup(host, { all: true, family }, (error, addresses) => {
    if (error !== null) outcome = error instanceof RequestError ? error.kind : error.message;
    else if (typeof addresses !== "string") outcome = addresses.map(({ address }) => address);
  });
  return outcome;
}

const LITERALS: readonly (readonly [string, GuardPolicy, boolean])[] = [
  ["http://127.0.0.1/", LOOPBACK, true],
  ["http://127.9.8.7/", LOOPBACK, true],
  ["http://[::1]/", LOOPBACK, true],
  ["http://[::ffff:127.0.0.1]/", LOOPBACK, true],
  // Decimal, octal, hexadecimal and short forms are all 127.0.0.1 once parsed.
  ["http://2130706433/", LOOPBACK, true],
  ["http://0177.0.0.1/", LOOPBACK, true],
  ["http://0x7f.1/", LOOPBACK, true],
  ["http://10.0.0.1/", LOOPBACK, false],
  ["http://0.0.0.0/", LOOPBACK, false],
  ["http://[::]/", LOOPBACK, false],
  ["http://[::ffff:10.0.0.1]/", LOOPBACK, false],
  ["http://167772161/", LOOPBACK, false],
  ["http://10.1.2.3/", { allow: ["10.0.0.0/8"] }, true],
  ["http://[::ffff:10.1.2.3]/", { allow: ["10.0.0.0/8"] }, true],
  ["http://11.1.2.3/", { allow: ["10.0.0.0/8"] }, false],
  ["http://127.0.0.1/", { allow: ["10.0.0.0/8"] }, false],
  ["http://192.0.2.7/", { allow: ["192.0.2.7"] }, true],
  ["http://192.0.2.8/", { allow: ["192.0.2.7"] }, false],
  ["http://[2001:db8::9]/", { allow: ["2001:db8::/32"] }, true],
  ["http://[2001:db9::9]/", { allow: ["2001:db8::/32"] }, false],
  ["http://[2001:db8::1]/", { allow: ["[2001:db8::1]"] }, true],
  ["http://10.0.0.1/", { allow: [] }, false],
  // A malformed block is no block, and allows nothing.
  ["http://10.0.0.1/", { allow: ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1"] }, false],
  // An address with a port is not another address, nor one with a zone.
  ["http://[::1:80]/", { allow: ["[::1]:80"] }, false],
  ["http://[2001:db8::1]/", { allow: ["2001:db8::1%eth0"] }, false],
  // Never, whatever is allowed.
  ["http://169.254.169.254/", ANYWHERE, false],
  ["http://169.254.0.1/", { allow: ["169.254.0.1"] }, false],
  ["http://2852039166/", ANYWHERE, false],
  ["http://0251.0376.0251.0376/", ANYWHERE, false],
  ["http://[::ffff:169.254.169.254]/", ANYWHERE, false],
  ["http://[::ffff:a9fe:a9fe]/", ANYWHERE, false],
  ["http://[::169.254.169.254]/", ANYWHERE, false],
  ["http://[64:ff9b::169.254.169.254]/", ANYWHERE, false],
  ["http://[2002:a9fe:a9fe::1]/", ANYWHERE, false],
  ["http://[fe80::1]/", ANYWHERE, false],
  ["http://[febf::1]/", ANYWHERE, false],
  ["http://[fd00:ec2::254]/", ANYWHERE, false],
  ["http://100.100.100.200/", ANYWHERE, false],
  ["http://[::ffff:100.100.100.200]/", ANYWHERE, false],
  ["http://100.100.100.201/", ANYWHERE, true],
  ["http://8.8.8.8/", ANYWHERE, true],
];

for (const [url, policy, allowed] of LITERALS) {
  const where = "allow" in policy ? `with ${JSON.stringify(policy.allow)} allowed` : "in loopback-only mode";
  test(`${url} is ${allowed ? "let through" : "refused"} ${where}`, () => {
    const refusal = new TargetGuard(policy).refusalOfHost(new URL(url).hostname);
    assert.equal(refusal?.kind ?? null, allowed ? null : "blocked");
  });
}

const NAMES: readonly (readonly [string, string[], GuardPolicy, string[] | string])[] = [
  ["localhost", ["127.0.0.1", "::1"], LOOPBACK, ["127.0.0.1", "::1"]],
  ["inside.test", ["10.0.0.1"], LOOPBACK, "blocked"],
  ["trick.test", ["127.0.0.1", "10.0.0.1"], LOOPBACK, "blocked"],
  ["trick.test", ["10.0.0.1", "127.0.0.1"], LOOPBACK, "blocked"],
  ["inside.test", ["10.0.0.1", "10.0.0.2"], { allow: ["10.0.0.0/8"] }, ["10.0.0.1", "10.0.0.2"]],
  ["named.test", ["192.0.2.1"], { allow: ["named.test"] }, ["192.0.2.1"]],
  ["Named.Test.", ["192.0.2.1"], { allow: ["named.test"] }, ["192.0.2.1"]],
  ["not-named.test", ["192.0.2.1"], { allow: ["named.test"] }, "blocked"],
  ["named.test", ["192.0.2.1", "169.254.169.254"], { allow: ["named.test"] }, "blocked"],
  ["named.test", ["fe80::1%eth0"], { allow: ["named.test"] }, "blocked"],
  ["metadata.test", ["::ffff:169.254.169.254"], ANYWHERE, "blocked"],
  ["nowhere.test", [], ANYWHERE, "dns"],
  ["garbage.test", ["not an address"], ANYWHERE, "blocked"],
];

for (const [host, addresses, policy, outcome] of NAMES) {
  const where = "allow" in policy ? JSON.stringify(policy.allow) : "loopback";
  test(`${host} at [${addresses}] gives ${outcome} where ${where} is allowed`, () => {
    assert.deepEqual(lookUp(new TargetGuard(policy, resolvesTo(...addresses)), host), outcome);
  });
}

test("a caller that wants one family or one address gets only what was checked", () => {
  const guard = new TargetGuard(LOOPBACK, resolvesTo("127.0.0.1", "::1"));
  assert.deepEqual(lookUp(guard, "localhost", 6), ["::1"]);
  let single: unknown[] = [];
  guard.lookup("localhost", {}, (...result) => (single = result));
  assert.deepEqual(single, [null, "127.0.0.1", 4]);
});

test("a name that does not resolve keeps its own error", () => {
  const guard = new TargetGuard(LOOPBACK, (_, done) => done(new Error("ENOTFOUND"), []));
  assert.equal(lookUp(guard, "nowhere.test"), "ENOTFOUND");
});

for (const entry of [
  "192.0.2.7",
  "10.0.0.0/8",
  "0.0.0.0/0",
  "10.1.2.3/32",
  "::1",
  "[::1]",
  "::ffff:10.0.0.1",
  "2001:db8::/32",
  "[2001:db8::]/128",
  "localhost",
  "shop.example.com",
  "Shop.Example.COM.",
  "xn--bcher-kva.example",
  "docker_service",
  "1password.example",
  "a".repeat(63),
]) {
  test(`${entry} can be allowed`, () => assert.equal(faultyAllowEntry(entry), null));
}

const FAULTY: readonly (readonly [string, RegExp])[] = [
  ["", /is empty/],
  ["10.0.0.0/33", /CIDR/],
  ["::/129", /CIDR/],
  ["10.0.0.0/", /CIDR/],
  ["10.0.0.0/8/8", /CIDR/],
  ["10.0.0.0/-1", /CIDR/],
  ["10.0.0/8", /CIDR/],
  ["example.com/24", /CIDR/],
  ["http://x", /URL/],
  ["https://10.0.0.1/", /URL/],
  ["*.example.com", /wildcard/],
  ["*", /wildcard/],
  ["shop.example.com:443", /port/],
  ["10.0.0.1:80", /port/],
  ["[::1]:80", /port/],
  ["fe80::1%eth0", /zone/],
  ["10.0.0.256", /IPv4/],
  ["10.0.0", /IPv4/],
  ["2130706433", /IPv4/],
  ["0x7f.1", /IPv4/],
  ["bücher.example", /xn--bcher-kva\.example/],
  ["::1::2", /neither/],
  ["[::1", /neither/],
  ["a b", /neither/],
  [" 10.0.0.1", /neither|IPv4/],
  ["a..b", /neither/],
  [".", /neither/],
  ["-a.example", /neither/],
  ["a".repeat(64), /neither/],
  [`${"a.".repeat(127)}aa`, /neither/],
];

for (const [entry, reason] of FAULTY) {
  test(`${JSON.stringify(entry)} cannot be allowed`, () => assert.match(faultyAllowEntry(entry) ?? "", reason));
}
