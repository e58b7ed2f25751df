// Everything a user can get wrong, with real processes: the message, what to do next, and the exit code.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type AgentProcess, AgentProcesses } from "../../node/cli/spawn-agents.ts";
import { loadswarm, temporaryFolder } from "../support/cli.ts";
import { freePort } from "../support/nginx.ts";

const folder = temporaryFolder();
let files = 0;

function planFile(text: string): string {
  const file = join(folder, `plan-${++files}.yaml`);
  writeFileSync(file, text);
  return file;
}

const plan = (change: string) => `name: bad
target: http://127.0.0.1:9
scenarios:
  one:
    executor: constant-arrival-rate
    rate: 10
    duration: 1s
    flow: [{ get: / }]
${change}`;

/** [what is wrong, the plan, what stderr must say] */
const PLANS: readonly (readonly [string, string, RegExp])[] = [
  ["broken YAML", "name: [", /plan-\d+\.yaml:1:\d+/],
  ["an unknown key", plan("thresholdz: {}"), /:9:1 thresholdz: .*did you mean thresholds/],
  ["a negative rate", plan("").replace("rate: 10", "rate: -5"), /:6:11 scenarios\.one\.rate: /],
  ["an absurd rate", plan("").replace("rate: 10", "rate: 1e300"), /:6:11 scenarios\.one\.rate: /],
  [
    "empty stages",
    plan("").replace("constant-arrival-rate", "ramping-arrival-rate").replace("rate: 10\n    duration: 1s", "stages: []"),
    /scenarios\.one\.stages: /,
  ],
  ["an unknown executor", plan("").replace("constant-arrival-rate", "constant-arival-rate"), /executor: .*constant-arrival-rate/],
  ["a target that is no URL", plan("").replace("http://127.0.0.1:9", "not a url"), /:2:9 target/],
  ["a plan over 1 MiB", `# ${"x".repeat(1024 * 1024)}\n${plan("")}`, /1 MiB|1048576/],
];

describe("bad plans", { concurrency: 2 }, () => {
  for (const [what, text, message] of PLANS) {
    for (const command of ["validate", "publish"]) {
      it(`${command}: ${what} exits 104 and says where`, async () => {
        const { code, stderr, stdout } = await loadswarm(command, planFile(text));
        assert.match(stderr + stdout, message);
        assert.equal(code, 104);
      });
    }
  }

  it("all faults are told at once", async () => {
    const { stderr } = await loadswarm("publish", planFile(plan("foo: 1\nbar: 2").replace("rate: 10", "rate: x")));
    assert.match(stderr, /foo/);
    assert.match(stderr, /bar/);
    assert.match(stderr, /rate/);
  });
});

describe("nobody there", () => {
  it("publish to a dead address exits 112 and says what to do", async () => {
    const to = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await loadswarm("publish", planFile(plan("")), "--to", to);
    assert.match(stderr, new RegExp(`no agent answers at ${to} \\(connection refused\\)`));
    assert.match(stderr, /loadswarm agent/);
    assert.equal(code, 112);
  });
});

describe("one agent", () => {
  const processes = new AgentProcesses();
  let agent: AgentProcess;
  before(async () => {
    agent = await processes.start({ env: process.env, name: "one", join: [], flags: ["--workers", "1"] });
  });
  after(() => processes.end());

  it("two publishes of the same plan are one run", async () => {
    const file = planFile(plan("start: { delay: 20s }"));
    const first = await loadswarm("publish", file, "--to", agent.apiUrl, "--detach");
    const second = await loadswarm("publish", file, "--to", agent.apiUrl, "--detach");
    assert.equal(first.code, 0, first.stderr);
    assert.equal(second.stdout, first.stdout);
    const stopped = await loadswarm("stop", "--all", "--to", agent.apiUrl);
    assert.equal(stopped.code, 0, stopped.stderr);
  });

  it("stopping an unknown run exits 104 and says how to see the known ones", async () => {
    const { code, stderr } = await loadswarm("stop", "nonesuch", "--to", agent.apiUrl);
    assert.match(stderr, /there is no run called "nonesuch"/);
    assert.match(stderr, /known runs: bad-/);
    assert.equal(code, 104);
  });

  it("publishing a target the agent may not load exits 104 and says which option allows it", async () => {
    const { code, stderr } = await loadswarm("publish", planFile(plan("").replace("127.0.0.1:9", "192.0.2.1:9")), "--to", agent.apiUrl);
    assert.match(stderr, /192\.0\.2\.1/);
    assert.match(stderr, /--allow-target/);
    assert.equal(code, 104);
  });

  for (const [flag, taken] of [
    ["--api", () => new URL(agent.apiUrl).host],
    ["--listen", () => agent.listen],
  ] as const) {
    it(`${flag} on a port in use exits 104 and says what to change`, async () => {
      const other = flag === "--api" ? "--listen" : "--api";
      const { code, stderr } = await loadswarm("agent", flag, taken(), other, "127.0.0.1:0");
      assert.match(stderr, /the address is in use/);
      assert.match(stderr, new RegExp(`${flag} HOST:PORT`));
      assert.equal(code, 104);
    });
  }

  it("listening beyond loopback without a key exits 104 and says how to make one", async () => {
    const { code, stderr } = await loadswarm("agent", "--listen", "0.0.0.0:0", "--api", "127.0.0.1:0");
    assert.match(stderr, /loadswarm keygen --out swarm\.key/);
    assert.equal(code, 104);
  });
});

it("an agent whose join address nobody answers says so, serves, and joins when somebody comes", async () => {
  const processes = new AgentProcesses();
  try {
    const port = await freePort();
    const place = `127.0.0.1:${port}`;
    const lonely = await processes.start({ env: process.env, name: "lonely", join: [place], flags: ["--workers", "1"] });
    const members = async (url: string) => {
      const response = await fetch(`${url}/api/v1/members`);
      return ((await response.json()) as { members: { name: string }[] }).members.map((member) => member.name).sort();
    };
    assert.deepEqual(await members(lonely.apiUrl), ["lonely"]);
    await lonely.said(/no agent answers at 127\.0\.0\.1:\d+ yet; serving alone and still trying/);
    const late = await processes.start({ env: process.env, name: "late", join: [], flags: ["--workers", "1", "--listen", place] });
    for (let tries = 0; (await members(lonely.apiUrl)).length < 2; tries++) {
      assert.ok(tries < 100, "they never met");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(await members(late.apiUrl), ["late", "lonely"]);
  } finally {
    await processes.end();
  }
});

it("a key of another swarm does not get in, and the right one does", async () => {
  const processes = new AgentProcesses();
  try {
    const keys = [join(folder, "a.key"), join(folder, "b.key")] as const;
    for (const key of keys) assert.equal((await loadswarm("keygen", "--out", key)).code, 0);
    const start = (name: string, key: string, places: string[]) =>
      processes.start({ env: process.env, name, join: places, flags: ["--workers", "1", "--swarm-key", key] });
    const first = await start("first", keys[0], []);
    const stranger = await start("stranger", keys[1], [first.listen]);
    const friend = await start("friend", keys[0], [first.listen]);
    const names = async (agent: AgentProcess) => {
      const { stdout } = await loadswarm("status", "--to", agent.apiUrl, "--json");
      return (JSON.parse(stdout) as { members: { name: string }[] }).members.map((member) => member.name).sort();
    };
    for (let tries = 0; (await names(friend)).length < 2; tries++) assert.ok(tries < 50, "the friend never got in");
    await stranger.said(/no agent answers/);
    assert.deepEqual(await names(first), ["first", "friend"]);
    assert.deepEqual(await names(stranger), ["stranger"]);
  } finally {
    await processes.end();
  }
});


it("a key that does not fit on the disk is not left there in half: the next try finds no file in its way", async () => {
  const file = join(folder, "full.key");
  const [node, main] = [process.execPath, fileURLToPath(new URL("../../node/main.ts", import.meta.url))];
  // Files of this process may have no byte; a signal that is ignored makes that an error of the write.
  const script = `trap '' XFSZ; ulimit -f 0; exec "$0" "$1" keygen --out "$2"`;
  const full = spawnSync("sh", ["-c", script, node, main, file], { encoding: "utf8" });
  assert.match(full.stderr, /cannot write .*full\.key: EFBIG/);
  assert.equal(full.status, 1);
  assert.ok(!existsSync(file));
  assert.equal((await loadswarm("keygen", "--out", file)).code, 0);
});
