// What an agent is told at its start: what is unsafe or impossible is refused, with what to do about it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Agent } from "../../node/agent/agent.ts";
import { type AgentConfig, checkConfig, isLoopback } from "../../node/agent/config.ts";
import { createLog } from "../../node/agent/log.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";
import { configOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const HEX = "0123456789abcdef".repeat(4);
const KEY = file("swarm.key", `/key/swarm/psk/1.0.0/\n/base16/\n${HEX}\n`);
const GARBAGE: Readonly<Record<string, string>> = {
  empty: "",
  "of text": "secret",
  "without its header": HEX,
  "with half the digits": `/key/swarm/psk/1.0.0/\n/base16/\n${HEX.slice(32)}\n`,
  "with a digit that is none": `/key/swarm/psk/1.0.0/\n/base16/\n${HEX.slice(1)}g\n`,
  "on one line": `/key/swarm/psk/1.0.0/ /base16/ ${HEX}`,
  "of another version": `/key/swarm/psk/2.0.0/\n/base16/\n${HEX}\n`,
};

describe("refused", () => {
  const open = { listen: "0.0.0.0:7700" };
  const cases: readonly [string, Partial<AgentConfig>, string, RegExp, RegExp][] = [
    ["listening beyond loopback without a key", open, "KEY_MISSING", /loopback only, not on 0\.0\.0\.0/, /keygen --out swarm\.key.*--swarm-key/],
    ["listening beyond loopback on IPv6 without a key", { listen: "[::]:7700" }, "KEY_MISSING", /not on ::/, /keygen/],
    ["listening on a name without a key", { listen: "127.0.0.1.evil.example:1" }, "KEY_MISSING", /evil/, /keygen/],
    ["a key file that does not exist", { swarmKeyFile: join(folder, "none") }, "KEY_MISSING", /no swarm key at .*none/, /keygen/],
    ["a key file that is a folder", { swarmKeyFile: folder }, "CONFIG_INVALID", /cannot be read/, /read/],
    ["an API beyond loopback", { api: "0.0.0.0:7600" }, "CONFIG_INVALID", /loopback only, not on 0\.0\.0\.0/, /port-forward/],
    ["an API beyond loopback, even with a key", { api: "10.0.0.1:7600", swarmKeyFile: KEY }, "CONFIG_INVALID", /10\.0\.0\.1/, /127\.0\.0\.1/],
    ["a listening place without a port", { listen: "127.0.0.1" }, "CONFIG_INVALID", /^--listen: "127\.0\.0\.1"/, /--listen/],
    ["an API without a host", { api: ":7600" }, "CONFIG_INVALID", /^--api:/, /--api/],
    ["probes without a port", { health: "0.0.0.0" }, "CONFIG_INVALID", /^--health: "0\.0\.0\.0"/, /--health/],
    ["a place to join with an impossible port", { join: ["a:1", "b:70000"] }, "CONFIG_INVALID", /^--join: "b:70000"/, /--join/],
    ["a name to join without a port", { joinDns: ["swarm"] }, "CONFIG_INVALID", /^--join-dns: "swarm"/, /--join-dns/],
    ["a name that others would refuse", { name: "n".repeat(101) }, "CONFIG_INVALID", /^--name has 101/, /to 100/],
    ["a zone that others would refuse", { zone: "z".repeat(101) }, "CONFIG_INVALID", /^--zone has 101/, /to 100/],
    ["no workers", { workers: 0 }, "CONFIG_INVALID", /--workers 0 /, /1 to 1024/],
    ["half a worker", { workers: 1.5 }, "CONFIG_INVALID", /--workers 1\.5 /, /1 to 1024/],
    ["too many workers", { workers: 1025 }, "CONFIG_INVALID", /--workers 1025 /, /1 to 1024/],
    ["workers that are no number", { workers: NaN }, "CONFIG_INVALID", /--workers NaN /, /1 to 1024/],
    ["a swarm beyond this machine that may aim at anything", { ...open, swarmKeyFile: KEY }, "CONFIG_INVALID", /which targets/, /--allow-target/],
    ...Object.entries(GARBAGE).map(
      ([what, content]) =>
        [`a key file ${what}`, { swarmKeyFile: file(what, content) }, "CONFIG_INVALID", /is not a swarm key/, /keygen/] as const,
    ).map((row) => [...row] as [string, Partial<AgentConfig>, string, RegExp, RegExp]),
  ];
  for (const [name, more, code, message, hint] of cases) {
    it(name, () => {
      assert.throws(
        () => checkConfig(configOf(more)),
        (error) => {
          assert.ok(error instanceof LoadswarmError);
          assert.equal(error.code, code);
          assert.match(error.message, message);
          assert.match(error.hint, hint);
          return true;
        },
      );
    });
  }

  it("a log level there is not, before anything is started", async () => {
    const error = { code: "CONFIG_INVALID", message: /log level is called "loud"/, hint: /trace, debug, info/ };
    assert.throws(() => createLog("loud", "a"), error);
    await assert.rejects(Agent.start(checkConfig(configOf({ logLevel: "loud" })), ""), error);
  });
});

describe("allowed targets", () => {
  for (const entry of ["", "10.0.0.0/33", "http://x", "*.example.com", "shop.example.com:443", "10.0.0.256", "a\nb"]) {
    it(`an agent does not start with ${JSON.stringify(entry)} among its targets, and says what would be right`, () => {
      assert.throws(
        () => checkConfig(configOf({ allowTargets: ["10.0.0.1", entry] })),
        (error) =>
          error instanceof LoadswarmError &&
          error.code === "CONFIG_INVALID" &&
          error.message.startsWith(`--allow-target ${JSON.stringify(entry)} `) &&
          /10\.20\.0\.0\/16,shop\.example\.com/.test(error.hint),
      );
    });
  }

  it("addresses, CIDR blocks and host names become the guard's policy", () => {
    const allow = ["192.0.2.7", "10.20.0.0/16", "2001:db8::/32", "shop.example.com"];
    assert.deepEqual(checkConfig(configOf({ allowTargets: allow })).guard, { allow });
  });
});

describe("accepted", () => {
  it("solo, everything by default", () => {
    const checked = checkConfig(configOf({ api: null, workers: null, name: "" }));
    assert.ok(checked.workers >= 1);
    assert.equal(checked.name, `${hostname()}-${process.pid}`);
    assert.deepEqual([checked.listen, checked.api, checked.swarmKey], [null, null, null]);
  });

  it("probes on every address, as they obey nobody", () => {
    assert.deepEqual(checkConfig(configOf({ health: "0.0.0.0:7481" })).health, { host: "0.0.0.0", port: 7481 });
  });

  it("on one machine that machine is the only target", () => {
    for (const listen of [null, "127.0.0.1:0", "[::1]:0", "localhost:7700"]) {
      assert.deepEqual(checkConfig(configOf({ listen })).guard, { loopbackOnly: true });
    }
  });

  it("beyond this machine with a key and a list of targets", () => {
    const checked = checkConfig(configOf({ listen: "0.0.0.0:7700", swarmKeyFile: KEY, allowTargets: ["10.0.0.0/8"] }));
    assert.deepEqual(checked.guard, { allow: ["10.0.0.0/8"] });
    assert.deepEqual(checked.listen, { host: "0.0.0.0", port: 7700 });
    assert.equal(new TextDecoder().decode(checked.swarmKey!), `/key/swarm/psk/1.0.0/\n/base16/\n${HEX}`);
  });

  it("a key file with the line ends of Windows", () => {
    const swarmKeyFile = file("windows", `/key/swarm/psk/1.0.0/\r\n/base16/\r\n${HEX}\r\n`);
    assert.ok(checkConfig(configOf({ swarmKeyFile })).swarmKey !== null);
  });

  it("places to join, in order", () => {
    const { join: places, joinNames } = checkConfig(configOf({ join: ["a:1", "[::1]:2"], joinDns: ["swarm:3"] }));
    assert.deepEqual(places, [{ host: "a", port: 1 }, { host: "::1", port: 2 }]);
    assert.deepEqual(joinNames, [{ host: "swarm", port: 3 }]);
  });
});

describe("loopback", () => {
  const cases: readonly [string, boolean][] = [
    ["127.0.0.1", true], ["127.8.9.10", true], ["localhost", true], ["::1", true],
    ["0.0.0.0", false], ["::", false], ["128.0.0.1", false], ["127.0.0.1.nip.io", false], ["localhost.example", false], ["", false],
  ];
  for (const [host, is] of cases) it(`"${host}" is ${is ? "" : "not "}`, () => assert.equal(isLoopback(host), is));
});
