// Agents whose own process fails: a fault nobody caught, and a log that cannot be written.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../node/main.ts", import.meta.url));
/** Throws where nobody catches when it is told to. */
const FAULTY = `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("boom")})`;

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill("SIGKILL");
});

interface Ready {
  readonly child: ChildProcess;
  readonly api: string;
  readonly listen: string;
}

async function agent(stderr: "pipe" | number, join: readonly string[] = []): Promise<Ready> {
  const flags = ["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--workers", "1", "--json", ...join.flatMap((at) => ["--join", at])];
  const child = spawn(process.execPath, ["--import", FAULTY, MAIN, "agent", ...flags], { stdio: ["ignore", "pipe", stderr] });
  children.push(child);
  let line = "";
  child.stdout!.on("data", (chunk) => (line += String(chunk)));
  while (!line.includes("\n")) {
    assert.equal(child.exitCode, null, "it ended before it was ready");
    await sleep(50);
  }
  return { child, ...(JSON.parse(line) as { api: string; listen: string }) };
}

async function statesOf(api: string): Promise<string[]> {
  const { members } = (await (await fetch(`${api}/api/v1/members`)).json()) as { members: { state: string }[] };
  return members.map(({ state }) => state);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 30_000; !(await isSo()); await sleep(100)) assert.ok(performance.now() < endMs, what);
}

describe("an agent", () => {
  it("that has a fault says so, leaves the swarm as one should, and ends with code 1", async () => {
    const stays = await agent("pipe");
    const fails = await agent("pipe", [stays.listen]);
    let [log, staysLog] = ["", ""];
    fails.child.stderr!.on("data", (chunk) => (log += String(chunk)));
    stays.child.stderr!.on("data", (chunk) => (staysLog += String(chunk)));
    for (const { api } of [stays, fails]) await until("both are in one swarm", async () => (await statesOf(api)).length === 2);
    fails.child.kill("SIGUSR2");
    const [code] = await once(fails.child, "exit");
    assert.equal(code, 1);
    const lines = log.split("\n").filter((line) => line.includes("a fault of loadswarm itself"));
    assert.deepEqual(lines.map((line) => JSON.parse(line).err.message), ["boom"]);
    await until("the other one goes on alone", async () => (await statesOf(stays.api)).length === 1);
    await until("and knows that it has left", async () => staysLog.includes('"type":"left"'));
    assert.ok(!staysLog.includes('"type":"lost"'), "not that it is lost");
    stays.child.kill("SIGKILL");
  });

  it("whose log has no room on its disk goes on", async () => {
    const full = openSync("/dev/full", "w");
    const { child, api } = await agent(full);
    closeSync(full);
    assert.deepEqual(await statesOf(api), ["alive"]);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  it("whose log nobody reads any more goes on", async () => {
    const { child, api } = await agent("pipe");
    child.stderr!.destroy();
    // Each of these says something in the log.
    for (let i = 0; i < 3; i++) await fetch(`${api}/api/v1/runs`, { method: "POST", body: plan(`r${i}`) });
    assert.deepEqual(await statesOf(api), ["alive"]);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});

const plan = (name: string) => `name: ${name}
target: http://127.0.0.1:9
start: { minAgents: 9 }
scenarios:
  hits: { executor: constant-arrival-rate, rate: 1, duration: 1s, flow: [{ get: / }] }
`;
