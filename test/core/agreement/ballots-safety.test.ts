// Voters who hear each other in any order, or not at all: never two views after one, and one as soon as all are heard.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ballots } from "../../../node/core/agreement/ballots.ts";
import { listed } from "../../../node/core/agreement/positions.ts";
import { type AgreedView, keyOf } from "../../../node/core/agreement/view.ts";
import type { Ballot, Commit, ViewChange } from "../../../node/core/frame.ts";
import { ACTIVATION_WINDOWS, LONGEST_PATIENCE_WINDOWS } from "../../../node/core/limits.ts";
import { forSeeds, type Random } from "../../support/random.ts";
import { change, letters, viewOf } from "./support.ts";

const W = 100;
const any = () => true;

/** Voters who wish for different views, in windows that are not quite the same for all. */
class Assembly {
  readonly view: AgreedView;
  readonly voters: Ballots[];
  readonly commits = new Map<string, Commit>();
  readonly #random: Random;
  readonly #wishes: string[];
  readonly #isStubborn: boolean;
  #underWay: { readonly to: number; readonly ballot: Ballot }[] = [];
  window = W;

  constructor(random: Random) {
    this.#random = random;
    this.view = viewOf(letters(random.integer(3, 7)));
    this.voters = this.view.ids.map((_, self) => new Ballots(this.view, self));
    this.#wishes = this.view.ids.map(() => random.pick(this.view.ids.slice(0, 3)));
    this.#isStubborn = random.next() < 0.3;
  }

  #wishOf(self: number, window: number): ViewChange {
    return change(this.view, this.#wishes[self]!, "", { fromWindow: window + ACTIVATION_WINDOWS });
  }

  /** One of them votes, locks, and tells what is new to some of the others. */
  act(self: number, lossRate: number): void {
    const one = this.voters[self]!;
    const window = this.window + (self % 2);
    const wish = this.#wishOf(self, window);
    const isAcceptable = (other: ViewChange) => !this.#isStubborn || other.removed.join() === wish.removed.join();
    if (this.#random.next() < 0.6) one.vote(this.#random.next() < 0.9 ? wish : null, window, isAcceptable);
    if (this.#random.next() < 0.6) one.lock(window);
    this.#look(one);
    for (const ballot of one.takeNews()) {
      for (const to of this.voters.keys()) {
        if (to !== self && this.#random.next() >= lossRate) this.#underWay.push({ to, ballot });
      }
    }
  }

  /** Something that is under way arrives, not necessarily what was sent first. */
  deliver(): void {
    if (this.#underWay.length === 0) return;
    const [one] = this.#underWay.splice(this.#random.integer(0, this.#underWay.length - 1), 1);
    this.voters[one!.to]!.merge(one!.ballot, this.window);
    this.#look(this.voters[one!.to]!);
  }

  /** Everybody hears everything, acts, and hears everything again. */
  meet(): void {
    for (let round = 0; round < 3; round++) {
      const all = this.voters.flatMap((one) => one.all());
      for (const [self, one] of this.voters.entries()) {
        for (const ballot of all) one.merge(ballot, this.window);
        one.vote(this.#wishOf(self, this.window), this.window, any);
        one.lock(this.window);
        this.#look(one);
      }
    }
  }

  #look(one: Ballots): void {
    const commit = one.committed();
    if (commit !== null) this.commits.set(keyOf(commit.change), commit);
  }

  /** Changes that a quorum has locked in one ballot, whether or not anybody has learnt of it. */
  decided(): Set<string> {
    const locks = new Map<string, Set<number>>();
    for (const [self, one] of this.voters.entries()) {
      for (const ballot of one.all()) {
        if (!listed(ballot.locks).includes(self)) continue;
        const key = `${ballot.ballot}/${keyOf(ballot.change)}`;
        locks.set(key, (locks.get(key) ?? new Set()).add(self));
      }
    }
    const won = [...locks].filter(([, by]) => {
      const bits = Uint32Array.of([...by].reduce((sum, position) => sum | (1 << position), 0));
      return this.view.isQuorum(bits);
    });
    return new Set(won.map(([key]) => key.slice(key.indexOf("/") + 1)));
  }

  riot(steps: number, lossRate: number): void {
    for (let i = 0; i < steps; i++) {
      const dice = this.#random.next();
      if (dice < 0.05) this.window++;
      else if (dice < 0.4) this.act(this.#random.integer(0, this.voters.length - 1), lossRate);
      else this.deliver();
      assert.ok(this.commits.size <= 1, [...this.commits.keys()].join(" and "));
    }
    const decided = this.decided();
    assert.ok(decided.size <= 1, [...decided].join(" and "));
    for (const key of this.commits.keys()) assert.ok(decided.has(key), `${key} is committed, but nobody locked it`);
  }
}

describe("voters who hear each other in any order, or not at all", () => {
  for (const lossRate of [0, 0.3, 0.7]) {
    it(`never agree on two views after one (${lossRate * 100} % lost)`, () => {
      forSeeds(250, (random) => new Assembly(random).riot(600, lossRate));
    });
  }

  it("agree on one once they hear each other, and it is what any of them had agreed on before", () => {
    forSeeds(150, (random) => {
      const assembly = new Assembly(random);
      assembly.riot(300, 0.5);
      const before = assembly.decided();
      for (let i = 0; i < 3 * LONGEST_PATIENCE_WINDOWS; i++) {
        assembly.window++;
        assembly.meet();
      }
      assert.equal(assembly.commits.size, 1);
      for (const one of assembly.voters) assert.notEqual(one.committed(), null, "everybody has learnt of it");
      for (const key of before) assert.ok(assembly.commits.has(key), "what was decided stays decided");
    });
  });
});
