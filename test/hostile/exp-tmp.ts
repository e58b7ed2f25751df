import { VictimSwarm } from "./swarm.ts";
import { HostilePeer } from "./peer.ts";
import * as F from "./forgeries.ts";
import { setTimeout as sleep } from "node:timers/promises";
const t0 = performance.now();
const log = (...a: unknown[]) => console.log(((performance.now()-t0)/1000).toFixed(1), ...a);
const swarm = await VictimSwarm.start(600);
let peer!: HostilePeer;
const short = async () => (await Promise.all([0,1,2].map(async i => { const m = await swarm.members(i); return `${m.length}:` + m.filter(x => x.name.startsWith("agent")).map(x => x.share.toFixed(3)+x.state[0]).join(",") }))).join(" | ");
const watch = async (what: string, seconds: number) => {
  await swarm.metrics();
  for (let i = 0; i < seconds; i += 2) { const h = swarm.hits; await sleep(2000); log(what, "hits/s", (swarm.hits - h)/2, await short()); }
  log(JSON.stringify((await swarm.metrics()).map(m => [Math.round(m.rssBytes/1e6), Math.round(m.lagP99Ms), Math.round(m.lagMaxMs), m.framesRefused, m.framesDropped, m.membersRefused, m.peersRefused])));
};
await swarm.metrics();
await watch("quiet", 4);
peer = await HostilePeer.start(swarm.key, swarm.address(0));
try {
  await peer.learn();
  const standing = () => peer.standing!;
  const living = () => [...peer.members.values()].filter(m => m.name.startsWith("agent"));
  const which = (process.env.WHICH ?? "fates,forged,far,runs,lineage,fakes").split(",");
  if (which.includes("forged")) { for (const r of F.forgedRecords(living())) { await peer.send({ standing: standing(), members: [r] }, F.NOBODY); await peer.send({ standing: standing(), members: [r] }, F.UNSIGNED); } await watch("forged", 4); }
  if (which.includes("far")) { for (const f of F.farFuture(standing())) await peer.send(f); await watch("far", 6); }
  if (which.includes("lineage")) { await peer.send(F.foreignLineage(peer, 2)); await watch("lineage", 4); }
  if (which.includes("fates")) { for (const r of F.forgedFates(living())) await peer.send({ standing: standing(), members: [r] }); await watch("fates", 6); }
  if (which.includes("runs")) { for (const r of F.forgedRuns([...peer.runs.values()][0]!, [...peer.runs.values()][0]!.spec.plan.targets[0]!)) await peer.send({ standing: standing(), runs: [r] }); await watch("runs", 6); peer.runs.clear(); await peer.learn(); log("spec now", [...peer.runs.values()].map(r => r.spec.id + " " + r.spec.planHash.slice(0, 8) + " " + r.spec.publishedAtMs + " " + r.spec.author).join(" ; "));  log(JSON.stringify(await swarm.runs(1))); }
  if (which.includes("reports")) { for (let i = 0; i < 300; i++) await peer.send({ standing: standing(), reports: Array.from({length: 1000}, (_, j) => ({ since: 0, snapshot: { run: swarm.run, member: `m${i}-${j}`, sequence: 1, atMs: standing().sentAtMs, done: false, totals: {scenarios: [], steps: [], checks: [], status: [], errors: []}, points: [] } })) }); await watch("reports", 6); }
  if (which.includes("manyruns")) { const run = [...peer.runs.values()][0]!; for (let i = 0; i < 300; i++) await peer.send({ standing: standing(), runs: Array.from({length: 100}, (_, j) => ({ spec: {...run.spec, id: `r${i}-${j}`, notAfterMs: 6e12}, control: {...run.control, startAtMs: null, lineage: null} })) }); await watch("manyruns", 6); }
  if (which.includes("commit")) { const c = { number: standing().view + 1, ballot: Math.floor(standing().sentAtMs/500), change: { fromWindow: Math.floor(standing().sentAtMs/500)+4, removed: [0,1], added: [], reweighed: [] }, locks: Uint32Array.of(7) }; await peer.send({ standing: standing(), commits: [c] }); await watch("commit", 8); }
  if (which.includes("fakes")) { const n = Number(process.env.N ?? 100); const { records, authority } = F.fakeMembers(n, standing().view); log("fakes made"); await peer.send({ standing: standing(), members: records }, authority); await watch("fakes", 14); }
} finally { await peer.stop(); await swarm.stop(); }
process.exit(0);
