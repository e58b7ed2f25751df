// Questions under way: whom this agent has asked for results, for itself or for somebody else, and what has come back.

import { has, insert, isEmpty } from "./agreement/positions.ts";
import type { AgreedView } from "./agreement/view.ts";
import { Collected } from "./collected.ts";
import type { MemberId } from "./events.ts";
import type { Gather, Gathered, Part, Report, Scope } from "./frame.ts";
import type { Outbox } from "./outbox.ts";
import { copyOf, removeAll } from "./subsets.ts";

/** What is asked, of whomever. */
export type Question = Required<Pick<Gather, "run" | "have" | "fromPoint" | "sinceMs">>;

/** Results to be collected from members of a view. */
export class Errand {
  readonly view: AgreedView;
  readonly question: Question;
  collected: Collected;
  /** The newest report heard of each member that did not answer itself. */
  readonly held = new Map<MemberId, Report>();
  /** Questions whose answers are still waited for. */
  open = 0;

  constructor(view: AgreedView, question: Question) {
    this.view = view;
    this.question = question;
    this.collected = new Collected(view.size);
  }

  /** What has come since the last call. */
  takePart(): Part {
    const part = this.collected;
    this.collected = new Collected(this.view.size);
    return part;
  }

  hold(report: Report): void {
    const { run, member, sequence } = report.snapshot;
    const known = this.held.get(member)?.snapshot.sequence ?? 0;
    if (run === this.question.run && sequence > known) this.held.set(member, report);
  }
}

/** One question to one member. */
interface Task {
  readonly errand: Errand;
  readonly to: MemberId;
  /** Asked and not heard yet. */
  readonly left: Scope["ask"];
  readonly deadlineMs: number;
  /** False when the answer is not waited for any more; it is still taken. */
  isOpen: boolean;
}

export class Errands {
  readonly #out: Outbox;
  readonly #tasks = new Map<number, Task>();
  #nextId = 1;

  constructor(out: Outbox) {
    this.#out = out;
  }

  ask(errand: Errand, to: MemberId, scope: Scope, nowMs: number): void {
    const id = this.#nextId++;
    const left = copyOf(scope.ask, errand.view.size);
    this.#tasks.set(id, { errand, to, left, deadlineMs: nowMs + scope.patienceMs, isOpen: true });
    errand.open++;
    this.#out.send(to, { gather: { id, ...errand.question, scope } });
  }

  answered(from: MemberId, { id, more, part }: Gathered, reports: readonly Report[]): void {
    const task = this.#tasks.get(id);
    if (task === undefined || task.to !== from) return;
    const { errand, left } = task;
    for (const report of reports) errand.hold(report);
    if (part !== undefined && errand.collected.add(part, left)) removeAll(left, part.heard);
    if (more !== true) this.#close(task, part !== undefined);
  }

  /** It will not answer: its link has closed, or it cannot be reached. */
  lost(peer: MemberId): void {
    for (const task of this.#tasks.values()) if (task.to === peer) this.#close(task, false);
  }

  /** Goes on without those that have kept it waiting for too long. */
  giveUp(nowMs: number): void {
    for (const task of this.#tasks.values()) if (nowMs >= task.deadlineMs) this.#close(task, false);
  }

  /** Everybody who was asked for it has been heard. */
  isComplete(errand: Errand): boolean {
    for (const task of this.#tasks.values()) if (task.errand === errand && !isEmpty(task.left)) return false;
    return true;
  }

  /** Nothing more is taken for it. */
  end(errand: Errand): void {
    for (const [id, task] of this.#tasks) if (task.errand === errand) this.#tasks.delete(id);
  }

  nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadlineMs, isOpen } of this.#tasks.values()) if (isOpen) next = Math.min(next, deadlineMs);
    return next;
  }

  #close(task: Task, hasAnswered: boolean): void {
    if (!task.isOpen) return;
    task.isOpen = false;
    const { errand, to, left } = task;
    errand.open--;
    const position = errand.view.positionOf(to);
    // Nor does it count as an answer if it does not know the view that it was asked about.
    if (position >= 0 && (!hasAnswered || has(left, position))) insert(errand.collected.failed, position);
  }
}
