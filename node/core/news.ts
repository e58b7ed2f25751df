// Records that the neighbours have not been told of: of each agent the newest.

import type { MemberId, MemberRecord } from "./events.ts";
import type { NewRecords, Records } from "./members.ts";

export class News {
  readonly #newRecords: NewRecords;
  #records: Records;

  constructor(newRecords: NewRecords) {
    this.#newRecords = newRecords;
    this.#records = newRecords();
  }

  isThere(): boolean {
    return this.#records.size > 0;
  }

  set(id: MemberId, record: MemberRecord): void {
    this.#records.set(id, record);
  }

  /** All of it; then there is none. */
  take(): MemberRecord[] {
    const records = [...this.#records.values()];
    this.forget();
    return records;
  }

  forget(): void {
    if (this.#records.size > 0) this.#records = this.#newRecords();
  }
}
