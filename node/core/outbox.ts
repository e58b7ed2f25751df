// The effects of one event, gathered in order, the links over which frames can be spread, and what was let go.

import { nothingDropped } from "./dropped.ts";
import type { Answer, Effect, MemberId, SwarmEvent } from "./events.ts";
import type { Frame } from "./frame.ts";

const NOTHING = Object.freeze([]) as unknown as Effect[];

export class Outbox {
  readonly links = new Set<MemberId>();
  readonly dropped = nothingDropped();
  #effects: Effect[] = [];

  /** Everything since the last call. */
  take(): Effect[] {
    const effects = this.#effects;
    // Most frames cause nothing: no list is made for that.
    if (effects.length === 0) return NOTHING;
    this.#effects = [];
    return effects;
  }

  push(effect: Effect): void {
    this.#effects.push(effect);
  }

  send(to: MemberId, frame: Frame): void {
    this.push({ kind: "send", to, frame });
  }

  /** To every linked peer but the one the news came from. */
  spread(frame: Frame, except: MemberId | null): void {
    for (const peer of this.links) if (peer !== except) this.send(peer, frame);
  }

  answer(token: number, answer: Answer): void {
    this.push({ kind: "answer", token, answer });
  }

  emit(event: SwarmEvent): void {
    this.push({ kind: "emit", event });
  }
}
