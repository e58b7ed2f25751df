// The image, made without a Docker daemon, and real containers of it under the pod's own security settings: three find each
// other by DNS, run the plan they were given, and one is stopped like a pod in the middle of it; nginx's log is the judge.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { build, CONFIG } from "../../k8s/image/build.ts";
import { type ImageConfig, unpackImage } from "../../k8s/image/oci.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import { type Hit, Judge } from "../chaos/judge.ts";
import { chaosMissing } from "../chaos/place.ts";
import { Starvation } from "../chaos/starvation.ts";
import { loadswarm } from "../support/cli.ts";
import { NameServer } from "../support/dns.ts";
import { Metronome } from "../support/metronome.ts";
import { Netns } from "../support/netns.ts";
import { Container, containersMissing, POD } from "../kubernetes/container.ts";

const LARGEST_BYTES = 250e6;
const RATE = 200;
const SECONDS = 12;
const STOP_AT_S = 6;
/** How long agents are kept as busy as they can be. */
const SATURATED_S = 4;
/** Three that start at once on a busy machine. */
const START_MS = 90_000;
const PUBLISHED = "published the plan given at the start";
/** An arrival that is later than this is dropped. */
const LATE_MS = 50;
/** Of a second: with less than this taken from them nothing can be LATE_MS late, and nothing is excused. */
const CALM_MS = 25;
/** Of a second: beyond this the machine is no place to judge, and nothing more is excused. */
const MOST_EXCUSED_MS = 100;
const FIND = { encoding: "utf8", maxBuffer: 64 << 20 } as const;
/** Played again only where arrivals are missing. */
const ATTEMPTS = 3;

const missing = chaosMissing() ?? containersMissing();
const skip = process.env["CI"] === undefined && missing !== null ? missing : false;

describe("the image", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "loadswarm-containers-"));
  const rootfs = join(folder, "rootfs");
  let image: ImageConfig;

  before(async () => {
    assert.equal(missing, null, "CI must have runc, a seccomp profile, and what test/chaos wants");
    await build(join(folder, "image.tar"), "loadswarm:test");
    image = unpackImage(join(folder, "image.tar"), join(folder, "layout"), rootfs);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it(`has ${LARGEST_BYTES / 1e6} MB at most`, () => {
    const sizeBytes = Number(execFileSync("du", ["-sb", rootfs], { encoding: "utf8" }).split("\t")[0]);
    assert.ok(sizeBytes <= LARGEST_BYTES, `${sizeBytes}`);
  });

  it("has what it runs, a list of it, and compiled code; no shell, no npm, no compiler, no tests", () => {
    for (const file of ["app/node/main.ts", "app/sbom.cdx.json", "app/.cache", "usr/local/bin/node"]) {
      assert.ok(existsSync(join(rootfs, file)), file);
    }
    for (const file of ["bin/sh", "usr/local/bin/npm", "usr/bin/gcc", "app/test", "app/node_modules/typescript", "app/node_modules/node"]) {
      assert.ok(!existsSync(join(rootfs, file)), file);
    }
    const { components } = JSON.parse(readFileSync(join(rootfs, "app/sbom.cdx.json"), "utf8")) as { components: { name: string }[] };
    assert.ok(components.some(({ name }) => name === "libp2p"));
    assert.ok(!components.some(({ name }) => name === "oxlint"));
  });

  it("has nothing of one kind of processor beside Node and its libraries: the agent's layer is the same for amd64 and arm64", () => {
    const files = execFileSync("find", [join(rootfs, "app"), "-type", "f", "-not", "-path", "*/.cache/*", "-print0"], FIND).split("\0");
    assert.ok(files.length > 1000);
    const ELF = Buffer.from("\x7fELF");
    assert.deepEqual(files.filter((file) => file !== "" && readFileSync(file).subarray(0, 4).equals(ELF)), []);
  });

  it("is set up as the Dockerfile sets up its own", () => {
    const dockerfile = readFileSync(new URL("../../Dockerfile", import.meta.url), "utf8").split("\nFROM ").at(-1)!;
    const said = (word: string): string => new RegExp(`^${word} (.*)$`, "m").exec(dockerfile)![1]!;
    assert.equal(said("USER"), CONFIG.User);
    assert.deepEqual(JSON.parse(said("ENTRYPOINT")), CONFIG.Entrypoint);
    assert.deepEqual(JSON.parse(said("CMD")), CONFIG.Cmd);
    assert.equal(said("WORKDIR"), CONFIG.WorkingDir);
    assert.deepEqual(said("ENV").split(" "), CONFIG.Env.filter((each) => !each.startsWith("PATH=")));
    assert.deepEqual(said("EXPOSE").split(" ").map((port) => `${port}/tcp`), Object.keys(CONFIG.ExposedPorts));
    assert.deepEqual(image, CONFIG);
  });

  describe("three containers of it", () => {
    let net: Netns;
    let judge: Judge;
    let dns: NameServer;
    let containers: Container[] = [];
    let stopped: { code: number | null; tookMs: number };
    let summary: Summary;
    let hits: readonly Hit[];
    let facts: string;
    let startMs: number;
    let metronome: Metronome;
    let starvation: Starvation;
    let probes: readonly string[];

    /** Arrivals that were due in each second of the run and did not come, and how many of them the machine is to blame for. */
    function missed(): { due: number[]; excused: number }[] {
      const came = new Set(hits.map(({ k }) => k));
      return Array.from({ length: SECONDS }, (_, second) => {
        const due = Array.from({ length: RATE }, (_, i) => RATE * second + i).filter((k) => !came.has(k));
        return { due, excused: excusedIn(startMs + 1000 * second) };
      });
    }

    /** None, where neither a thread that only keeps time nor the kernel saw an agent held up for long enough. */
    function excusedIn(fromMs: number): number {
      const stallMs = Math.max(...[-1, 0, 1].map((s) => metronome.worstMs(fromMs / 1000 + s)));
      // The mean of the agents: one of them may have waited for all.
      const waitedMs = starvation.waitedMs(fromMs - LATE_MS, fromMs + 1000);
      const tookMs = Math.max(stallMs, containers.length * waitedMs) < CALM_MS ? 0 : Math.max(stallMs, waitedMs);
      return Math.ceil((RATE * Math.min(tookMs, MOST_EXCUSED_MS)) / 1000);
    }

    /** What the target did not see and no machine took, in words. */
    const errors = () =>
      missed().flatMap(({ due, excused }, second) =>
        due.length <= excused ? [] : [`second ${second}: ${due.length} missing, from ${due[0]! / RATE} s on, ${excused} excused`],
      );

    before(async () => {
      net = new Netns(3);
      judge = await Judge.start(net.outside);
      metronome = new Metronome();
      dns = await NameServer.start("loadswarm.loadswarm.svc.cluster.local", net.outside, 53);
      dns.addresses = net.hosts.map(({ ip }) => ip);
      await loadswarm("keygen", "--out", join(folder, "swarm.key"));
      execFileSync("chmod", ["0444", join(folder, "swarm.key")]);
      writeFileSync(join(folder, "resolv.conf"), `nameserver ${net.outside}\n`);
      for (let attempt = 1; ; attempt++) {
        await play(attempt);
        if (attempt === ATTEMPTS || errors().length === 0) break;
        console.log(`# missing: ${errors().join("; ")}; SIGTERM at ${STOP_AT_S} s: played again`);
      }
    });

    after(async () => {
      for (const container of containers) container.remove();
      await Promise.all([judge?.stop(), dns?.stop(), metronome?.stop()]);
      net?.close();
    });

    async function play(attempt: number): Promise<void> {
      const plan = {
        name: `containers-${attempt}`,
        target: judge.url,
        // Load threads that a busy machine prepares side by side take longer than the usual two seconds.
        start: { minAgents: 3, delay: "5s" },
        scenarios: {
          hits: { executor: "constant-arrival-rate", rate: RATE, duration: `${SECONDS}s`, flow: [{ get: Judge.path, name: "hit" }] },
        },
      };
      writeFileSync(join(folder, "plan.yaml"), JSON.stringify(plan));
      containers = net.hosts.map((host, i) =>
        Container.start({
          name: `loadswarm-${process.pid}-${attempt}-${i + 1}`,
          rootfs,
          image,
          host,
          folder: join(folder, `${attempt}-${i + 1}`),
          mounts: {
            "/etc/resolv.conf": join(folder, "resolv.conf"),
            "/etc/loadswarm/key/swarm.key": join(folder, "swarm.key"),
            "/etc/loadswarm/plan/plan.yaml": join(folder, "plan.yaml"),
          },
          config: { LOADSWARM_ALLOW_TARGET: net.outside, LOADSWARM_PUBLISH: "/etc/loadswarm/plan/plan.yaml" },
        }),
      );
      const run = await untilPublished();
      startMs = Date.parse(run.startsAt);
      const pids = containers.map((container) => container.pid());
      starvation = new Starvation(() => pids);
      const [first, second, third] = containers as [Container, Container, Container];
      await sleep(startMs + STOP_AT_S * 1000 - Date.now());
      stopped = await second.stop();
      await sleep(startMs + 1000 * SECONDS - Date.now());
      for (;;) {
        summary = third.ask<Summary>(`/api/v1/runs/${run.run}`);
        if (summary.state !== "running" && summary.agents.coverage === 1) break;
        await sleep(500);
      }
      hits = judge.hits(run.run);
      starvation.stop();
      facts = first.exec("node", "-e", FACTS);
      first.exec(...healthCheck());
      probes = await probesUnderLoad(first);
      await Promise.all([first.stop(), third.stop()]);
    }

    async function untilPublished(): Promise<{ run: string; startsAt: string }> {
      const logs = () => containers.map(({ logFile }) => readFileSync(logFile, "utf8"));
      // Asking takes a process in the container: too much to be done again and again while they start.
      for (const sinceMs = performance.now(); !logs().some((log) => log.includes(PUBLISHED)); await sleep(200)) {
        if (performance.now() - sinceMs > START_MS) throw new Error(logs()[0]!.slice(-4000));
      }
      for (;;) {
        const { runs } = containers[0]!.ask<{ runs: { run: string; startsAt: string | null }[] }>("/api/v1/runs");
        if (runs[0]?.startsAt) return { run: runs[0].run, startsAt: runs[0].startsAt };
      }
    }

    /** Asks as a kubelet would while two agents make as many requests as they can. */
    async function probesUnderLoad(agent: Container): Promise<string[]> {
      const all = { executor: "constant-vus", vus: 64, duration: `${SATURATED_S}s`, flow: [{ get: "/", name: "all" }] };
      const plan = { name: "saturate", target: judge.url, scenarios: { all } };
      const { startsAt } = agent.ask<{ startsAt: string }>("/api/v1/runs", "POST", plan);
      await sleep(Date.parse(startsAt) - Date.now());
      const answers: string[] = [];
      for (const path of ["livenessProbe", "readinessProbe", "livenessProbe", "readinessProbe"]) {
        const { httpGet, timeoutSeconds } = POD["containers"][0][path];
        const url = `http://${net.hosts[0]!.ip}:7481${httpGet.path}`;
        const answer = await fetch(url, { signal: AbortSignal.timeout(1000 * timeoutSeconds) }).catch(String);
        answers.push(typeof answer === "string" ? answer : String(answer.status));
        await sleep((SATURATED_S * 1000) / 5);
      }
      return answers;
    }

    it("answer their probes while their load threads do all that they can", () => {
      assert.deepEqual(probes, ["200", "200", "200", "200"]);
    });

    it("pass the Dockerfile's health check, which fails where no agent is", () => {
      const [node, ...args] = healthCheck();
      assert.equal(node, "node");
      assert.equal(spawnSync(process.execPath, args, { env: { LOADSWARM_HEALTH: "127.0.0.1:9" } }).status, 1);
    });

    it("are held as tightly as the pod asks", () => {
      const { uid, status, root, tmp, workers, range } = JSON.parse(facts) as Record<string, string>;
      assert.equal(Number(uid), POD["securityContext"].runAsUser);
      assert.match(status!, /^CapEff:\s*0+$/m);
      assert.match(status!, /^NoNewPrivs:\s*1$/m);
      assert.match(status!, /^Seccomp:\s*2$/m);
      assert.deepEqual([root, tmp], ["EROFS", "ok"]);
      assert.equal(workers, POD["containers"][0].resources.limits.cpu);
      assert.deepEqual(range!.trim().split(/\s+/), ["1024", "65535"]);
    });

    it("find each other by the name of a headless Service, and run the plan they were given, once", () => {
      assert.equal(summary.agents.planned, 3);
      assert.equal(new Set(hits.map(({ from }) => from)).size, 3);
    });

    it("one stopped by SIGTERM in the middle of it leaves within the grace period, with exit code 0", () => {
      assert.equal(stopped.code, 0);
    });

    it("while it leaves, and before and after, the target misses not one arrival", (t) => {
      const all = missed();
      const count = all.reduce((sum, { due }) => sum + due.length, 0);
      const excuses = all.map(({ excused }) => excused).join(" ");
      t.diagnostic(`missing ${count} of ${RATE * SECONDS}; the machine excuses ${excuses}, by second`);
      assert.deepEqual(errors(), []);
    });

    it("none comes twice, none went with an agent, and the target counted what was reported", (t) => {
      assert.equal(new Set(hits.map(({ k }) => k)).size, hits.length);
      const { scheduled, started, dropped, lost } = summary.iterations;
      // Whoever stood still for so long that its lease ran out has neither started nor dropped what was due then.
      t.diagnostic(`dropped ${JSON.stringify(dropped)}, lost ${lost}`);
      assert.deepEqual([scheduled, started], [RATE * SECONDS, hits.length]);
      assert.equal(scheduled, started + Object.values(dropped).reduce((sum, count) => sum + count, 0) + lost);
      assert.equal(summary.agents.lost, 0);
    });
  });
});

/** Of the Dockerfile; in a container it throws if the agent does not answer. */
function healthCheck(): string[] {
  const dockerfile = readFileSync(new URL("../../Dockerfile", import.meta.url), "utf8");
  return JSON.parse(/^HEALTHCHECK [^\n]*\n\s*CMD (.*)$/m.exec(dockerfile)![1]!) as string[];
}

/** What a process in the container can see of its own limits. */
const FACTS = `
  const { readFileSync, writeFileSync } = require("node:fs");
  const tryWrite = (file) => { try { writeFileSync(file, ""); return "ok"; } catch (error) { return error.code; } };
  console.log(JSON.stringify({
    uid: process.getuid(),
    status: readFileSync("/proc/1/status", "utf8"),
    root: tryWrite("/app/x"),
    tmp: tryWrite("/tmp/x"),
    workers: process.env.LOADSWARM_WORKERS,
    range: readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"),
  }));
`;
