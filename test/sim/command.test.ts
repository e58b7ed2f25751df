// `loadswarm sim`: what it prints, writes and exits with.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { terminalChart } from "../../sim/chart.ts";
import { soakTable } from "../../sim/soak-table.ts";
import { runCli } from "../cli/fake-io.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-sim-"));
after(() => rmSync(folder, { recursive: true }));

const sim = (...argv: string[]): ReturnType<typeof runCli> => runCli(["sim", ...argv]);

describe("loadswarm sim", () => {
  it("prints the timeline, each promise with its worst value, a picture and the event hash; exit code 0", async () => {
    const { code, out } = await sim("--agents", "3", "--scenario", "crash-one", "--seed", "5");
    assert.equal(code, 0, out);
    assert.match(out, /^crash-one: .*\n3 agents, seed 5\n/);
    assert.match(out, /\[1\] kill -9: 1 agent/);
    assert.match(out, /✔ never more +1\.0\d\d +≤ 1\.050/);
    assert.match(out, /✔ takes over +\d\.\d\d s +≤ 3\.00 s/);
    assert.equal(out.split("\n").filter((line) => /[\u2800-\u28ff]{60}/.test(line)).length, 8);
    assert.match(out, /\nevent hash [0-9a-f]{8}\n$/);
  });

  it("gives the same for the same seed, and something else for another", async () => {
    const [first, again, other] = await Promise.all(["8", "8", "9"].map((seed) => sim("--agents", "3", "--scenario", "crash-one", "--seed", seed)));
    assert.equal(first!.out, again!.out);
    assert.notEqual(first!.out, other!.out);
  });

  it("writes a page that needs nothing else, and prints JSON instead of text", async () => {
    const page = join(folder, "page.html");
    const { code, out } = await sim("--agents", "1", "--json", "--html", page);
    assert.equal(code, 0);
    const { scenario, held, promises, eventHash } = JSON.parse(out);
    assert.deepEqual([scenario, held, promises[0].promise], ["calm", true, "never more"]);
    const html = readFileSync(page, "utf8");
    assert.ok(html.includes("<svg") && html.includes(eventHash));
    assert.doesNotMatch(html, /(src|href)=/);
  });

  it("lists every scenario with how many agents it needs", async () => {
    const { code, out } = await sim("--list");
    assert.equal(code, 0);
    assert.match(out, /^ +split-60-40 +3\+ agents {2}60 \| 40, silently/m);
  });

  const wrong: readonly [string, string[], RegExp][] = [
    ["a scenario that there is not", ["--scenario", "crash-won"], /there is no scenario crash-won\n +Did you mean: crash-one/],
    ["too few agents", ["--scenario", "split-60-40", "--agents", "2"], /split-60-40 needs 3 agents/],
    ["no agents", ["--agents", "0"], /--agents/],
    ["a fault that has no number", ["--without", "first"], /first is not the number of a fault/],
    ["something it does not know", ["--scenari", "calm"], /did you mean|Did you mean/],
  ];
  for (const [what, argv, message] of wrong) {
    it(`refuses ${what} with exit code 104 and says what would be right`, async () => {
      const { code, err } = await sim(...argv);
      assert.equal(code, 104);
      assert.match(err, message);
    });
  }

  it("leaves out the faults it is told to", async () => {
    const { out } = await sim("--agents", "5", "--scenario", "churn", "--without", "1,3");
    assert.doesNotMatch(out, /\[1\]|\[3\]/);
    assert.match(out, /\[2\] SIGTERM/);
  });
});

describe("the picture in a terminal", () => {
  it("shows what is offered from nothing to too much, and the plan's rate as a dotted line", () => {
    const samples = [...new Array(300).fill(0), ...new Array(300).fill(1), ...new Array(300).fill(2)] as number[];
    const lines = terminalChart(samples, 10);
    assert.equal(lines.length, 9);
    assert.match(lines[0]!, /^ +2\.25 ┤/);
    assert.match(lines[7]!, /^ +0\.00 ┤⣀/, "nothing at first");
    assert.match(lines.at(-1)!, /9 s$/);
    assert.ok(lines.some((line) => /^ +1\.00 ┤[⠁⠂⠄⡀⠀]+/.test(line)), lines.join("\n"));
  });
});

describe("the table of a soak", () => {
  const finding = { promise: "never more", bound: 1.05, unit: "x", detail: "" } as const;
  it("shows the worst of all seeds, and how to see again what was broken", () => {
    const job = { scenario: "calm", agents: 3, error: null };
    const table = soakTable(
      [
        { ...job, seed: 1, held: true, findings: [{ ...finding, held: true, worst: 1.01 }] },
        { ...job, seed: 2, held: false, findings: [{ ...finding, held: false, worst: 1.5 }] },
        { ...job, seed: 3, held: true, findings: [{ ...finding, held: true, worst: 1 }] },
      ],
      ["x with 1 agents: needs 3 agents"],
    );
    assert.match(table, /^\| scenario \| agents \| seeds \| failed \| never more \|\n/);
    assert.match(table, /\| calm \| 3 \| 3 \| \*\*1\*\* \| \*\*1\.500\*\* \|/);
    assert.match(table, /--agents 3 --scenario calm --seed 2`: never more 1\.500/);
    assert.match(table, /Not run:\n\n- x with 1 agents/);
  });
});
