// What agents get to see of crashes, cuts and stops: as TCP and a kernel show them, no more and no less.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberRecord } from "../../node/core/events.ts";
import { FRAME_LISTS } from "../../node/core/limits.ts";
import type { CutOptions } from "../../sim/cuts.ts";
import { World } from "../../sim/world.ts";
import { numbered, Recorder } from "./fakes.ts";

interface Pair {
  readonly world: World;
  readonly a: string;
  readonly b: string;
  readonly ra: Recorder;
  readonly rb: Recorder;
}

/** Two agents with a link, which want each other. */
function pair(): Pair {
  const recorders: Recorder[] = [];
  const world = new World(1, {
    make: () => {
      recorders.push(new Recorder());
      return recorders.at(-1)!;
    },
  });
  const [a, b] = [world.join(), world.join()];
  world.runFor(100);
  const [ra, rb] = [recorders[0]!, recorders[1]!];
  tell(world, a, ra, { kind: "neighbours", members: [memberOf(b)] });
  tell(world, b, rb, { kind: "neighbours", members: [memberOf(a)] });
  for (const { log } of [ra, rb]) log.length = 0;
  return { world, a, b, ra, rb };
}

function memberOf(id: string): MemberRecord {
  const person = { name: id, zone: "", addresses: [id], api: "", weight: 1 };
  return { id, incarnation: 1, state: "alive", ...person, view: 0, fromMs: 0, untilMs: Infinity };
}

function tell(world: World, id: string, recorder: Recorder, ...effects: Recorder["todo"]): void {
  recorder.todo.push(...effects);
  world.input(id, { kind: "wake" });
  recorder.log.pop();
}

/** `a` sends frames of these numbers to `b`, so far apart. */
function send({ world, a, b, ra }: Pair, numbers: readonly number[], everyMs: number): void {
  for (const id of numbers) {
    tell(world, a, ra, { kind: "send", to: b, frame: numbered(id) });
    world.runFor(everyMs);
  }
}

const SILENT: CutOptions = { style: "silent", oneWay: false, parts: [1, 1] };
const REJECT: CutOptions = { ...SILENT, style: "reject" };

/** The world when the first input of this kind came, as elapsed milliseconds; Infinity if none did. */
function first(recorder: Recorder, kind: string): number {
  return (recorder.log.find(({ input }) => input.kind === kind)?.atMs ?? Infinity) - START;
}

const START = new World(1).nowMs;

describe("a link", () => {
  it("keeps the order of frames, whatever is lost on the way", () => {
    const all = pair();
    all.world.network.become({ lossRate: 0.3 });
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    send(all, numbers, 5);
    all.world.runFor(30_000);
    assert.deepEqual(all.rb.heard(), numbers.map((id) => `frame ${id}`));
  });

  it("takes no frame that no agent would", () => {
    const { world, a, b, ra } = pair();
    const frame = (count: number) => ({ commits: new Array<never>(count) });
    assert.throws(() => tell(world, a, ra, { kind: "send", to: b, frame: frame(FRAME_LISTS.commits + 1) }), /tells 65 commits/);
    tell(world, a, ra, { kind: "send", to: b, frame: frame(FRAME_LISTS.commits) });
  });

  it("doubles frames and lets them overtake each other only where a test wants it", () => {
    const all = pair();
    all.world.network.become({ duplicateRate: 0.2, reorderRate: 0.2 });
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    send(all, numbers, 5);
    all.world.runFor(1000);
    const heard = all.rb.heard();
    assert.ok(heard.length > 100);
    assert.deepEqual([...new Set(heard)].sort(), numbers.map((id) => `frame ${id}`).sort());
    assert.notDeepEqual([...new Set(heard)], numbers.map((id) => `frame ${id}`));
  });

  it("that is unlinked delivers what was sent before, and then goes down at both ends", () => {
    const { world, a, b, ra, rb } = pair();
    tell(world, a, ra, { kind: "send", to: b, frame: numbered(1) }, { kind: "unlink", peer: b });
    world.runFor(50);
    assert.deepEqual(ra.heard(), ["linkDown"]);
    assert.deepEqual(rb.heard(), ["frame 1", "linkDown"]);
  });

  it("to somebody unknown is refused when something is sent to it", () => {
    const { world, a, ra } = pair();
    tell(world, a, ra, { kind: "send", to: "nobody", frame: numbered(1) });
    world.runFor(100);
    assert.deepEqual(ra.heard(), ["refused"]);
  });

  it("is made for a frame to a member without one, and the frame follows", () => {
    const all = pair();
    tell(all.world, all.a, all.ra, { kind: "unlink", peer: all.b }, { kind: "send", to: all.b, frame: numbered(7) });
    all.world.runFor(200);
    assert.deepEqual(all.rb.heard(), ["linkDown", "linkUp", "frame 7"]);
  });
});

describe("a silent cut", () => {
  it("shorter than TCP's patience holds frames back and then delivers all of them in order", () => {
    const all = pair();
    const cut = all.world.cut(SILENT, [[all.a], [all.b]]);
    send(all, [1, 2, 3], 1000);
    all.world.heal(cut);
    send(all, [4], 10_000);
    assert.deepEqual(all.rb.heard(), ["frame 1", "frame 2", "frame 3", "frame 4"]);
    assert.deepEqual(all.ra.heard(), []);
    // Retransmitted 0.2, 0.6, 1.4 and 3 s after it was sent, and after 3 s the cut was about to be healed: so at 6.2 s.
    const sinceCutMs = all.rb.log[0]!.atMs - START - 100;
    assert.ok(sinceCutMs > 6200 && sinceCutMs < 6300, `${sinceCutMs}`);
  });

  it("longer than that resets the end that had something to say; dialling times out, and works again after the heal", () => {
    const all = pair();
    const cut = all.world.cut(SILENT, [[all.a], [all.b]]);
    send(all, [1], 19_900);
    assert.deepEqual(all.ra.heard(), ["linkDown", "unreachable"]);
    assert.deepEqual(all.rb.heard(), []);
    assert.equal(first(all.ra, "linkDown"), 15_100);
    all.world.heal(cut);
    all.world.runFor(5000);
    assert.equal(all.ra.heard().at(-1), "linkUp");
    assert.deepEqual(all.rb.heard(), ["linkDown", "linkUp"], "the old end is closed before the new link is up");
  });

  it("one way lets frames of the other side through", () => {
    const all = pair();
    all.world.cut({ ...SILENT, oneWay: true }, [[all.a], [all.b]]);
    send(all, [1], 100);
    tell(all.world, all.b, all.rb, { kind: "send", to: all.a, frame: numbered(2) });
    all.world.runFor(100);
    assert.deepEqual([all.ra.heard(), all.rb.heard()], [["frame 2"], []]);
  });
});

describe("a cut that rejects", () => {
  it("resets links at once and refuses dials, on both sides", () => {
    const all = pair();
    all.world.cut(REJECT, [[all.a], [all.b]]);
    all.world.runFor(3000);
    for (const recorder of [all.ra, all.rb]) {
      assert.ok(first(recorder, "linkDown") <= 110);
      assert.deepEqual(new Set(recorder.heard()), new Set(["linkDown", "refused"]));
    }
  });

  it("on one side only leaves the other in silence", () => {
    const all = pair();
    all.world.cut({ ...REJECT, oneWay: true }, [[all.a], [all.b]]);
    tell(all.world, all.b, all.rb, { kind: "send", to: all.a, frame: numbered(1) });
    all.world.runFor(14_000);
    assert.deepEqual(new Set(all.ra.heard()), new Set(["linkDown", "refused"]));
    assert.deepEqual(all.rb.heard(), []);
    all.world.runFor(10_000);
    assert.deepEqual(new Set(all.rb.heard()), new Set(["linkDown", "unreachable"]));
  });
});

describe("an agent that", () => {
  it("is killed leaves links that close within a moment, and dials that are refused", () => {
    const all = pair();
    all.world.crash(all.b);
    all.world.runFor(1700);
    assert.ok(first(all.ra, "linkDown") > 100 && first(all.ra, "linkDown") < 200);
    assert.equal(all.ra.heard()[1], "refused");
  });

  it("loses power leaves links that seem to be there, until something said to it gets no answer", () => {
    const all = pair();
    all.world.unplug(all.b);
    all.world.runFor(30_000);
    assert.deepEqual(all.ra.heard(), []);
    send(all, [1], 19_000);
    assert.deepEqual(all.ra.heard(), ["linkDown", "unreachable"]);
  });

  it("is stopped handles everything that came in meanwhile when it goes on, its own timer first", () => {
    const all = pair();
    tell(all.world, all.b, all.rb, { kind: "wakeAt", atMs: all.world.nowMs + 1000 });
    all.world.pause(all.b, 5000);
    send(all, [1, 2], 1000);
    all.world.runFor(2900);
    assert.deepEqual(all.rb.heard(), []);
    all.world.runFor(200);
    assert.deepEqual(all.rb.heard(), ["wake", "frame 1", "frame 2"]);
    assert.deepEqual(all.rb.log.map(({ atMs }) => atMs - START), [5100, 5100, 5100]);
    assert.deepEqual(all.ra.heard(), [], "its links stay up");
  });

  it("is stopped does not take connections, and does when it goes on", () => {
    const all = pair();
    tell(all.world, all.a, all.ra, { kind: "unlink", peer: all.b });
    all.world.pause(all.b, 4500);
    all.world.runFor(4400);
    assert.deepEqual(all.ra.heard(), ["linkDown", "unreachable"]);
    all.world.runFor(1000);
    assert.equal(all.ra.heard().at(-1), "linkUp");
  });

  it("is slow handles what comes in late, but all of it and in order", () => {
    const all = pair();
    all.world.slow(all.b, [200, 2000], 10_000);
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    send(all, numbers, 50);
    all.world.runFor(10_000);
    assert.deepEqual(all.rb.heard(), numbers.map((id) => `frame ${id}`));
    const turns = new Set(all.rb.log.map(({ atMs }) => atMs));
    assert.ok(turns.size >= 3 && turns.size <= 30, `${turns.size} turns`);
  });
});

it("agents that start find each other, but for those in another realm until they are introduced", () => {
  const recorders: Recorder[] = [];
  const world = new World(3, { make: () => (recorders.push(new Recorder()), recorders.at(-1)!) });
  const near = [world.join(), world.join()];
  const far = world.joinApart(2);
  world.runFor(10_000);
  const peers = (recorder: Recorder): string[] => recorder.log.flatMap(({ input }) => (input.kind === "linkUp" ? [input.peer] : []));
  assert.deepEqual(recorders.map(peers), [[near[1]], [near[0]], [far[1]], [far[0]]]);
  world.merge();
  world.runFor(20_000);
  assert.deepEqual(new Set(peers(recorders[0]!)), new Set([near[1], ...far]));
});
