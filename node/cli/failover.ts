// A client that outlives the agent it talks to: it learns where the others answer and goes on with one of them.

import { setTimeout as sleep } from "node:timers/promises";
import { LoadswarmError } from "../plan/errors.ts";
import { type Call, call, RefusedError } from "./client.ts";

/** How often the list of other agents is brought up to date. */
const LEARN_EVERY_MS = 5000;
/** Between two rounds over all known agents when none answers. */
const RETRY_MS = 500;
/** Other agents remembered. More would only lengthen the time until all have been tried. */
const MAX_KNOWN = 64;

export interface FailoverOptions {
  /** None of the known agents answering for this long is the end. */
  readonly giveUpMs?: number;
  /** Told once per agent that is given up, and where the client goes on. */
  readonly onMoved?: (from: string, to: string, why: string) => void;
}

export class FailoverClient {
  readonly #giveUpMs: number;
  readonly #onMoved: NonNullable<FailoverOptions["onMoved"]>;
  /** In the order in which they are tried; the first is the current one. */
  #known: string[];
  #answered = false;
  #learntMs = Number.NEGATIVE_INFINITY;

  constructor(origins: readonly string[], { giveUpMs = 30_000, onMoved = () => undefined }: FailoverOptions = {}) {
    if (origins.length === 0) {
      throw new LoadswarmError("USAGE", "no agent to ask", "Name one with --to URL.");
    }
    this.#known = [...origins];
    this.#giveUpMs = giveUpMs;
    this.#onMoved = onMoved;
  }

  /** The agent asked last. */
  get current(): string {
    return this.#known[0]!;
  }

  /**
   * Asks the current agent, else the others in turn, again and again until one answers. Only for calls that may be
   * made twice. Before any agent has ever answered one round is enough: the address is wrong, not the agent dead.
   * @throws LoadswarmError UNREACHABLE after `giveUpMs`; RefusedError when an agent refuses
   */
  async call(request: Call): Promise<Record<string, unknown>> {
    const sinceMs = performance.now();
    for (;;) {
      const outcome = await this.#round(request);
      if ("answer" in outcome) {
        this.#answered = true;
        await this.#learn();
        return outcome.answer;
      }
      const { error } = outcome;
      if (!this.#answered) throw error;
      if (performance.now() - sinceMs >= this.#giveUpMs) {
        const seconds = Math.round(this.#giveUpMs / 1000);
        const none = `none of ${this.#known.length} known agents has answered for ${seconds} s`;
        const message = `${none}; the last: ${error.message}`;
        throw new LoadswarmError(
          "UNREACHABLE",
          message,
          "The run may go on without being watched. Try: loadswarm watch --to URL",
          error,
        );
      }
      await sleep(RETRY_MS);
    }
  }

  /** One try with every known agent. */
  async #round(request: Call): Promise<{ answer: Record<string, unknown> } | { error: LoadswarmError }> {
    const before = this.current;
    let first: LoadswarmError | null = null;
    for (const origin of this.#known) {
      try {
        const answer = await call(origin, request);
        if (origin !== before) this.#moveTo(origin, first?.message ?? "");
        return { answer };
      } catch (error) {
        if (!(error instanceof LoadswarmError)) throw error;
        // An agent that has just joined may not know yet what the one before knew: not its word for it.
        const unknownYet = error instanceof RefusedError && error.status === 404 && origin !== before;
        if (error instanceof RefusedError && !unknownYet) throw error;
        first ??= error;
      }
    }
    return { error: first! };
  }

  #moveTo(origin: string, why: string): void {
    const from = this.current;
    this.#known = [origin, ...this.#known.filter((each) => each !== origin)];
    this.#learntMs = Number.NEGATIVE_INFINITY;
    this.#onMoved(from, origin, why);
  }

  /** Keeps the list of agents fresh. Failing to is no failure: the next call will tell. */
  async #learn(): Promise<void> {
    if (performance.now() - this.#learntMs < LEARN_EVERY_MS) return;
    this.#learntMs = performance.now();
    try {
      const { members } = await call(this.current, { method: "GET", path: "/api/v1/members" });
      if (!Array.isArray(members)) return;
      const alive = members.filter((member) => member?.state === undefined || member.state === "alive");
      const origins = alive.map((member) => reachableOrigin(member?.api, this.current)).filter((each) => each !== null);
      this.#known = [...new Set([this.current, ...origins, ...this.#known.slice(1)])].slice(0, MAX_KNOWN);
    } catch (error) {
      if (!(error instanceof LoadswarmError)) throw error;
    }
  }
}

/** A member's API address as an origin; null if it is none, or a loopback address of another machine. */
export function reachableOrigin(api: unknown, learntFrom: string): string | null {
  if (typeof api !== "string" || api === "") return null;
  const url = URL.parse(api.includes("://") ? api : `http://${api}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const loopback = (hostname: string): boolean => /^(127\.|\[::1\]$|localhost$)/.test(hostname);
  if (loopback(url.hostname) && !loopback(new URL(learntFrom).hostname)) return null;
  return url.origin;
}
