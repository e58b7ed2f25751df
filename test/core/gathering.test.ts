// Gathering over the links there are: everybody is in the sums once, whoever asks and whatever fails meanwhile.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DIAL_ROUND_TRIPS, GATHER_TIMEOUT_MS, PATIENCE_ROUND_TRIPS } from "../../node/core/limits.ts";
import type { Summary } from "../../node/core/summary-type.ts";
import type { Snapshot } from "../../node/metrics/results.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { GatherNet, RUN, viewOf } from "./gather-net.ts";
import { NOW, point, scenarioTotals, sketch, snapshot, stepTotals, totals } from "./support.ts";

/** `started` requests with latencies whose sum has bits to lose. */
function reportOf(member: string, started: number, random: Random, more: Partial<Snapshot> = {}): Snapshot {
  const duration = sketch(random.next() * 1e3, random.next() * 1e6, random.next());
  const step = stepTotals({ requests: started, duration, latency: duration });
  const scenario = scenarioTotals({ scheduled: started, started, completed: started, pacing: duration });
  const points = [{ ...point(random.integer(0, 3), started), duration }, point(random.integer(4, 9), 1)];
  return snapshot(member, 1, { done: true, totals: totals({ scenarios: [scenario], steps: [step] }), points, ...more });
}

/** Everybody has reported: `started` by number. Returns what they started together. */
function reported(net: GatherNet, started: (i: number) => number = (i) => 1000 + i): number {
  net.ids.forEach((id, i) => net.report(reportOf(id, started(i), net.random)));
  net.pass(100);
  net.sent = [];
  return net.ids.reduce((sum, _, i) => sum + started(i), 0);
}

function isComplete(summary: Summary, size: number, started: number): void {
  assert.equal(summary.iterations.started, started);
  assert.deepEqual(summary.agents, { planned: size, reported: size, lost: 0, coverage: 1 });
  assert.equal(summary.state, "finished");
}

/** Five agents, far from each other. */
const askers = (net: GatherNet): string[] => [0, 1, 2, 3, 4].map((i) => net.ids[Math.floor((i * net.ids.length) / 5)]!);

describe("a swarm of", () => {
  // Ten links each: with every hop about six times as many are reached as before.
  const sizes: readonly [number, number][] = [[1, 0], [2, 1], [5, 1], [17, 2], [200, 4], [1000, 5]];
  for (const [size, hops] of sizes) {
    it(`${size} gives the same summary to the last byte, whoever is asked, over the links there are, in ${hops} hops`, () => {
      const net = new GatherNet(size, 1);
      const started = reported(net);
      const texts = askers(net).map((id) => {
        net.sent = [];
        const { summary, tookMs } = net.gather(id);
        isComplete(summary, size, started);
        assert.ok(tookMs <= 100, `${tookMs} ms`);
        assert.ok(net.hops <= hops, `${net.hops} hops`);
        // A question and an answer for each, and some who only pass them on.
        assert.ok(net.sent.length >= 2 * (size - 1) && net.sent.length <= 2.3 * size, `${net.sent.length} frames`);
        return JSON.stringify(summary);
      });
      assert.equal(new Set(texts).size, 1);
      assert.equal(net.dials, 0);
    });
  }

  it("3,000 answers within 0.1 s, and carries no frame that is larger than that of a few agents, but for the sets of members", () => {
    const net = new GatherNet(3000, 2);
    reported(net);
    const { summary, tookMs } = net.gather(net.ids[1234]!);
    assert.equal(summary.agents.reported, 3000);
    assert.ok(tookMs <= 100 && net.hops <= 5, `${tookMs} ms, ${net.hops} hops`);
    assert.equal(net.sent.flatMap(({ reports }) => reports ?? []).length, 0, "nobody's report travels alone");
    const widest = Math.max(...net.sent.map(({ gathered }) => gathered?.part?.intervals.length ?? 0));
    assert.equal(widest, 10);
  });
});

describe("while it is gathered", () => {
  /** A neighbour of the asker, through which many others are asked. */
  const inner = (net: GatherNet, asker: string, i: number): string => [...net.of(asker).out.links].sort()[i]!;

  const losses: readonly [string, (net: GatherNet, asker: string) => void][] = [
    ["an inner agent crashes", (net, asker) => net.at(4, () => net.crash(inner(net, asker, 0)))],
    ["an inner agent crashes with answers of others in hand", (net, asker) => net.at(15, () => net.crash(inner(net, asker, 0)))],
    ["an inner agent has crashed just before", (net, asker) => net.crash(inner(net, asker, 0))],
    ["an inner agent stands still", (net, asker) => net.pause(inner(net, asker, 0))],
    ["an inner agent stands still in the middle of it", (net, asker) => net.at(12, () => net.pause(inner(net, asker, 1)))],
    ["an inner agent stands still for a while", (net, asker) => {
      const id = inner(net, asker, 0);
      net.pause(id);
      net.at(900, () => net.resume(id));
    }],
    ["links close", (net, asker) => {
      for (const i of [0, 1, 2]) net.at(6, () => net.cut(asker, inner(net, asker, i)));
    }],
    ["an inner agent crashes and another stands still", (net, asker) => {
      net.at(10, () => net.crash(inner(net, asker, 0)));
      net.pause(inner(net, asker, 1));
    }],
    ["one crashes and others stand still", (net, asker) => {
      net.at(5, () => net.crash(inner(net, asker, 0)));
      for (const id of [inner(net, asker, 1), ...net.ids.filter((_, i) => i % 37 === 5)]) if (id !== asker) net.pause(id);
    }],
    ["some stand still, and then those who had told a part", (net, asker) => {
      for (const id of net.ids.filter((_, i) => i % 37 === 5)) if (id !== asker) net.pause(id);
      for (const i of [0, 1, 2, 3]) net.at(300, () => net.pause(inner(net, asker, i)));
    }],
  ];
  for (const size of [17, 200, 1000]) {
    for (const [name, fail] of size === 200 ? losses : size < 200 ? losses.slice(0, -1) : losses.slice(-3)) {
      it(`${name}, of ${size}: within 2 s everybody is in it, once`, () => {
        const net = new GatherNet(size, size);
        const started = reported(net);
        const [asker] = askers(net);
        fail(net, asker!);
        const { summary, tookMs } = net.gather(asker!);
        isComplete(summary, size, started);
        assert.ok(tookMs < 2000, `${tookMs} ms`);
        const others = askers(net).filter((id) => net.of(id).state === "up");
        const texts = others.map((id) => JSON.stringify(net.gather(id).summary));
        assert.deepEqual(new Set(texts), new Set([JSON.stringify(summary)]));
      });
    }
  }

  for (const [name, knownMs, missing] of [["known to be far is waited for", 600, 0], ["not known to be far is not", 0, 1]] as const) {
    it(`whoever is ${name}, for a bounded time`, () => {
      const net = new GatherNet(200, 3);
      reported(net);
      net.farMs = 300;
      net.roundTripMs = knownMs;
      const { summary, tookMs } = net.gather(net.ids[0]!);
      assert.equal(Math.sign(summary.agents.planned - summary.agents.reported), missing);
      assert.ok(tookMs <= GATHER_TIMEOUT_MS + (PATIENCE_ROUND_TRIPS + DIAL_ROUND_TRIPS) * knownMs, `${tookMs} ms`);
    });
  }

  const lossy: readonly [number, number, number, number][] = [[0.1, 199, 15, 90], [0.3, 197, 60, 300]];
  for (const [losses, least, most, mostParts] of lossy) {
    it(`${100 * losses} % of the frames come late from afar: all is told as it comes, and what was late too`, () => {
      let [heard, told, parts] = [0, 0, 0];
      const [seeds, size] = [8, 200];
      forSeeds(seeds, (random, seed) => {
        const net = new GatherNet(size, seed);
        reported(net, () => 1);
        Object.assign(net, { farMs: 75, roundTripMs: 160, losses, lossMs: 600 });
        const { agents, iterations } = net.gather(random.pick(net.ids)).summary;
        assert.equal(iterations.started, agents.reported, "each once");
        heard += agents.reported;
        told += net.sent.flatMap(({ reports }) => reports ?? []).length;
        parts += net.sent.filter(({ gathered }) => gathered?.part !== undefined && gathered.more === true).length;
      });
      assert.ok(heard >= seeds * least, `${heard / seeds} of ${size}, on average`);
      assert.ok(told <= seeds * most, `${told / seeds} reports were told on behalf of others, on average`);
      assert.ok(parts <= seeds * mostParts, `${parts / seeds} answers were told in parts, on average`);
    });
  }

  it("anything may fail: what is missing is named, and nobody is in it twice", () => {
    forSeeds(60, (random, seed) => {
      // Each bit of the sum is an agent: one that is in it twice would set another one's.
      const size = random.integer(2, 50);
      const net = new GatherNet(size, seed);
      net.duplicates = random.pick([0, 0.2]);
      Object.assign(net, random.pick([{}, { losses: 0.1, lossMs: 300 }]));
      reported(net, (i) => 2 ** i);
      const asker = random.pick(net.ids);
      for (let i = random.integer(0, 12); i > 0; i--) {
        const id = random.pick(net.ids);
        const act = random.pick([
          () => net.crash(id),
          () => net.pause(id),
          () => net.resume(id),
          () => net.cut(id, random.pick(net.ids)),
          () => void net.of(id).excluded.add(random.pick(net.ids)),
        ]);
        if (id !== asker) net.at(random.integer(0, 400), () => (net.of(id).state === "crashed" ? undefined : act()));
      }
      const { summary, tookMs } = net.gather(asker);
      assert.ok(tookMs < 2000, `${tookMs} ms`);
      let bits = 0;
      for (let left = summary.iterations.started; left > 0; left = Math.floor(left / 2)) bits += left % 2;
      assert.equal(bits, summary.agents.reported);
      assert.equal(summary.agents.planned, size);
    });
  });
});

describe("members that are gone", () => {
  const GONE = "left-before";

  function without(size: number): { net: GatherNet; started: number } {
    const net = new GatherNet(size, 3, [GONE]);
    const started = reported(net);
    // Several hold reports of it, not all of them the last one.
    [3, 7, size - 1].forEach((i, n) => {
      const report = { since: 0, snapshot: reportOf(GONE, 50 + n, net.random, { sequence: n + 1 }) };
      net.of(net.ids[i]!).results.hear(net.ids[1]!, { reports: [report] }, net.nowMs);
    });
    return { net, started };
  }

  it("are answered for by whoever holds their last report, and are in it once", () => {
    const { net, started } = without(200);
    for (const asker of askers(net)) {
      const { agents, iterations } = net.gather(asker).summary;
      assert.equal(iterations.started, started + 52);
      assert.deepEqual(agents, { planned: 201, reported: 201, lost: 1, coverage: 1 });
    }
  });

  it("are asked for once: who has asked before holds it too", () => {
    const { net } = without(50);
    const travelled = () => net.sent.flatMap(({ reports }) => reports ?? []).length;
    const first = net.gather(net.ids[0]!).summary;
    assert.ok(travelled() >= 3);
    net.sent = [];
    const second = net.gather(net.ids[0]!).summary;
    assert.equal(travelled(), 0);
    assert.deepEqual(second, first);
  });

  it("and members that are held to be lost are not waited for", () => {
    const net = new GatherNet(50, 4);
    const started = reported(net);
    const [lost, asker] = [net.ids[20]!, net.ids[0]!];
    net.pause(lost);
    for (const node of net.nodes.values()) node.excluded.add(lost);
    const { summary, tookMs } = net.gather(asker);
    isComplete(summary, 50, started);
    assert.ok(tookMs < 100, `${tookMs} ms`);
  });

  it("of those whose report nobody holds it is said that they are missing", () => {
    const net = new GatherNet(20, 5);
    net.ids.slice(1).forEach((id) => net.report(reportOf(id, 1, net.random)));
    const { agents, iterations } = net.gather(net.ids[1]!).summary;
    assert.deepEqual(agents, { planned: 20, reported: 19, lost: 0, coverage: 0.95 });
    assert.equal(iterations.started, 19);
  });
});

describe("agents of another view", () => {
  it("are in it with what they know, and others are reached in spite of them", () => {
    const net = new GatherNet(60, 6);
    for (const i of [4, 5, 30]) net.follows(net.ids[i]!, viewOf(net.ids, 9));
    const started = reported(net);
    for (const asker of [net.ids[0]!, net.ids[30]!]) {
      const { summary, tookMs } = net.gather(asker);
      isComplete(summary, 60, started);
      assert.ok(tookMs < 2000, `${tookMs} ms`);
    }
  });
});

describe("a run of a lineage that was left for another", () => {
  it("had those who have reported, not those who are members now", () => {
    const net = new GatherNet(20, 9);
    const control = { ...RUN.control, lineage: "before" };
    for (const id of net.ids.slice(0, 3)) net.report(reportOf(id, 5, net.random));
    net.pass(100);
    const { agents, iterations, state } = net.gather(net.ids[1]!, { ...RUN, control }).summary;
    assert.deepEqual(agents, { planned: 3, reported: 3, lost: 0, coverage: 1 });
    assert.deepEqual([iterations.started, state], [15, "finished"]);
  });
});

describe("a question of an older version", () => {
  it("is answered as it expects: with reports of their own, and then the end", () => {
    const net = new GatherNet(5, 7);
    reported(net);
    const node = net.of(net.ids[2]!);
    node.results.hear("old", { gather: { id: 9, run: RUN.spec.id, have: [] } }, net.nowMs);
    const frames = node.out.take().flatMap((effect) => (effect.kind === "send" ? [effect.frame] : []));
    assert.deepEqual(frames.at(-1), { gathered: { id: 9 } });
    assert.deepEqual(frames.slice(0, -1).map(({ reports, gathered }) => [reports?.[0]?.snapshot.member, gathered]), [[node.id, undefined]]);
  });
});

describe("the series", () => {
  const at = (atMs: number) => ({ atMs: NOW + atMs });

  function during(): { net: GatherNet; asker: string } {
    const net = new GatherNet(40, 8);
    net.nowMs = NOW + 8500;
    for (const id of net.ids) {
      const points = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => ({ ...point(index, 10), duration: sketch(net.random.next()) }));
      net.report(snapshot(id, 1, { ...at(8000), points }));
    }
    net.pass(1000);
    return { net, asker: net.ids[0]! };
  }
  const asked = (net: GatherNet) => new Set(net.sent.map(({ gather }) => gather?.fromPoint).filter((from) => from !== undefined));
  const fresh = (net: GatherNet) => net.gather(net.ids[20]!).summary.series;

  it("is gathered from where it may still change", () => {
    const { net, asker } = during();
    const before = net.gather(asker).summary.series;
    assert.equal(before.length, 8);
    net.sent = [];
    const { series } = net.gather(asker).summary;
    assert.deepEqual(asked(net), new Set([4]));
    assert.deepEqual(series, before);
    for (const id of net.ids) net.report(snapshot(id, 2, { ...at(9600), points: [point(7, 12), point(8, 11)] }));
    net.pass(100);
    assert.deepEqual(net.gather(asker).summary.series, fresh(net));
  });

  const changes: readonly [string, (net: GatherNet) => void][] = [
    ["something long past has changed", (net) => net.report(snapshot(net.ids[9]!, 2, { ...at(9600), points: [point(1, 99)] }))],
    ["somebody else is in it", (net) => net.of(net.ids[7]!).excluded.clear()],
  ];
  for (const [name, change] of changes) {
    it(`is gathered anew when ${name}`, () => {
      const { net, asker } = during();
      if (name.startsWith("somebody")) net.of(asker).excluded.add(net.ids[7]!);
      net.gather(asker);
      net.of(asker).excluded.clear();
      change(net);
      net.pass(10);
      net.sent = [];
      const { summary, tookMs } = net.gather(asker);
      assert.deepEqual(asked(net), new Set([4, 0]));
      assert.deepEqual(summary.series, fresh(net));
      assert.ok(tookMs < 2000);
    });
  }

  it("is not gathered for a judge, who needs none", () => {
    const net = new GatherNet(30, 9);
    const started = reported(net);
    const found = net.ask(net.ids[0]!, RUN, false);
    net.pass(1000);
    assert.equal(found[0]?.iterations.started, started);
    assert.deepEqual(net.sent.flatMap(({ gathered }) => gathered?.part?.intervals ?? []), []);
  });
});
