// Nothing is let go silently: each bound by which something is dropped counts it under its name.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ballots } from "../../node/core/agreement/ballots.ts";
import { RollCalls } from "../../node/core/agreement/roll-calls.ts";
import { DROPPABLE, type Dropped, nothingDropped } from "../../node/core/dropped.ts";
import { BALLOTS_KEPT, LABELS_PER_WINDOW, MEMBERS_KEPT, OPEN_ERRANDS, RUNS_KEPT } from "../../node/core/limits.ts";
import { Members } from "../../node/core/members.ts";
import { Runs } from "../../node/core/runs.ts";
import { change, set, viewMember, viewOf } from "./agreement/support.ts";
import { GatherNet, RUN } from "./gather-net.ts";
import { member, NOW, plan, runOf, snapshot } from "./support.ts";

const VIEW = viewOf("abc");
const W = 100;

/** Does what fills a bound and three times more, and returns what was counted. */
const FLOODS: { readonly [what in keyof Dropped]: () => Readonly<Dropped> } = {
  ballots() {
    const dropped = nothingDropped();
    const ballots = new Ballots(VIEW, 0, dropped);
    for (let i = 0; i < BALLOTS_KEPT + 3; i++) {
      const of = { ...change(VIEW, "c", "", { fromWindow: W }), added: [viewMember(`x${i}`)] };
      ballots.merge({ view: 1, ballot: W, change: of, votes: set(VIEW, "b"), locks: set(VIEW, "") }, W);
    }
    return dropped;
  },
  roll_calls() {
    const dropped = nothingDropped();
    const calls = new RollCalls(dropped);
    for (let i = 0; i < LABELS_PER_WINDOW + 3; i++) calls.set(viewOf("abcdefghijkl"), W, Uint32Array.of(i), 0);
    return dropped;
  },
  members() {
    const dropped = nothingDropped();
    const members = new Members(dropped);
    members.merge(member("gone", { state: "lost", untilMs: 1 }));
    for (let i = 0; i < MEMBERS_KEPT + 2; i++) members.merge(member(`m${i}`));
    return dropped;
  },
  runs() {
    const dropped = nothingDropped();
    const runs = new Runs(() => {}, dropped);
    for (let i = 0; i < RUNS_KEPT + 3; i++) runs.merge(runOf(plan(10, 10), NOW - 600_000 - i, `r${i}`), NOW);
    return dropped;
  },
  reports() {
    const net = new GatherNet(3, 1);
    const { results, out } = net.of(net.ids[0]!);
    const of = (id: string) => ({ since: 0, snapshot: snapshot(id, 1, { run: RUN.spec.id }) });
    results.hear("stranger", { reports: [of(net.ids[1]!), of(net.ids[2]!)] }, NOW);
    results.hear(net.ids[1]!, { reports: [of("nobody"), of(net.ids[1]!)] }, NOW);
    return out.dropped;
  },
  gathers() {
    const net = new GatherNet(3, 1);
    const { results, out, view } = net.of(net.ids[0]!);
    const nobody = new Uint32Array(1);
    const scope = { lineage: "lineage", view: view.number, ask: Uint32Array.of(0b111), avoid: nobody, silent: nobody, patienceMs: 1000 };
    for (let id = 1; id <= OPEN_ERRANDS + 3; id++) results.hear(net.ids[1]!, { gather: { id, run: RUN.spec.id, have: [], scope } }, NOW);
    return out.dropped;
  },
};

describe("what is let go because of a bound is counted", () => {
  for (const what of DROPPABLE) {
    it(what, () => assert.deepEqual(FLOODS[what](), { ...nothingDropped(), [what]: 3 }));
  }
});
