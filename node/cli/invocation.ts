// What a command is called with.

import type { Io } from "./io.ts";
import type { Values } from "./options.ts";
import type { CommandName, TABLES } from "./tables.ts";

export interface Invocation<N extends CommandName> {
  readonly values: Values<(typeof TABLES)[N]>;
  readonly positionals: readonly string[];
  readonly io: Io;
}
