// The commands that the README and the docs name, run as they stand there; and the exit code of a failed threshold.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type AgentProcess, AgentProcesses } from "../../node/cli/spawn-agents.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { startTarget } from "../../examples/target/target.ts";
import { parseOptions } from "../../examples/target/options.ts";
import { loadswarm, shell, temporaryFolder } from "../support/cli.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

describe("a threshold that fails", () => {
  const processes = new AgentProcesses();
  let agent: AgentProcess;
  let target: Awaited<ReturnType<typeof startTarget>>;
  let plan: string;

  before(async () => {
    target = await startTarget(parseOptions(["--listen", "127.0.0.1:0"], {}));
    agent = await processes.start({ env: process.env, name: "one", join: [], flags: ["--workers", "1"] });
    plan = join(temporaryFolder(), "plan.yaml");
    writeFileSync(
      plan,
      `name: strict
target: ${target.url}
scenarios:
  hits: { executor: constant-arrival-rate, rate: 50, duration: 2s, flow: [{ post: /hit, expect: { status: 200 } }] }
thresholds:
  http_req_duration: ["p(95)<0.001"]
  http_req_failed: ["rate==0"]
`,
    );
  });

  after(async () => {
    await processes.end();
    await target.close();
  });

  it("publish --json - exits 99 and shows it with its value", async () => {
    const { code, stdout, stderr } = await loadswarm("publish", plan, "--to", agent.apiUrl, "--json", "-");
    assert.equal(code, 99, stderr);
    const summary = JSON.parse(stdout) as Summary;
    assert.equal(summary.schema, "loadswarm.summary/1");
    assert.equal(summary.verdict, "fail");
    const [duration, failed] = summary.thresholds;
    assert.equal(duration?.ok, false);
    assert.ok(duration.value! > 0.001 && duration.value! < 10_000, String(duration.value));
    assert.deepEqual(failed, { metric: "http_req_failed", expression: "rate==0", ok: true, value: 0 });
    assert.match(stderr, /✗ 'p\(95\)<0\.001'/);
  });

  it("run exits 99 as well, and counts what the target counts", async () => {
    const before = ((await (await fetch(`${target.url}/stats`)).json()) as { total_hits: number }).total_hits;
    const { code, stdout } = await loadswarm("run", plan, "--json", "-", "--workers", "1");
    assert.equal(code, 99);
    const summary = JSON.parse(stdout) as Summary;
    const after = ((await (await fetch(`${target.url}/stats`)).json()) as { total_hits: number }).total_hits;
    assert.equal(summary.requests.total, after - before);
    assert.equal(summary.iterations.scheduled, 100);
  });
});

describe("the README's commands", () => {
  const blocks = [...README.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const lines = blocks.join("").split("\n");
  const commands = lines.map((line) => line.replace(/\s*#.*$/, "").replace(/\s*&$/, "").split(" | ")[0]!.trim());

  it("are all commands that exist, with options that exist", async () => {
    const used = commands.filter((line) => line.startsWith("npm run -s loadswarm --"));
    assert.ok(used.length >= 9, "the README shows how to use it");
    for (const line of used) {
      const [name, ...rest] = line.slice("npm run -s loadswarm --".length).trim().split(/\s+/);
      const { stdout, code } = await loadswarm(name!, "--help");
      assert.equal(code, 0, line);
      for (const flag of rest.filter((word) => word.startsWith("--"))) assert.ok(stdout.includes(`${flag} `), `${line}: ${flag}`);
    }
  });

  it("npm scripts it names exist", () => {
    const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { scripts: object };
    for (const [, name = ""] of README.matchAll(/npm run (?:-s )?([a-z]+)/g)) assert.ok(name in scripts, name);
  });

  it("validate, as it stands there", async () => {
    const line = commands.find((each) => each.includes(" validate "))!;
    const { code, stdout } = await shell(line ?? "false");
    assert.equal(code, 0);
    assert.match(stdout, /baseline/);
  });

  it("the plan it shows is valid", async () => {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(README)![1]!;
    const file = join(temporaryFolder(), "readme.yaml");
    writeFileSync(file, yaml);
    const { code, stderr } = await loadswarm("validate", file);
    assert.equal(code, 0, stderr);
  });

  it("files it links to exist", () => {
    for (const [, link = ""] of README.matchAll(/\]\(([^)#]+)\)/g)) {
      assert.ok(existsSync(new URL(`../../${link}`, import.meta.url)), link);
    }
  });
});
