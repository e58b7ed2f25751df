// A rolling upgrade in the middle of a run: agents of the version before are replaced one by one by today's, as a DaemonSet
// does it; both versions are one swarm and carry one run, published to the old and stopped by the new. nginx's log is the judge.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Summary } from "../../node/core/summary-type.ts";
import { checkOutOlder, hasOlderCommit } from "../support/older-version.ts";
import type { AgentProcess } from "./agent-process.ts";
import { type Recovery, recovery, twice, type Worst, worstSecond } from "./figures.ts";
import type { Hit } from "./judge.ts";
import { chaosMissing, type OpenPlace, openPlace } from "./place.ts";
import { longestStall, longestUntilUseful, untilFull } from "./play.ts";
import { Starvation } from "./starvation.ts";
import { type Run, Swarm } from "./swarm.ts";

const AGENTS = 3;
/** P2 and P4. */
const MOST = 1.05;
const USEFUL_MS = 5000;
const JOIN_MS = 60_000;
/** After the last one has been replaced; and, after the stop, until the last answers are in the log. */
const SETTLE_MS = 2000;
const AFTERGLOW_MS = 2000;
const DONE_MS = 20_000;
/** Played again only where the machine itself stood still for so long. */
const ATTEMPTS = 2;
const STALL_MS = 30;

interface Course {
  readonly hits: readonly Hit[];
  readonly replaced: readonly string[];
  /** While there are both, from an old agent and from a new one. */
  readonly mixed: readonly Summary[];
  /** In the end, from everybody. */
  readonly last: readonly Summary[];
  readonly worst: Worst;
  readonly twice: number;
  readonly kept: Recovery;
  readonly usefulMs: number | null | undefined;
  readonly stallMs: number;
}

const missing = chaosMissing();
const skip = process.env["CI"] === undefined && missing !== null ? missing : false;

describe("a rolling upgrade mid-run", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "loadswarm-upgrade-"));
  let place: OpenPlace | undefined;
  let course: Course;

  before(async () => {
    assert.equal(missing, null, "CI must have namespaces, nftables and nginx");
    place = await openPlace(AGENTS);
    const older = checkOutOlder(join(folder, "older"));
    const instead = "today's program without what it had no words for: its commit is not in this clone";
    console.log(`# the version before is ${hasOlderCommit() ? "its commit" : instead}`);
    for (let attempt = 1; ; attempt++) {
      course = await upgrade(place, older);
      const { kept, worst, stallMs } = course;
      if (attempt === ATTEMPTS || (kept.ms === 0 && worst.excused <= MOST) || stallMs <= STALL_MS) break;
      console.log(`# promises broken, but the machine itself stood still for ${stallMs} ms: played again`);
    }
  });

  after(async () => {
    await place?.close();
    rmSync(folder, { recursive: true });
  });

  it("every agent was replaced, and every one of either version did its part", () => {
    assert.equal(course.replaced.length, AGENTS);
    assert.equal(course.last[0]!.agents.reported, 2 * AGENTS);
  });

  it("keeps the rate in every second, neither more nor less, and nothing is asked twice", (t) => {
    const { kept, worst } = course;
    t.diagnostic(`emptiest second ${kept.lowest.toFixed(3)}, fullest ${worst.ratio.toFixed(3)} of the rate, twice ${course.twice}`);
    assert.equal(kept.ms, 0, `${kept.lowest} of the rate in the emptiest second`);
    assert.ok(worst.excused <= MOST, `${worst.excused} of the rate in the fullest second`);
    assert.equal(course.twice, 0);
  });

  it("a new agent carries load within 5 s", () => {
    assert.ok(typeof course.usefulMs === "number" && course.usefulMs <= USEFUL_MS, `${course.usefulMs}`);
  });

  it("while there are both, an agent of either version answers for both", () => {
    assert.equal(course.mixed.length, 2);
    for (const { agents, state } of course.mixed) assert.deepEqual([agents.coverage, agents.lost, state], [1, 0, "running"]);
  });

  it("in the end the target has counted what was reported, by whomever it is asked", () => {
    const [first, ...others] = course.last;
    for (const other of others) assert.deepEqual(other, first);
    const { scheduled, started, dropped, lost } = first!.iterations;
    assert.deepEqual([started, lost, first!.agents.lost], [course.hits.length, 0, 0]);
    assert.equal(scheduled, started + Object.values(dropped).reduce((sum, count) => sum + count, 0));
  });
});

async function upgrade(place: OpenPlace, older: string): Promise<Course> {
  const { net, judge, metronome, rate } = place;
  const swarm = new Swarm(net, judge);
  const starvation = new Starvation(() => swarm.agents.map(({ pid }) => pid));
  try {
    judge.forget();
    swarm.main = older;
    await swarm.grow(AGENTS);
    await swarm.untilOneView(JOIN_MS);
    const old = swarm.agents;
    const run = await swarm.publish(old[0]!, rate);
    await untilFull(place, run);
    const fromMs = Date.now();
    swarm.main = undefined;
    const mixed: Summary[] = [];
    for (const [i, agent] of old.entries()) {
      await swarm.restart(agent);
      // As minReadySeconds has a DaemonSet wait: it is ready before it has met the others.
      await swarm.untilOneView(JOIN_MS);
      if (i === 0) mixed.push(...(await Promise.all([swarm.agents[0]!, swarm.agents.at(-1)!].map((each) => summary(each, run)))));
    }
    await sleep(SETTLE_MS);
    const toMs = Date.now();
    const fresh = swarm.agents;
    await fresh[0]!.ask("POST", `/api/v1/runs/${run.id}/stop`);
    await sleep(AFTERGLOW_MS);
    const last = await settled(fresh, run);
    const hits = judge.hits(run.id);
    const waited = (from: number, to: number) => starvation.waitedMs(from, to);
    return {
      hits,
      replaced: old.filter(({ member }) => !fresh.some((agent) => agent.member === member)).map(({ member }) => member),
      mixed,
      last,
      worst: worstSecond(hits, fromMs, toMs, rate, (from, to) => longestStall(metronome, from, to)),
      twice: twice(hits, 0, Infinity),
      kept: recovery(hits, fromMs, toMs, { startMs: run.startMs, rate }, waited),
      usefulMs: longestUntilUseful(hits, fresh),
      stallMs: longestStall(metronome, fromMs, toMs),
    };
  } finally {
    starvation.stop();
    await swarm.end();
  }
}

function summary(agent: AgentProcess, { id }: Run): Promise<Summary> {
  return agent.ask<Summary>("GET", `/api/v1/runs/${id}`);
}

/** What everybody says once the run is over everywhere. @throws if it never is */
async function settled(agents: readonly AgentProcess[], run: Run): Promise<Summary[]> {
  for (const sinceMs = performance.now(); ; await sleep(500)) {
    const all = await Promise.all(agents.map((agent) => summary(agent, run)));
    if (all.every(({ state, agents: { coverage } }) => state === "stopped" && coverage === 1)) return all;
    if (performance.now() - sinceMs < DONE_MS) continue;
    throw new Error(`the run is never over: ${JSON.stringify(all.map(({ state, agents, iterations }) => ({ state, agents, iterations })))}`);
  }
}
