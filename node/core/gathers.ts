// Gathering a run's results for oneself: everybody is asked over the links, and who is then missing once more, otherwise.

import type { Agreement } from "./agreement/agreement.ts";
import { emptyPositions, insert, insertAll, isEmpty, NOBODY } from "./agreement/positions.ts";
import type { Collected } from "./collected.ts";
import type { Delegating } from "./delegating.ts";
import { Errand, type Errands, type Question } from "./errands.ts";
import type { MemberId, RunId } from "./events.ts";
import type { LineageId, Positions } from "./frame.ts";
import {
  ASK_AGAIN_PATIENCE_MS,
  DIAL_ROUND_TRIPS,
  GATHER_PATIENCE_MS,
  GATHER_TIMEOUT_MS,
  PATIENCE_ROUND_TRIPS,
} from "./limits.ts";
import type { Members } from "./members.ts";
import { copyOf, everybodyBut, isWithin, remove, removeAll } from "./subsets.ts";

const LONG_AGO = Number.NEGATIVE_INFINITY;

export interface Gathering {
  readonly run: RunId;
  /** The series is gathered too: a judge needs none. */
  readonly withSeries: boolean;
  readonly lineage: LineageId;
  readonly errand: Errand;
  readonly wanted: Positions;
  readonly askedAtMs: number;
  readonly deadlineMs: number;
  /** Those that were missing and have been dialled, and dialled once more: the first link may have been closing … */
  readonly dialled: Positions;
  readonly redialled: Positions;
  /** … and those of whom everybody else was asked what they hold. */
  readonly observed: Positions;
  /** Tokens of the summaries to answer. */
  readonly tokens: number[];
  /** A judge wants it, to see whether a threshold aborts the run. */
  forJudge: boolean;
}

/** What gathering has to know of the swarm. */
export interface Surroundings {
  readonly agreement: Pick<Agreement, "lineage" | "view" | "chain" | "isExcluded">;
  readonly members: Members;
  readonly neighbours: readonly MemberId[];
}

export class Gathers {
  readonly #self: MemberId;
  readonly #membership: Surroundings;
  readonly #errands: Errands;
  readonly #delegating: Delegating;
  readonly #roundTripMs: () => number;
  readonly #open = new Set<Gathering>();

  constructor(self: MemberId, membership: Surroundings, errands: Errands, delegating: Delegating, roundTripMs: () => number) {
    this.#self = self;
    this.#membership = membership;
    this.#errands = errands;
    this.#delegating = delegating;
    this.#roundTripMs = roundTripMs;
  }

  /** One that a second reader of the same run can wait for as well. */
  underWay(run: RunId, withSeries: boolean): Gathering | undefined {
    for (const one of this.#open) if (one.run === run && (one.withSeries || !withSeries)) return one;
    return undefined;
  }

  open(question: Question, withSeries: boolean, nowMs: number): Gathering {
    const { view, lineage } = this.#membership.agreement;
    const lost = this.#lost();
    const wanted = everybodyBut(lost, view.size);
    remove(wanted, view.positionOf(this.#self));
    return this.#begin(
      {
        run: question.run,
        withSeries,
        lineage: lineage.id,
        errand: new Errand(view, question),
        wanted,
        askedAtMs: nowMs,
        deadlineMs: nowMs + GATHER_TIMEOUT_MS + this.#farMs(PATIENCE_ROUND_TRIPS + DIAL_ROUND_TRIPS),
        dialled: emptyPositions(view.size),
        redialled: emptyPositions(view.size),
        observed: emptyPositions(view.size),
        tokens: [],
        forJudge: false,
      },
      lost,
    );
  }

  /** Asks those who have answered something else, in what time is left. */
  again(before: Gathering, question: Question, nowMs: number): void {
    const { heard } = before.errand.collected;
    const deadlineMs = Math.max(before.deadlineMs, nowMs + ASK_AGAIN_PATIENCE_MS + this.#farMs(DIAL_ROUND_TRIPS));
    const { view } = before.errand;
    const [dialled, redialled, observed] = [emptyPositions(view.size), emptyPositions(view.size), emptyPositions(view.size)];
    const errand = new Errand(view, question);
    const unsure = everybodyBut(answeredFully(before.errand.collected), view.size);
    this.#begin({ ...before, dialled, redialled, observed, errand, wanted: heard, askedAtMs: nowMs, deadlineMs }, unsure);
  }

  /** Takes out what is complete, or as complete as it can be, or out of time. */
  finished(nowMs: number): Gathering[] {
    const finished: Gathering[] = [];
    for (const gathering of this.#open) {
      if (nowMs < gathering.deadlineMs && (gathering.errand.open > 0 || this.#asksAgain(gathering, nowMs))) continue;
      this.#open.delete(gathering);
      this.#errands.end(gathering.errand);
      finished.push(gathering);
    }
    return finished;
  }

  nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { errand, deadlineMs } of this.#open) next = Math.min(next, errand.open === 0 ? LONG_AGO : deadlineMs);
    return next;
  }

  /** What questions take longer where members are far from each other. */
  #farMs(roundTrips: number): number {
    return roundTrips * this.#roundTripMs();
  }

  /** Those who are held to be lost are not asked: others answer for them. */
  #lost(): Positions {
    const { agreement } = this.#membership;
    const lost = emptyPositions(agreement.view.size);
    agreement.view.ids.forEach((id, position) => {
      if (agreement.isExcluded(id)) insert(lost, position);
    });
    return lost;
  }

  #begin(gathering: Gathering, avoid: Positions): Gathering {
    const { errand, lineage, wanted, askedAtMs, deadlineMs } = gathering;
    this.#open.add(gathering);
    const patienceMs = Math.min(GATHER_PATIENCE_MS + this.#farMs(PATIENCE_ROUND_TRIPS), deadlineMs - askedAtMs);
    this.#delegating.overLinks(errand, lineage, { ask: wanted, avoid, silent: NOBODY, patienceMs }, askedAtMs);
    return gathering;
  }

  /**
   * Those who are missing are dialled; of those who gave no answer, and in the end of all who are still missing, everybody
   * else is asked what they hold. Returns whether somebody is asked.
   */
  #asksAgain(gathering: Gathering, nowMs: number): boolean {
    const { errand, wanted, lineage, dialled, redialled, observed } = gathering;
    const { view, collected } = errand;
    const missing = copyOf(wanted, view.size);
    removeAll(missing, collected.heard);
    const silent = copyOf(missing, view.size);
    if (isEmpty(dialled)) removeAll(silent, everybodyBut(collected.failed, view.size));
    const patienceMs = Math.min(ASK_AGAIN_PATIENCE_MS + this.#farMs(DIAL_ROUND_TRIPS), gathering.deadlineMs - nowMs);
    if (!isWithin(silent, observed)) {
      // Nobody is asked through those who may not answer: what others hold of them is sure to come.
      const avoid = everybodyBut(answeredFully(collected), view.size);
      const ask = copyOf(collected.heard, view.size);
      insertAll(observed, silent);
      this.#delegating.overLinks(errand, lineage, { ask, avoid, silent, patienceMs }, nowMs);
    }
    const isSecond = isWithin(missing, dialled);
    const already = isSecond ? redialled : dialled;
    const ask = copyOf(missing, view.size);
    removeAll(ask, already);
    const avoid = isSecond ? NOBODY : copyOf(collected.failed, view.size);
    insertAll(already, this.#delegating.directly(errand, lineage, { ask, avoid, silent: NOBODY, patienceMs }, nowMs));
    return errand.open > 0;
  }
}

/** Those who have answered to the end. Whoever told a part and then nothing more may not do better the next time. */
function answeredFully({ heard, failed }: Collected): Positions {
  const sure = heard.slice();
  removeAll(sure, failed);
  return sure;
}
