// Things that are well-formed and untrue.

import { generateKeyPairSync } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { Chain } from "../../node/core/agreement/chain.ts";
import { positionsOf } from "../../node/core/agreement/positions.ts";
import type { MemberRecord, RunRecord } from "../../node/core/events.ts";
import type { Frame, Standing, View } from "../../node/core/frame.ts";
import { parsePlan } from "../../node/plan/parse.ts";
import { planHash } from "../../node/wire/plan-hash.ts";
import { type Authority, SIGNATURE_BYTES, signMember } from "../../node/wire/signing.ts";
import type { HostilePeer } from "./peer.ts";

/** Year 2190: the wire takes nothing beyond 2200. */
const FAR_MS = 6.9e12;

/** Agents that do not exist, each with a key of its own, and what they would sign. The target has turns meanwhile. */
export async function fakeMembers(
  howMany: number,
  view: number,
): Promise<{ readonly records: MemberRecord[]; readonly authority: Authority }> {
  const signatures = new Map<string, Uint8Array>();
  const records: MemberRecord[] = [];
  for (let i = 0; i < howMany; i++) {
    if (i % 20 === 0) await nextTurn();
    const key = newKey();
    const record: MemberRecord = {
      id: peerIdFromPrivateKey(key).toString(),
      incarnation: 1,
      state: "alive",
      name: `fake-${i}`,
      zone: "",
      addresses: ["/ip4/127.0.0.1/tcp/9"],
      api: "",
      weight: 1 + (i % 1000),
      view,
      fromMs: Infinity,
      untilMs: Infinity,
    };
    signatures.set(record.id, signMember(record, key));
    records.push(record);
  }
  return { records, authority: { signatureOf: ({ id }) => signatures.get(id) ?? null, vouches: () => true } };
}

/** Signs whatever it is given, with nobody's key. */
export const NOBODY: Authority = { signatureOf: () => new Uint8Array(SIGNATURE_BYTES).fill(7), vouches: () => true };
/** Signs nothing. */
export const UNSIGNED: Authority = { signatureOf: () => new Uint8Array(), vouches: () => true };

/** What living members have not said of themselves. */
export function forgedRecords(living: readonly MemberRecord[]): MemberRecord[] {
  return living.flatMap((record) => [
    { ...record, incarnation: record.incarnation + 1, state: "left" as const },
    { ...record, incarnation: 2 ** 50 },
    { ...record, incarnation: record.incarnation + 1, weight: 1024 },
    { ...record, incarnation: record.incarnation + 1, addresses: ["/ip4/127.0.0.1/tcp/9"] },
    { ...record, view: 2 ** 50 },
  ]);
}

/** What others derive, so that members do not sign it: gone, or with a share at other times. */
export function forgedFates(living: readonly MemberRecord[]): MemberRecord[] {
  return living.flatMap((record) => [
    { ...record, state: "lost" as const, untilMs: 1 },
    { ...record, untilMs: 1 },
    { ...record, fromMs: FAR_MS },
    { ...record, fromMs: 1 },
  ]);
}

/** Times and windows far in the future, and lists of impossible things, in the lineage of the agents. */
export function farFuture(standing: Standing): Frame[] {
  const far = { ...standing, sentAtMs: FAR_MS, view: standing.view + 1000 };
  const window = Math.floor(FAR_MS / 500);
  const change = { fromWindow: window, removed: [0, 1, 2], added: [], reweighed: [] };
  const nobody = new Uint32Array();
  const everybody = Uint32Array.of(0b111);
  return [
    { standing: far },
    { standing: far, echo: { sentAtMs: standing.sentAtMs, heldMs: 0 } },
    { standing, rollCalls: [{ view: standing.view, window, present: everybody, excluded: nobody }] },
    { standing, ballots: [{ view: standing.view, ballot: window, change, votes: nobody, locks: nobody }] },
    { standing, ballots: [{ view: standing.view + 7, ballot: window, change, votes: everybody, locks: everybody }] },
    { standing, accusations: [{ view: standing.view + 7, target: 0, accuser: 1, version: 2 ** 50, kind: "silent" }] },
    { standing, accusations: [{ view: standing.view, target: 9, accuser: 8, version: 2 ** 50, kind: "closed" }] },
    { standing, adoptions: [{ view: 2 ** 50, members: everybody }] },
    { standing, commits: [{ number: standing.view + 7, ballot: window, change, locks: everybody }] },
  ];
}

/** A lineage that claims to be older than theirs and as busy, in which the peer is alone. */
export function foreignLineage(peer: HostilePeer, rank: Standing["rank"]): Frame {
  const standing = { lineage: "0000000000000000", bornMs: 1, rank, view: 9, digest: 1, sentAtMs: peer.standing!.sentAtMs };
  const fromWindow = Math.floor(standing.sentAtMs / 500) - 100;
  const base: View = { number: 9, fromWindow, members: [{ id: peer.id, incarnation: 1, weight: 100, fromWindow }] };
  return { hello: true, standing, chain: { base, commits: [] }, members: [] };
}

/** What only members may say, in the lineage of the agents and of this very moment: that all but the first are to go. */
export function forgedViews(peer: HostilePeer): Frame[] {
  const standing = peer.standing!;
  const view = Chain.of(peer.chain!)!.current;
  const window = Math.floor(standing.sentAtMs / 500);
  const all = positionsOf(view.members.keys(), view.size);
  const nobody = new Uint32Array();
  const others = [...view.members.keys()].slice(1);
  const change = { fromWindow: window + 2, removed: others, added: [], reweighed: [] };
  const commit = { number: view.number + 1, ballot: window, change, locks: all };
  const pairs = others.flatMap((target) => [...view.members.keys()].map((accuser) => ({ target, accuser })));
  const closed = pairs.map((pair) => ({ view: view.number, ...pair, version: 2 ** 50, kind: "closed" as const }));
  const only = { id: peer.id, incarnation: 1, weight: 100, fromWindow: window };
  const newer: View = { number: view.number + 100, fromWindow: window, members: [only] };
  const bits = Array.from({ length: 10 }, (_, i) => ({ view: view.number, window: window - i, present: all }));
  return [
    { standing, accusations: closed },
    { standing, rollCalls: bits.map((call) => ({ ...call, excluded: positionsOf(others, view.size) })) },
    { standing, ballots: [{ view: view.number, ballot: window, change, votes: all, locks: all }] },
    { standing, commits: [commit] },
    { standing, hello: true, chain: { base: peer.chain!.base, commits: [...peer.chain!.commits, commit] } },
    { standing: { ...standing, view: newer.number }, hello: true, chain: { base: newer, commits: [] } },
    { standing, adoptions: [{ view: view.number, members: nobody }] },
  ];
}

/**
 * Runs like theirs: another plan under the same id, a start in the far future, one of another lineage. (A run of its own
 * may anybody publish who has the key.)
 */
export function forgedRuns(run: RunRecord, target: string): RunRecord[] {
  const other = { ...run.spec, ...planned(target, "rate: 500") };
  return [
    { ...run, spec: { ...other, publishedAtMs: 1 } },
    { ...run, spec: { ...other, author: "0" } },
    { spec: { ...run.spec, id: "far" }, control: { ...run.control, startAtMs: FAR_MS } },
    { spec: { ...run.spec, id: "elsewhere" }, control: { ...run.control, lineage: "0000000000000000" } },
  ];
}

/** Runs as anybody might publish them, but for their number: they wait for agents, lie in the far future, or are over. */
export function manyRuns(run: RunRecord, target: string, ids: readonly string[], kind: number): RunRecord[] {
  const { publishedAtMs } = run.spec;
  const spec = { ...run.spec, ...planned(target, "rate: 1", "start: { minAgents: 1000 }") };
  const waits = { ...run.control, startAtMs: null, lineage: null };
  const over = { ...waits, stopAtMs: publishedAtMs, stopReason: "stopped" as const };
  const [times, control] = [
    [{}, waits],
    [{ publishedAtMs: FAR_MS, notAfterMs: FAR_MS }, waits],
    [{}, over],
  ][kind % 3]!;
  return ids.map((id) => ({ spec: { ...spec, ...times, id }, control: control as RunRecord["control"] }));
}

function planned(target: string, rate: string, start = ""): Pick<RunRecord["spec"], "plan" | "document" | "planHash"> {
  const parsed = parsePlan(`name: victim
target: ${target}
${start}
scenarios:
  hits: { executor: constant-arrival-rate, ${rate}, duration: 10m, flow: [{ get: / }] }
`);
  if (!parsed.ok) throw new Error("the plan is invalid");
  return { plan: parsed.plan, document: parsed.document, planHash: planHash(parsed.document) };
}

/** Ed25519 keys as libp2p has them, but made in 0.1 ms. */
function newKey(): Ed25519PrivateKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = privateKey.export({ format: "jwk" });
  return privateKeyFromRaw(Buffer.concat([Buffer.from(d!, "base64url"), Buffer.from(x!, "base64url")])) as Ed25519PrivateKey;
}
