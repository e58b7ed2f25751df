// Signatures: what a member decides about itself nobody else can say, and who passes it on need not be its author.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import type { MemberRecord } from "../../node/core/events.ts";
import { decodeFrame, encodeFrame } from "../../node/wire/codec.ts";
import { type Authority, SIGNATURE_BYTES, SignedMembers, signMember, verifyMember } from "../../node/wire/signing.ts";
import { Random } from "../support/random.ts";
import { ALIVE, LOST } from "./frames.ts";
import { mutated } from "./mutations.ts";

async function agent(more: Partial<MemberRecord> = {}) {
  const key = await generateKeyPair("Ed25519");
  const id = peerIdFromPrivateKey(key).toString();
  const record: MemberRecord = { ...ALIVE, id, ...more };
  return { key, id, record, authority: new SignedMembers(id, key) };
}

const a = await agent();
const b = await agent();
const c = await agent();

const sent = (record: MemberRecord, by: Authority | null) => encodeFrame({ members: [record] }, by);
const taken = (bytes: Uint8Array, by: Authority) => decodeFrame(bytes, by).members ?? [];
const lost = (record: MemberRecord): MemberRecord => ({ ...record, state: "lost", untilMs: LOST.untilMs });

describe("a signature of a member", () => {
  const signature = signMember(a.record, a.key);

  it("holds for what it was made of", () => {
    assert.equal(signature.length, SIGNATURE_BYTES);
    assert.equal(verifyMember(a.record, signature), true);
  });

  const others: readonly [string, Partial<MemberRecord>][] = [
    ["another id", { id: b.id }],
    ["no id of a peer", { id: "12D3KooWa" }],
    ["the id of a key of another kind", { id: "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N" }],
    ["another incarnation", { incarnation: a.record.incarnation + 1 }],
    ["that it leaves", { state: "left" }],
    ["another name", { name: "x" }],
    ["another zone", { zone: "x" }],
    ["another address", { addresses: ["/ip4/10.0.0.1/tcp/1"] }],
    ["its addresses in another order", { addresses: [...a.record.addresses].reverse() }],
    ["another API", { api: "http://10.0.0.1" }],
    ["another weight", { weight: 99 }],
    ["another view", { view: 99 }],
  ];
  for (const [name, more] of others) {
    it(`does not hold for ${name}`, () => assert.equal(verifyMember({ ...a.record, ...more }, signature), false));
  }

  it("does not hold for another spelling of its id, though its member signs that: it would be there twice", () => {
    const twin = { ...a.record, id: `z${a.id}` };
    const spelt = { ...a.record, id: peerIdFromPrivateKey(a.key).toCID().toString() };
    for (const record of [twin, spelt]) assert.equal(verifyMember(record, signMember(record, a.key)), false);
  });

  it("does not hold when it is not one at all", () => {
    for (const odd of [new Uint8Array(), new Uint8Array(SIGNATURE_BYTES), signature.subarray(1), new Uint8Array(65)]) {
      assert.equal(verifyMember(a.record, odd), false);
    }
  });

  it("leaves open what others derive: since when it has a share, until when, and that it was lost", () => {
    assert.equal(verifyMember({ ...a.record, fromMs: Infinity, untilMs: 1 }, signature), true);
    assert.equal(verifyMember(lost(a.record), signature), true);
    const leaving: MemberRecord = { ...a.record, state: "left" };
    assert.equal(verifyMember(lost(leaving), signMember(leaving, a.key)), true);
  });
});

describe("records between agents with keys", () => {
  it("arrive, and are passed on by those that have them from others", () => {
    const direct = taken(sent(a.record, a.authority), b.authority);
    assert.deepEqual(direct, [a.record]);
    assert.deepEqual(taken(sent(direct[0]!, b.authority), c.authority), [a.record]);
    assert.deepEqual(taken(sent(lost(a.record), b.authority), c.authority), [lost(a.record)]);
    const admitted = { ...a.record, fromMs: 1_700_000_009_000 };
    assert.deepEqual(taken(sent(admitted, c.authority), b.authority), [admitted]);
    assert.equal(b.authority.refused + c.authority.refused, 0);
  });

  it("arrive as living and as leaving ones of the same incarnation, in any order", async () => {
    const [author, middle, end] = [await agent(), await agent(), await agent()];
    const leaving: MemberRecord = { ...author.record, state: "left" };
    taken(sent(leaving, author.authority), middle.authority);
    taken(sent(author.record, author.authority), middle.authority);
    assert.deepEqual(taken(sent(leaving, middle.authority), end.authority), [leaving]);
    assert.deepEqual(taken(sent(lost(leaving), middle.authority), end.authority), [lost(leaving)]);
    assert.deepEqual(taken(sent(author.record, middle.authority), end.authority), [author.record]);
  });

  it("are dropped and counted when their member did not sign them; the rest of the frame is not", async () => {
    const { authority } = await agent();
    const forged = { ...a.record, weight: 1024 };
    const forger: Authority = { signatureOf: () => signMember(a.record, a.key), vouches: () => true };
    const frame = decodeFrame(encodeFrame({ hello: true, members: [forged, a.record, forged] }, forger), authority);
    assert.deepEqual(frame, { hello: true, members: [a.record] });
    assert.equal(authority.refused, 2);
  });

  it("are dropped and counted without a signature, however many", async () => {
    const { authority } = await agent();
    const bytes = encodeFrame({ members: new Array(100).fill(a.record) });
    assert.deepEqual(decodeFrame(bytes, authority), { members: [] });
    assert.equal(authority.refused, 100);
  });

  it("are heard no further from somebody who sends many forged ones", async () => {
    const { authority } = await agent();
    const forger: Authority = { signatureOf: () => new Uint8Array(SIGNATURE_BYTES), vouches: () => true };
    const members = Array.from({ length: 1000 }, (_, weight) => ({ ...a.record, weight: weight + 1 }));
    const bytes = encodeFrame({ members }, forger);
    assert.throws(() => decodeFrame(bytes, authority), { code: "WIRE_INVALID", message: /forged/ });
    assert.ok(authority.refused < 20, `${authority.refused} were checked`);
  });

  it("count as unsigned where their signature was never heard", async () => {
    const { authority } = await agent();
    assert.deepEqual(taken(sent(a.record, authority), b.authority), []);
    assert.equal(authority.unsigned, 1);
  });

  it("of which too many are known are forgotten in the order of their last use", async () => {
    const [x, y, z] = [await agent(), await agent(), await agent()];
    const small = new SignedMembers(c.id, c.key, 2);
    for (const { record, authority } of [x, y]) taken(sent(record, authority), small);
    assert.notEqual(small.signatureOf(x.record), null);
    taken(sent(z.record, z.authority), small);
    assert.notEqual(small.signatureOf(x.record), null);
    assert.equal(small.signatureOf(y.record), null);
    assert.notEqual(small.signatureOf(z.record), null);
  });

  it("do not keep the frame alive that they came in", async () => {
    const { authority } = await agent();
    const bytes = sent(b.record, b.authority);
    taken(bytes, authority);
    bytes.fill(0);
    assert.deepEqual(taken(sent(b.record, authority), c.authority), [b.record]);
  });

  it("are taken as they are without keys", () => {
    assert.deepEqual(decodeFrame(sent(a.record, a.authority)).members, [a.record]);
    assert.deepEqual(decodeFrame(sent(a.record, null)).members, [a.record]);
  });

  it("whatever is changed on the way: nothing is taken that nobody has signed, and nothing else is thrown", () => {
    const random = new Random(7);
    const receiver = new SignedMembers(c.id, c.key);
    const valid = [a, b].map(({ record, authority }) => sent(record, authority));
    for (let i = 0; i < 1000; i++) {
      try {
        for (const { fromMs: _f, untilMs: _u, state, ...said } of taken(mutated(random, valid), receiver)) {
          const { fromMs: _g, untilMs: _v, state: _alive, ...meant } = said.id === a.id ? a.record : b.record;
          assert.deepEqual(said, meant);
          assert.notEqual(state, "left");
        }
      } catch (error) {
        assert.equal((error as { code?: string }).code, "WIRE_INVALID", String(error));
      }
    }
    assert.ok(receiver.refused > 20);
  });
});
