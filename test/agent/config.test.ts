// What an agent refuses to be told at its start about the targets it may load.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type AgentConfig, checkConfig } from "../../node/agent/config.ts";
import { LoadswarmError } from "../../node/plan/errors.ts";

function configOf(allowTargets: readonly string[]): AgentConfig {
  return {
    listen: null,
    api: null,
    join: [],
    joinDns: [],
    name: "",
    zone: "",
    workers: 1,
    swarmKeyFile: null,
    allowTargets,
    logLevel: "info",
  };
}

test("addresses, CIDR blocks and host names may be allowed, and become the guard's policy", () => {
  const allow = ["192.0.2.7", "10.20.0.0/16", "2001:db8::/32", "shop.example.com"];
  assert.deepEqual(checkConfig(configOf(allow)).guard, { allow });
});

test("without a word about targets only this machine is one", () => {
  assert.deepEqual(checkConfig(configOf([])).guard, { loopbackOnly: true });
});

for (const entry of ["", "10.0.0.0/33", "http://x", "*.example.com", "shop.example.com:443", "10.0.0.256", "a\nb"]) {
  test(`an agent does not start with ${JSON.stringify(entry)} among its targets, and says what would be right`, () => {
    assert.throws(
      () => checkConfig(configOf(["10.0.0.1", entry])),
      (error) =>
        error instanceof LoadswarmError &&
        error.code === "CONFIG_INVALID" &&
        error.message.startsWith(`--allow-target ${JSON.stringify(entry)} `) &&
        /10\.20\.0\.0\/16,shop\.example\.com/.test(error.hint),
    );
  });
}
