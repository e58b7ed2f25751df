// Whose iterations the executors with a fixed number of them are: dealt to virtual users, so that nobody has to count.
//
// Virtual user v of V belongs to the owner of its position on the circle at the instant at which the scenario starts, for
// good. Iteration k of `shared-iterations` is dealt to user k mod V; the users of one owner share what they were dealt.
// What an owner has not started when it goes is started by nobody else: no other could know how far it had come.

import { ownedBelow, type Stripe, StripeWalk } from "./stripe.ts";
import type { Executor, IterationsExecutor } from "./types.ts";

/** Whether an executor starts a fixed number of iterations, and is over when they have ended. */
export function isDealt(executor: Executor): executor is IterationsExecutor {
  return executor.kind === "shared-iterations" || executor.kind === "per-vu-iterations";
}

/** Iterations of the whole swarm. */
export function iterationsDue({ kind, vus, iterations }: IterationsExecutor): number {
  return kind === "shared-iterations" ? iterations : vus * iterations;
}

/** Iterations of whoever owns a stripe at the start: over a cut of the circle they add up to `iterationsDue`. O(users owned). */
export function iterationsDealt({ kind, vus, iterations }: IterationsExecutor, stripe: Stripe): number {
  const users = ownedBelow(stripe, vus);
  if (kind === "per-vu-iterations") return users * iterations;
  return users * Math.floor(iterations / vus) + ownedBelow(stripe, iterations % vus);
}

/** Numbers of the shared iterations that the owner of a stripe was dealt, in the order in which its users take them. */
export class Pool {
  readonly #vus: number;
  readonly #walk: StripeWalk;
  #round: number;
  #vu: number;

  /** `taken` of them have been taken before. The stripe owns at least one of the users. */
  constructor(stripe: Stripe, vus: number, taken: number) {
    this.#vus = vus;
    const users = ownedBelow(stripe, vus);
    this.#walk = new StripeWalk(stripe);
    this.#round = Math.floor(taken / users);
    this.#vu = this.#walk.seek(0);
    for (let i = taken % users; i > 0; i--) this.#vu = this.#walk.next();
  }

  take(): number {
    const k = this.#vu + this.#vus * this.#round;
    this.#vu = this.#walk.next();
    if (this.#vu >= this.#vus) {
      this.#vu = this.#walk.seek(0);
      this.#round++;
    }
    return k;
  }
}
