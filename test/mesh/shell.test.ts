// The shell: what becomes of each effect, which clock the machine is given, and when it is woken.

import assert from "node:assert/strict";
import { describe, it, mock, type TestContext } from "node:test";
import { pino } from "pino";
import type { Effect, In } from "../../node/core/events.ts";
import type { SwarmClock } from "../../node/mesh/clock.ts";
import { type Network, SOLO } from "../../node/mesh/network.ts";
import { Shell } from "../../node/mesh/shell.ts";
import { member } from "../core/support.ts";

const SELF = { id: "self", name: "self", zone: "", addresses: [], api: "", weight: 1, startLeadMs: 0 };
const B = member("b");

/** A shell around a machine that records its inputs and answers them as the test says. */
function setUp(t: TestContext, react: (input: In) => Effect[] = () => []) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: string[] = [];
  const tell = (what: string) => (value: unknown) => void told.push(`${what} ${JSON.stringify(value) ?? String(value)}`);
  const inputs: { readonly input: In; readonly localMs: number }[] = [];
  const local = { nowMs: 1000 };
  const clock = { localMs: () => local.nowMs, nowMs: () => local.nowMs + 77 } as SwarmClock;
  const network: Network = {
    ...SOLO,
    send: (to, frame) => tell("send")({ to: to.id, frame }),
    broadcast: tell("broadcast"),
    hold: (members) => tell("hold")(members.map(({ id }) => id)),
    probe: ({ id }) => tell("probe")(id),
    unlink: tell("unlink"),
  };
  const shell = new Shell({
    self: SELF,
    clock,
    network,
    log: pino({ level: "silent" }),
    assign: tell("assign"),
    lease: (untilMs) => tell("lease")(String(untilMs)),
    clockOffset: tell("clockOffset"),
    event: tell("event"),
  });
  mock.method(shell.machine, "handle", (input: In, localMs: number) => {
    inputs.push({ input, localMs });
    return react(input);
  });
  /** Local time passes, and with it the time of timers. */
  const pass = (ms: number): void => {
    local.nowMs += ms;
    t.mock.timers.tick(ms);
  };
  return { shell, network, told, inputs, local, pass, kinds: () => inputs.map(({ input }) => input.kind) };
}

const EFFECTS: readonly (readonly [Effect, string])[] = [
  [{ kind: "send", to: "b", frame: { goodbye: true } }, 'send {"to":"b","frame":{"goodbye":true}}'],
  [{ kind: "broadcast", frame: { hello: true } }, 'broadcast {"hello":true}'],
  [{ kind: "neighbours", members: [B] }, 'hold ["b"]'],
  [{ kind: "probe", member: B }, 'probe "b"'],
  [{ kind: "unlink", peer: "b" }, 'unlink "b"'],
  [{ kind: "lease", untilMs: 1234.5 }, 'lease "1234.5"'],
  [{ kind: "lease", untilMs: Number.POSITIVE_INFINITY }, 'lease "Infinity"'],
  [{ kind: "clock", offsetMs: -0.25 }, "clockOffset -0.25"],
  [{ kind: "emit", event: { type: "left", member: "b", name: "b", atMs: 1 } }, 'event {"type":"left","member":"b","name":"b","atMs":1}'],
];

describe("effects", () => {
  for (const [effect, expected] of EFFECTS) {
    it(`${effect.kind} is done as ${expected.split(" ")[0]}`, (t) => {
      const { shell, told } = setUp(t, () => [effect]);
      shell.linkUp("b");
      assert.deepEqual(told, [expected]);
    });
  }

  it("are done in order, and what one sets off at once is handled after all of them", (t) => {
    const { shell, told, kinds, network } = setUp(t, ({ kind }) =>
      kind === "linkUp" ? [{ kind: "unlink", peer: "x" }, { kind: "lease", untilMs: 5 }] : [{ kind: "lease", untilMs: 6 }],
    );
    mock.method(network, "unlink", (peer: string) => {
      told.push("unlink");
      shell.linkDown(peer);
    });
    shell.linkUp("b");
    assert.deepEqual(kinds(), ["linkUp", "linkDown"]);
    assert.deepEqual(told, ["unlink", 'lease "5"', 'lease "6"']);
  });
});

describe("inputs", () => {
  it("come with local time, not swarm time", (t) => {
    const { shell, inputs } = setUp(t);
    shell.start();
    shell.unreachable("b");
    shell.refused("b");
    assert.deepEqual(inputs, [
      { input: { kind: "wake" }, localMs: 1000 },
      { input: { kind: "unreachable", peer: "b" }, localMs: 1000 },
      { input: { kind: "refused", peer: "b" }, localMs: 1000 },
    ]);
  });

  it("that come after the stop are not handled, and no timer is left", (t) => {
    const { shell, kinds, pass } = setUp(t, () => [{ kind: "wakeAt", atMs: 1050 }]);
    shell.start();
    shell.stop();
    shell.linkUp("b");
    pass(1000);
    assert.deepEqual(kinds(), ["wake"]);
  });
});

/** [what, wishes as (made at, for), instants at which the machine is woken] in local ms after the start. */
const WISHES: readonly (readonly [string, readonly (readonly [number, number])[], readonly number[]])[] = [
  ["once, at its instant", [[0, 40]], [40]],
  ["at once, when that has passed", [[10, 5]], [10]],
  ["at the later one, if it was put off", [[0, 40], [20, 90]], [90]],
  ["at the earlier one, if it was brought forward", [[0, 90], [20, 40]], [40]],
  ["never, if it was put off for ever", [[0, 40], [20, Number.POSITIVE_INFINITY]], []],
  ["if that was taken back again", [[0, 40], [20, Number.POSITIVE_INFINITY], [30, 60]], [60]],
  ["not before the fraction of a millisecond", [[0, 40.5]], [41]],
];

describe("the machine is woken", () => {
  for (const [what, wishes, expected] of WISHES) {
    it(what, (t) => {
      const { shell, inputs, local, pass } = setUp(t, (input) =>
        input.kind === "linkUp" ? [{ kind: "wakeAt", atMs: 1000 + Number(input.peer) }] : [],
      );
      for (let ms = 0; ms < 200; ms++) {
        for (const [madeAt, wish] of wishes) if (madeAt === ms) shell.linkUp(String(wish));
        pass(1);
      }
      const woken = inputs.filter(({ input }) => input.kind === "wake").map(({ localMs }) => Math.floor(localMs - 1000));
      // A timer of 0 fires with the next tick.
      assert.deepEqual(woken.map((ms) => (expected.includes(ms - 1) ? ms - 1 : ms)), expected);
      assert.equal(local.nowMs, 1200);
    });
  }

  it("again and again, each time as it asks", (t) => {
    const { shell, inputs, pass, local } = setUp(t, () => [{ kind: "wakeAt", atMs: local.nowMs + 100 }]);
    shell.start();
    for (let ms = 0; ms < 450; ms++) pass(1);
    assert.deepEqual(inputs.map(({ localMs }) => localMs), [1000, 1100, 1200, 1300, 1400]);
  });
});
