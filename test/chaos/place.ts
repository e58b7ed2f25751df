// Where a swarm can be tormented: namespaces, a firewall, a judge; and why not, where not.

import { freemem } from "node:os";
import { slower } from "../support/dilation.ts";
import { Metronome } from "../support/metronome.ts";
import { Netns, netnsMissing } from "../support/netns.ts";
import { nftMissing } from "../support/nftables.ts";
import { Judge, nginxMissing } from "./judge.ts";
import type { Place } from "./play.ts";

/** An agent holds 80 to 130 MB. */
const AGENT_BYTES = 150 * 1024 * 1024;
const RATE = 400;

/** Why there can be no chaos here; null if there can. In CI that is a failure, elsewhere a visible skip. */
export function chaosMissing(): string | null {
  return netnsMissing() ?? nftMissing() ?? nginxMissing();
}

/** `CHAOS_AGENTS`, or as many as usual. @throws if the machine has no memory for them */
export function agentsWanted(usual: number): number {
  const wanted = Number(process.env["CHAOS_AGENTS"] ?? usual);
  const room = Math.floor(freemem() / AGENT_BYTES);
  if (!Number.isInteger(wanted) || wanted < 8) throw new Error("CHAOS_AGENTS must be a number of at least 8");
  if (wanted > room) throw new Error(`there is memory for ${room} agents, not for ${wanted}: set CHAOS_AGENTS=${room}`);
  return wanted;
}

export interface OpenPlace extends Place {
  close(): Promise<void>;
}

export async function openPlace(agents: number): Promise<OpenPlace> {
  const net = new Netns(agents, slower());
  const judge = await Judge.start(net.outside);
  const metronome = new Metronome();
  const close = async (): Promise<void> => {
    await Promise.all([judge.stop(), metronome.stop()]);
    net.close();
  };
  return { net, judge, metronome, rate: RATE, close };
}
