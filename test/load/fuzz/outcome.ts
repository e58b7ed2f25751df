// What a client made of the bytes of a connection, in a form in which two clients can be compared.

import type { ErrorKind } from "../../../node/metrics/results.ts";

/** What a target sends, and to which request. */
export interface Conversation {
  readonly method: string;
  /** In the pieces in which it arrives; the target closes the connection after the last. */
  readonly pieces: readonly Buffer[];
}

/** A whole answer, or why there is none. */
export type Outcome = {
  readonly error: ErrorKind | null;
  /** 0 after an error. */
  readonly status: number;
  /** Lower-case names with their values, joined; null after an error. */
  readonly head: string;
  readonly body: string;
  /** The connection was kept, when all had come but the end. */
  readonly kept: boolean;
};

/** Names and values in turn -> lines in order. */
export function headOf(names: readonly (readonly [string, string])[]): string {
  return names.map(([name, value]) => `${name.toLowerCase()}: ${value.replace(/^[\t ]+|[\t ]+$/g, "")}`).join("\n");
}
