// Frames with random valid values in every field, as the core could make them.

import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import type {
  Accusation,
  Ballot,
  Commit,
  Frame,
  Gather,
  Part,
  Positions,
  Report,
  RollCall,
  Standing,
  ViewChange,
  ViewMember,
} from "../../node/core/frame.ts";
import type { SketchData } from "../../node/metrics/results.ts";
import type { Random } from "../support/random.ts";
import { positions, REPORT, RUN, WINDOW } from "./frames.ts";

const LETTERS = "abcXYZ019-_./ äß漢🐝";
const MAX_TIME_MS = 7.3e12;

export function randomFrame(random: Random): Frame {
  const maybe = <Part extends object>(make: () => Part): Part | object => (random.next() < 0.4 ? make() : {});
  return {
    ...maybe(() => ({ standing: standing(random) })),
    ...maybe(() => ({ members: some(random, 4, () => randomMember(random)) })),
    ...maybe(() => ({ runs: some(random, 2, () => run(random)) })),
    ...maybe(() => ({ reports: some(random, 2, () => report(random)) })),
    ...maybe(() => ({ hello: true })),
    ...maybe(() => ({ pull: true })),
    ...maybe(() => ({ goodbye: true })),
    ...maybe(() => ({ rollCalls: some(random, 5, () => rollCall(random)) })),
    ...maybe(() => ({ ballots: some(random, 3, () => ballot(random)) })),
    ...maybe(() => ({ accusations: some(random, 9, () => accusation(random)) })),
    ...maybe(() => ({ commits: some(random, 3, () => commit(random)) })),
    ...maybe(() => ({ echo: { sentAtMs: ms(random), heldMs: random.next() * 1000 } })),
    ...maybe(() => ({ gather: gather(random) })),
    ...maybe(() => ({ gathered: random.next() < 0.5 ? { id: id(random) } : { id: id(random), part: part(random) } })),
    ...maybe(() => ({
      chain: {
        base: { number: whole(random), fromWindow: window(random), members: viewMembers(random, 1) },
        commits: upTo(random, 3, () => commit(random)),
      },
    })),
  };
}

export function randomMember(random: Random): MemberRecord {
  return {
    id: name(random, 1),
    incarnation: whole(random),
    state: random.pick(["alive", "left", "lost"]),
    name: name(random),
    zone: name(random),
    addresses: upTo(random, 16, () => name(random)),
    api: name(random),
    weight: random.integer(1, 10_240) / 10,
    view: whole(random),
    fromMs: random.pick([Infinity, 1 + ms(random)]),
    untilMs: random.pick([Infinity, 1 + ms(random)]),
  };
}

function standing(random: Random): Standing {
  const rank = random.pick([0, 1, 2] as const);
  const digest = id(random);
  const rest = random.pick([{}, { restsFrom: 1 + whole(random) }]);
  return { lineage: name(random, 1), bornMs: ms(random), rank, view: whole(random), digest, sentAtMs: ms(random), ...rest };
}

function run(random: Random): RunRecord {
  const stop = random.pick([null, null, "stopped", "aborted"] as const);
  return {
    spec: {
      ...RUN.spec,
      id: name(random, 1),
      author: name(random, 1),
      publishedAtMs: ms(random),
      notAfterMs: ms(random),
    },
    control: {
      sequence: id(random),
      author: name(random, 1),
      startAtMs: random.pick([null, 1 + ms(random)]),
      lineage: random.pick([null, name(random, 1)]),
      stopAtMs: stop && 1 + ms(random),
      stopReason: stop,
    },
  };
}

function report(random: Random): Report {
  const { snapshot } = REPORT;
  const [scenario] = snapshot.totals.scenarios;
  const [step] = snapshot.totals.steps;
  const [point] = snapshot.points;
  const more = {
    run: name(random, 1),
    member: name(random, 1),
    sequence: id(random),
    atMs: ms(random),
    done: random.next() < 0.5,
    totals: {
      scenarios: upTo(random, 2, () => ({ ...scenario!, scheduled: whole(random), pacing: sketch(random) })),
      steps: upTo(random, 3, () => ({ ...step!, bytesSent: whole(random), latency: sketch(random) })),
      checks: upTo(random, 3, () => ({ passed: whole(random), failed: whole(random) })),
      status: upTo(random, 3, () => [random.integer(0, 999), whole(random)] as const),
      errors: upTo(random, 9, () => whole(random)),
    },
    points: upTo(random, 3, () => ({ ...point!, index: random.integer(0, 100_000), duration: sketch(random) })),
  };
  return { since: id(random), snapshot: more };
}

function sketch(random: Random): SketchData {
  const index = ascending(random, 20, 2303);
  const count = index.map(() => whole(random));
  return { index, count, sum: random.next() * 1e21, min: random.next(), max: random.next() * 1e9 };
}

function rollCall(random: Random): RollCall {
  return { view: whole(random), window: window(random), excluded: someOf(random), present: someOf(random) };
}

function ballot(random: Random): Ballot {
  const [votes, locks] = [someOf(random), someOf(random)];
  return { view: whole(random), ballot: window(random), change: change(random), votes, locks };
}

function commit(random: Random): Commit {
  return { number: whole(random), ballot: window(random), change: change(random), locks: someOf(random) };
}

function change(random: Random): ViewChange {
  return {
    fromWindow: window(random),
    removed: ascending(random, 30, 16_383),
    added: viewMembers(random, 0),
    reweighed: ascending(random, 10, 16_383).map((position) => ({ position, weight: random.integer(1, 102_400) })),
  };
}

function viewMembers(random: Random, least: number): ViewMember[] {
  const ids = new Set(Array.from({ length: random.integer(least, 20) }, () => name(random, 1)));
  return [...ids].sort().map((id) => {
    return { id, incarnation: whole(random), weight: random.integer(1, 102_400), fromWindow: window(random) };
  });
}

function accusation(random: Random): Accusation {
  const kind = random.pick(["none", "silent", "closed"] as const);
  const [target, accuser] = [random.integer(0, 16_383), random.integer(0, 16_383)];
  return { view: whole(random), target, accuser, version: whole(random), kind };
}

function gather(random: Random): Gather {
  const question = { id: id(random), run: name(random, 1), have: upTo(random, 3, () => have(random)) };
  if (random.next() < 0.5) return question;
  const sets = { ask: someOf(random), avoid: someOf(random), silent: someOf(random) };
  const scope = { lineage: name(random, 1), view: whole(random), ...sets, patienceMs: random.integer(0, 2000) };
  return { ...question, scope, fromPoint: id(random), sinceMs: ms(random) };
}

function part(random: Random): Part {
  const { totals, points } = report(random).snapshot;
  const [heard, reported, done, failed] = [someOf(random), someOf(random), someOf(random), someOf(random)];
  const intervals = points.map((point) => ({ ...point, agents: id(random) }));
  return { heard, reported, done, failed, totals, intervals, isStale: random.next() < 0.5 };
}

function have(random: Random) {
  return { member: name(random, 1), sequence: id(random) };
}

function someOf(random: Random): Positions {
  return positions(...ascending(random, random.pick([0, 3, 400]), random.pick([7, 200, 3000, 16_383])));
}

/** Up to so many different numbers from 0 to `last`. */
function ascending(random: Random, most: number, last: number): number[] {
  const found = new Set(Array.from({ length: random.integer(0, most) }, () => random.integer(0, last)));
  return [...found].sort((a, b) => a - b);
}

function id(random: Random): number {
  return random.integer(0, 2 ** 32 - 1);
}

/** From 0 to 2^53 - 1, small ones as often as large ones. */
function whole(random: Random): number {
  return Math.floor(random.next() * 2 ** random.integer(0, 53));
}

function ms(random: Random): number {
  return random.pick([1_790_000_000_000 + random.next() * 1e9, random.next() * (MAX_TIME_MS - 1), 0]);
}

function window(random: Random): number {
  return random.pick([WINDOW + random.integer(-20, 20), random.pick([-1, 1]) * random.integer(0, 2 ** 40)]);
}

function name(random: Random, least = 0): string {
  const letters = [...LETTERS];
  const length = random.pick([least, random.integer(least, 60)]);
  return Array.from({ length }, () => random.pick(letters)).join("");
}

/** 1 at least: an empty list is an absent one. */
function some<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: random.integer(1, most) }, make);
}

function upTo<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: random.integer(0, most) }, make);
}
