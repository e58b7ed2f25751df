// Permits: what an operator has signed may be run, once, and nothing else.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import type { RunSpec } from "../../node/core/events.ts";
import { keyedId } from "../../node/core/runs.ts";
import { canonical } from "../../node/plan/canonical.ts";
import { decodeFrame, encodeFrame } from "../../node/wire/codec.ts";
import {
  isOperator,
  keyHashOf,
  makePermit,
  newOperator,
  Operators,
  type Permission,
  readOperatorKey,
  swarmName,
} from "../../node/wire/permit.ts";
import { planHash } from "../../node/wire/plan-hash.ts";
import { RUN } from "./frames.ts";

const [ours, other] = [newOperator(), newOperator()];
const KEY = "0123456789".repeat(6) + "abcd";
const UNTIL_MS = RUN.spec.notAfterMs + 1000;
const SWARM = swarmName(new TextEncoder().encode("key"));
const PERMISSION: Permission = { swarm: SWARM, planHash: RUN.spec.planHash, keyHash: KEY, notAfterMs: UNTIL_MS };

function signed(change: Partial<Permission> = {}, pem = ours.pem): string {
  return makePermit(readOperatorKey(pem), { ...PERMISSION, ...change });
}

function spec(change: Partial<RunSpec> = {}): RunSpec {
  return { ...RUN.spec, id: keyedId(RUN.spec.plan.name, KEY), permit: signed(), ...change };
}

const operators = (): Operators => new Operators([ours.operator], SWARM);
const without = ({ permit: _none, ...rest }: RunSpec): RunSpec => rest;

describe("a run that an operator permits", () => {
  it("may be run until its permit ends, by whichever of the operators", () => {
    assert.equal(operators().refusalOf(spec()), null);
    assert.equal(operators().refusalOf(spec({ notAfterMs: UNTIL_MS })), null);
    const both = new Operators([other.operator, ours.operator], SWARM);
    assert.equal(both.refusalOf(spec({ permit: signed({}, other.pem) })), null);
  });

  it("may be run again and again when it was good once: every hello repeats it", () => {
    const same = operators();
    for (let i = 0; i < 3; i++) assert.equal(same.permits(spec()), true);
    assert.equal(same.refused, 0);
  });

  const refused: readonly [string, RunSpec, RegExp][] = [
    ["is not signed", without(spec()), /no operator has signed/],
    ["has nonsense for a permit", spec({ permit: "1.x" }), /cannot be read/],
    ["has a permit with something after it", spec({ permit: `${signed()}x` }), /cannot be read/],
    ["is signed by a stranger", spec({ permit: signed({}, other.pem) }), /none of the operators/],
    ["was signed for another plan", spec({ planHash: planHash("{}") }), /forged/],
    ["was signed for another swarm", spec({ permit: signed({ swarm: "local" }) }), /forged/],
    ["is a second one of the same permit", spec({ id: `${RUN.spec.plan.name}-another` }), /another run/],
    ["may last longer than was signed", spec({ notAfterMs: UNTIL_MS + 1 }), /ends before/],
    ["has a later end written into its permit", spec({ permit: signed().replace(`.${UNTIL_MS}.`, `.${UNTIL_MS + 5}.`) }), /forged/],
    ["names our operator and is signed by another", spec({ permit: signed({}, other.pem).replace(other.operator, ours.operator) }), /forged/],
  ];
  for (const [what, run, why] of refused) {
    it(`one that ${what} is refused, counted, and told of once`, () => {
      const told: string[] = [];
      const asked = new Operators([ours.operator], SWARM, null, (_run, reason) => told.push(reason));
      // Something good is known already, and lends nothing to the next.
      assert.equal(asked.permits(spec()), true);
      assert.match(asked.refusalOf(run) ?? "", why);
      assert.deepEqual([asked.permits(run), asked.permits(run)], [false, false]);
      assert.equal(asked.refused, 2);
      assert.equal(told.length, 1);
    });
  }

  it("is not asked for one where there are no operators", () => {
    assert.equal(new Operators([], SWARM).refusalOf(without(spec())), null);
  });

  it("needs none where the agent's own configuration names the plan and the run", () => {
    const own = new Operators([ours.operator], SWARM, { planHash: RUN.spec.planHash, keyHash: KEY });
    assert.equal(own.refusalOf(without(spec())), null);
    assert.notEqual(own.refusalOf(without(spec({ id: "wire-2" }))), null);
    assert.notEqual(own.refusalOf(without(spec({ planHash: planHash("{}") }))), null);
  });
});

describe("a frame of runs", () => {
  it("carries permits", () => {
    const frame = { runs: [{ ...RUN, spec: spec() }] };
    assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
  });

  it("loses those that no operator permits, and keeps the others", () => {
    const good = { ...RUN, spec: spec() };
    const asked = operators();
    const decoded = decodeFrame(encodeFrame({ hello: true, runs: [RUN, good] }), null, asked);
    assert.deepEqual(decoded, { hello: true, runs: [good] });
    assert.equal(asked.refused, 1);
  });
});

describe("a plan of a version to come", () => {
  const document = JSON.stringify(canonical({ ...(JSON.parse(RUN.spec.document) as object), news: true }));
  const unknown = { ...RUN, spec: { ...RUN.spec, id: "news-1", document, planHash: planHash(document) } };
  const bytes = encodeFrame({ hello: true, runs: [unknown, RUN] });

  it("is dropped, counted and told of, and the frame that it came in is not: links must last through an upgrade", () => {
    const told: string[] = [];
    const nobody = new Operators([], SWARM, null, (run, why) => told.push(`${run}: ${why}`));
    assert.deepEqual(decodeFrame(bytes, null, nobody), { hello: true, runs: [RUN] });
    assert.equal(nobody.refused, 1);
    assert.match(told.join(), /^news-1: a plan is invalid: .*news/);
  });

  it("is told of once, and of no more than a hundred: whoever sends thousands fills no log", () => {
    let told = 0;
    const nobody = new Operators([], SWARM, null, () => told++);
    for (let i = 0; i < 300; i++) nobody.refuse(`news-${i % 150}`, "why");
    assert.deepEqual([told, nobody.refused], [100, 300]);
  });

  it("with a hash that is not its own is nonsense all the same", () => {
    const forged = encodeFrame({ runs: [{ ...unknown, spec: { ...unknown.spec, planHash: RUN.spec.planHash } }] });
    assert.throws(() => decodeFrame(forged, null, operators()), { code: "WIRE_INVALID" });
  });
});

describe("keys and names", () => {
  const texts: readonly [string, boolean][] = [
    [ours.operator, true],
    ["", false],
    ["ed25519:", false],
    [ours.operator.slice(0, -1), false],
    [`${ours.operator}A`, false],
    [ours.operator.replace("ed25519", "rsa"), false],
    [` ${ours.operator}`, false],
  ];
  for (const [text, expected] of texts) {
    const name = `"${text.slice(0, 12)}" (${text.length} long) is ${expected ? "an" : "no"} operator`;
    it(name, () => assert.equal(isOperator(text), expected));
  }

  it("a key of another kind is no operator's", () => {
    const { privateKey } = generateKeyPairSync("x25519");
    assert.throws(() => readOperatorKey(privateKey.export({ type: "pkcs8", format: "pem" }) as string));
  });

  it("a swarm's name follows from its key and does not hold it", () => {
    const key = new TextEncoder().encode("/key/swarm/psk/1.0.0/\n/base16/\nabcdef");
    assert.match(swarmName(key), /^[0-9a-f]{16}$/);
    assert.notEqual(swarmName(key), SWARM);
    assert.equal(swarmName(null), "local");
  });

  it("a permit names the run it is for", () => {
    assert.equal(keyHashOf(signed()), KEY);
    assert.equal(keyHashOf("nonsense"), null);
  });
});
