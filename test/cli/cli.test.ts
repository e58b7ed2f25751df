// What a user sees and which exit code a script gets, for what is right and for everything that can be wrong.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { reportError } from "../../node/cli/cli.ts";
import { TABLES } from "../../node/cli/tables.ts";
import { FakeAgent } from "./fake-agent.ts";
import { FakeIo, runCli } from "./fake-io.ts";
import { fullSummary } from "./summaries.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-cli-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const PLAN = `name: small
target: http://127.0.0.1:9
scenarios:
  s:
    executor: constant-arrival-rate
    rate: 10
    duration: 3s
    flow: [ { get: "/" } ]
`;
/** Above the ephemeral ports: nobody comes to listen there by chance. */
const DEAD = "http://127.0.0.1:65533";
const plan = file("plan.yaml", PLAN);
file("titles.csv", "title\nThe Matrix\nAlien\n");
file("broken.csv", "title,year\nThe Matrix\n");
const withCsv = (csv: string): string =>
  `${PLAN.replace('"/"', '"/?q={{ title }}"')}data: { titles: { csv: ${csv} } }\n`;
const fine = () => fullSummary({ thresholds: [], generator: { verdict: "ok" } });

test("help is printed for everything and for every command, with every option", async () => {
  for (const argv of [[], ["--help"], ["-h"], ["help"]]) {
    const { code, out } = await runCli(argv);
    assert.equal(code, 0);
    for (const name of Object.keys(TABLES)) assert.match(out, new RegExp(`^  ${name} `, "m"));
  }
  for (const [name, table] of Object.entries(TABLES)) {
    const { code, out } = await runCli([name, "--help"]);
    assert.equal(code, 0);
    for (const option of table.options) assert.ok(out.includes(`--${option.name}`), `${name} --${option.name}`);
  }
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  assert.deepEqual(await runCli(["--version"]), { code: 0, out: `${version}\n`, err: "" });
});

const BAD: [name: string, argv: string[], code: number, err: RegExp][] = [
  ["unknown command", ["statsu"], 104, /^loadswarm: unknown command statsu\n {2}Did you mean: loadswarm status\n$/],
  [
    "a command named like a property of objects",
    ["constructor"],
    104,
    /unknown command constructor\n {2}See: loadswarm --help/,
  ],
  [
    "unknown flag",
    ["publish", plan, "--dettach"],
    104,
    /unknown option --dettach of publish\n {2}Did you mean --detach\?/,
  ],
  ["missing argument", ["publish"], 104, /publish needs PLAN\n/],
  [
    "missing file",
    ["validate", join(folder, "none.yaml")],
    104,
    /cannot read plan .*none\.yaml: there is no such file\n {2}\S/,
  ],
  ["a folder", ["validate", folder], 104, /it is a folder/],
  [
    "broken YAML",
    ["validate", file("broken.yaml", "name: [a\n")],
    104,
    /broken\.yaml:\d+:\d+ .*\nloadswarm: .*broken\.yaml has/s,
  ],
  ["an empty file", ["validate", file("empty.yaml", "")], 104, /empty\.yaml:1:1 must be a map/],
  [
    "unknown key",
    ["validate", file("key.yaml", `${PLAN}treshold: {}\n`)],
    104,
    /key\.yaml:9:1 treshold: is not known here/,
  ],
  [
    "all faults at once",
    ["validate", file("two.yaml", PLAN.replace("rate: 10", "rate: much").replace("3s", "soon"))],
    104,
    /two\.yaml:6:\d+ .*rate.*\n.*two\.yaml:7:\d+ .*duration.*\nloadswarm: .*two\.yaml has 2 faults/,
  ],
  [
    "too large a plan",
    ["publish", file("large.yaml", `${PLAN}#${"x".repeat(2 ** 20)}`), "--to", DEAD],
    104,
    /is larger than 1048576 bytes/,
  ],
  [
    "a CSV file that is not there",
    ["validate", file("c1.yaml", withCsv("none.csv"))],
    104,
    /cannot read CSV file .*none\.csv.*\n {2}.*data\.titles refers to it/,
  ],
  [
    "a CSV file that is broken",
    ["validate", file("c2.yaml", withCsv("broken.csv"))],
    104,
    /broken\.csv:2 has 1 values where the header names 2/,
  ],
  [
    "publishing to nobody",
    ["publish", plan, "--to", DEAD],
    112,
    /^loadswarm: no agent answers at http:\/\/127\.0\.0\.1:65533 \(connection refused\)\n {2}Is an agent running/,
  ],
  ["watching nobody", ["watch", "--to", DEAD], 112, /no agent answers at/],
  ["status of nobody", ["status", "--to", DEAD], 112, /no agent answers at/],
  ["stopping at nobody", ["stop", "--all", "--to", DEAD], 112, /no agent answers at/],
  ["stopping nothing in particular", ["stop"], 104, /stop needs either a run or --all/],
  ["stopping one and all", ["stop", "r", "--all"], 104, /stop needs either a run or --all/],
  ["two outputs to stdout", ["publish", plan, "--json", "-", "--junit", "-"], 104, /only one output can go to stdout/],
  [
    "summary of a run one does not wait for",
    ["publish", plan, "--detach", "--json", "f"],
    104,
    /--detach returns before/,
  ],
  [
    "rate and virtual users",
    ["run", "http://127.0.0.1:9/", "--rate", "1", "--vus", "1"],
    104,
    /--vus and --rate exclude each other/,
  ],
  ["virtual users for a plan", ["run", plan, "--vus", "1"], 104, /--vus is for a URL only/],
  [
    "a rate for a plan with two",
    ["run", file("pair.yaml", PLAN.replace(/( {2}s:[\s\S]*)/, "$1$1").replace("  s:", "  t:")), "--rate", "5"],
    104,
    /exactly one arrival-rate scenario; .*pair\.yaml has 2/,
  ],
  ["a target address that is none", ["target", "--listen", "8080"], 104, /is not HOST:PORT/],
  ["a plan without a target", ["validate", file("t.yaml", PLAN.replace(/target.*\n/, ""))], 104, /t\.yaml:1:1 target/],
];

for (const [name, argv, code, err] of BAD) {
  test(`${code}: ${name}`, async () => {
    const outcome = await runCli(argv);
    assert.match(outcome.err, err);
    assert.equal(outcome.code, code);
    assert.equal(outcome.out, "");
    assert.doesNotMatch(outcome.err, /^\s+at /m);
  });
}

test("a stack is shown only with LOADSWARM_DEBUG=1, with its causes", () => {
  const error = new TypeError("outer", { cause: new Error("inner") });
  const quiet = new FakeIo();
  assert.equal(reportError(error, quiet), 1);
  assert.equal(quiet.stderr.text.split("\n").length, 3);
  const loud = new FakeIo({ LOADSWARM_DEBUG: "1" });
  reportError(error, loud);
  assert.match(loud.stderr.text, /TypeError: outer\n\s+at [\s\S]*Error: inner\n\s+at /);
});

test("validate says what a plan will do", async () => {
  const { code, out } = await runCli(["validate", plan]);
  assert.equal(code, 0);
  assert.equal(
    out,
    `${plan}: ok: small against http://127.0.0.1:9: 1 scenario, 30 iterations in 3s\n` +
      "  s  constant-arrival-rate: 10/s for 3s, 30 iterations\n",
  );
});

test("validate --json prints faults as data", async () => {
  const good = JSON.parse((await runCli(["validate", plan, "--json"])).out);
  assert.deepEqual([good.ok, good.faults, good.iterations, good.durationMs], [true, [], 30, 3000]);
  const { code, out } = await runCli(["validate", file("bad.yaml", `${PLAN}x: 1\n`), "--json"]);
  const bad = JSON.parse(out);
  assert.equal(code, 104);
  assert.deepEqual([bad.ok, bad.faults[0].line, bad.faults[0].path], [false, 9, "x"]);
});

test("a plan without a target takes LOADSWARM_TARGET_URL, without its path", async () => {
  const io = new FakeIo({ LOADSWARM_TARGET_URL: "http://127.0.0.1:9/hit" });
  const { code, out } = await runCli(["validate", file("t2.yaml", PLAN.replace(/target.*\n/, ""))], io);
  assert.equal(code, 0);
  assert.match(out, /against http:\/\/127\.0\.0\.1:9:/);
});

test("publish carries CSV files in the plan, with an idempotency key", async (t) => {
  const agent = await new FakeAgent().start(t);
  agent.summaryOf = fine;
  const { code, out, err } = await runCli(["publish", file("c.yaml", withCsv("titles.csv")), "--to", agent.url, "--key", "mine"]);
  assert.equal(code, 0);
  assert.match(err, /run r1: 2 agents, starts 2026/);
  assert.match(out, /█ TOTAL RESULTS/);
  const [posted] = agent.received;
  assert.equal(posted!.headers["idempotency-key"], "mine");
  assert.deepEqual(JSON.parse(posted!.body).data.titles, { fields: ["title"], rows: [["The Matrix"], ["Alien"]] });
});

test("publish --detach prints the run and leaves", async (t) => {
  const agent = await new FakeAgent().start(t);
  assert.deepEqual(await runCli(["publish", plan, "--to", agent.url, "--detach", "--key", "k"]), {
    code: 0,
    out: "r1\n",
    err: "",
  });
  assert.equal(agent.received[0]!.headers["idempotency-key"], "k");
  const { out } = await runCli(["publish", plan, "--to", agent.url, "--detach", "--json", "-"]);
  assert.equal(JSON.parse(out).acceptedBy, "a");
});

test("faults an agent finds are printed like our own", async (t) => {
  const agent = await new FakeAgent().start(t);
  const faults = [{ path: "target", line: 2, column: 9, message: "is not allowed\u001b[2J" }];
  agent.answer = { status: 422, body: { error: "the plan has faults", faults } };
  const { code, err } = await runCli(["publish", plan, "--to", agent.url]);
  assert.equal(code, 104);
  assert.match(err, /plan\.yaml:2:9 target: is not allowed\ufffd\[2J\nloadswarm: .*plan\.yaml has a fault/);
});

const ODD: [name: string, status: number, body: unknown, code: number, err: RegExp][] = [
  ["a web page", 200, "<html>", 112, /what answers there is no agent \(HTTP 200\)/],
  [
    "an agent that is still starting",
    503,
    { error: "the agent is still starting" },
    112,
    /HTTP 503: the agent is still starting/,
  ],
  ["another kind of JSON", 200, { hello: 1 }, 112, /is no loadswarm\.summary\/1/],
  ["a refusal", 403, { error: "commands must be signed" }, 104, /commands must be signed/],
];

for (const [name, status, body, code, err] of ODD) {
  test(`${code}: ${name} where an agent should be`, async (t) => {
    const agent = await new FakeAgent().start(t);
    agent.answer = { status, body };
    const outcome = await runCli(["watch", "r1", "--to", agent.url]);
    assert.equal(outcome.code, code);
    assert.match(outcome.err, err);
  });
}

test("an agent that does not answer is given up", async (t) => {
  const agent = await new FakeAgent().start(t);
  agent.silent = true;
  const { code, err } = await runCli(["stop", "r1", "--to", agent.url]);
  assert.equal(code, 112);
  assert.match(err, /no answer within 3 s/);
});

test("an unknown run is the agent's word, with its hint, and exit 104", async (t) => {
  const agent = await new FakeAgent().start(t);
  for (const argv of [
    ["watch", "nope"],
    ["stop", "nope"],
  ]) {
    const { code, err } = await runCli([...argv, "--to", agent.url]);
    assert.equal(code, 104);
    assert.match(err, /^loadswarm: there is no run called "(nope|stop)"\n {2}known runs: r1\n$/m);
  }
});

test("status shows members and runs; stop says what it stopped", async (t) => {
  const agent = await new FakeAgent().start(t);
  const status = await runCli(["status", "--to", agent.url]);
  assert.equal(status.code, 0);
  assert.match(status.out, /^\* agent-0 +- +alive +1 +50\.00% +http:\/\/127\.0\.0\.1:\d+ +m0$/m);
  assert.match(status.out, /^r1 +movies +running +-$/m);
  assert.deepEqual(Object.keys(JSON.parse((await runCli(["status", "--json", "--to", agent.url])).out)), [
    "self",
    "view",
    "members",
    "runs",
  ]);
  assert.equal((await runCli(["stop", "r1", "--to", agent.url])).out, "stopped r1\n");
  assert.equal((await runCli(["stop", "--all", "--to", agent.url])).out, "stopped r1, r2\n");
  agent.answer = { status: 200, body: { stopped: [] } };
  assert.equal((await runCli(["stop", "--all", "--to", agent.url])).out, "nothing was running\n");
  agent.answer = { status: 200, body: { hello: "I am something else" } };
  assert.equal((await runCli(["stop", "r1", "--to", agent.url])).code, 112);
});

test("outputs: JSON is exactly the summary, and stdout carries nothing else", async (t) => {
  const agent = await new FakeAgent().start(t);
  const { out, err, code } = await runCli(["watch", "--to", agent.url, "--json", "-"]);
  assert.deepEqual(JSON.parse(out), fullSummary());
  assert.match(err, /█ THRESHOLDS/);
  assert.equal(code, 99);
  const junit = join(folder, "junit.xml");
  await runCli(["watch", "r1", "--to", agent.url, "--junit", junit]);
  assert.equal(
    readFileSync(junit, "utf8"),
    readFileSync(new URL("fixtures/summary.junit.xml", import.meta.url), "utf8"),
  );
});

test("an output that cannot be written is an error: at the start, or after the summary has been printed", async (t) => {
  const agent = await new FakeAgent().start(t);
  const nowhere = await runCli(["watch", "r1", "--to", agent.url, "--json", join(folder, "no", "where")]);
  assert.deepEqual([nowhere.out, nowhere.code], ["", 1]);
  assert.match(nowhere.err, /cannot write .*where: there is no such folder/);
  const full = await runCli(["watch", "r1", "--to", agent.url, "--json", "/dev/full"]);
  assert.match(full.out, /█ THRESHOLDS/);
  assert.match(full.err, /cannot write \/dev\/full: its disk is full/);
  assert.equal(full.code, 1);
});

test("keygen writes a key only its owner can read, and never overwrites one", async () => {
  const key = join(folder, "swarm.key");
  assert.equal((await runCli(["keygen", "--out", key])).code, 0);
  assert.match(readFileSync(key, "utf8"), /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\n$/);
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const before = readFileSync(key, "utf8");
  const again = await runCli(["keygen", "--out", key]);
  assert.equal(again.code, 104);
  assert.match(again.err, /swarm\.key exists and is not overwritten/);
  assert.equal(readFileSync(key, "utf8"), before);
  assert.equal((await runCli(["keygen", "--out", join(folder, "no", "key")])).code, 1);
  assert.equal(existsSync(join(folder, "no")), false);
  const printed = await runCli(["keygen"]);
  assert.notEqual(printed.out, before);
});

test("target runs until a signal, and says when its address is taken", async () => {
  const io = new FakeIo();
  const running = runCli(["target", "--listen", "127.0.0.1:0"], io);
  while (!io.stdout.text.includes("\n")) await new Promise((resolve) => setImmediate(resolve));
  const address = /^target listening on http:\/\/(\S+)\n$/.exec(io.stdout.text)![1]!;
  const second = await runCli(["target", "--listen", address]);
  assert.equal(second.code, 104);
  assert.match(second.err, /the target cannot listen: .*EADDRINUSE/);
  io.interrupt();
  assert.equal((await running).code, 0);
});
