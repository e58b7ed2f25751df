// Whom this agent holds links to: its neighbours in the rings of the newest view, and who will take the place of those gone.

import type { AgreedView } from "./agreement/view.ts";
import type { MemberId } from "./events.ts";
import type { Members } from "./members.ts";
import type { Outbox } from "./outbox.ts";
import { neighbours } from "./rings.ts";

export class Neighbours {
  readonly #self: MemberId;
  readonly #members: Members;
  readonly #out: Outbox;
  #ids: readonly MemberId[] = [];
  /** Members of the view whose hosts have refused a link since they were last heard. */
  readonly #refusing = new Set<MemberId>();
  #isStale = false;

  constructor(self: MemberId, members: Members, out: Outbox) {
    this.#self = self;
    this.#members = members;
    this.#out = out;
  }

  get ids(): readonly MemberId[] {
    return this.#ids;
  }

  /** A member has said something new of itself: where it listens, perhaps. */
  said(id: MemberId): void {
    if (this.#ids.includes(id)) this.#isStale = true;
  }

  heard(id: MemberId): void {
    if (this.#refusing.size > 0 && this.#refusing.delete(id)) this.#isStale = true;
  }

  /**
   * Dialling it was refused. Until a view is agreed that tells it, there are links to those who will take its place:
   * whoever has lost all its neighbours at once would not be heard in the vote on that view.
   */
  refused(id: MemberId): void {
    if (this.#refusing.has(id)) return;
    this.#refusing.add(id);
    this.#isStale = true;
  }

  /** Time passes. */
  turn(view: AgreedView): void {
    if (this.#isStale) this.choose(view);
  }

  /** After a new view, too; whoever is not in it takes the place it would have there. */
  choose(view: AgreedView): void {
    for (const id of this.#refusing) if (view.positionOf(id) < 0) this.#refusing.delete(id);
    const wanted = this.#inRings(view);
    const isSame = wanted.length === this.#ids.length && wanted.every((id) => this.#ids.includes(id));
    if (isSame && !this.#isStale) return;
    this.#isStale = false;
    this.#ids = wanted;
    const records = wanted.flatMap((id) => this.#members.get(id) ?? []);
    this.#out.push({ kind: "neighbours", members: records });
  }

  #inRings(view: AgreedView): MemberId[] {
    const position = view.positionOf(this.#self);
    const among = (ids: readonly MemberId[]) => neighbours(this.#self, [...ids.filter((id) => id !== this.#self), this.#self]);
    // Those who refuse are dialled on: it may be a firewall that does, for all of them.
    const agreed = position < 0 ? among(view.ids) : view.neighboursOf(position).map((one) => view.members[one]!.id);
    if (!agreed.some((id) => this.#refusing.has(id))) return agreed;
    return [...new Set([...agreed, ...among(view.ids.filter((id) => !this.#refusing.has(id)))])];
  }
}
