// The variables of an iteration: the builtins, the fields of its data row, and what it has captured so far.

import { randomInt, randomUUID } from "node:crypto";
import { BUILTINS, type Builtin } from "../plan/template.ts";
import type { DataTable, Plan, Scenario } from "../plan/types.ts";

/** What a template reads from. */
export interface Variables {
  /** Number of the iteration: unique within its scenario over the whole swarm. */
  readonly k: number;
  /** Number of the virtual user. */
  readonly vu: number;
  readonly run: string;
  /** By the index the scope gave the variable; null until captured, and again after a capture that failed. */
  readonly captures: (string | null)[];
}

/** Reads one variable; null if a capture has not filled it. */
export type Reader = (variables: Variables) => string | null;

const READERS: Readonly<Record<Builtin, Reader>> = {
  iterationInTest: ({ k }) => String(k),
  vu: ({ vu }) => String(vu),
  run: ({ run }) => run,
  uuid: () => randomUUID(),
  randomInt: () => String(randomInt(0, 2 ** 31)),
};

/** The variables that the templates of one scenario may name. Captures hide data fields, and those hide builtins. */
export class Scope {
  readonly #plan: Plan;
  readonly #captures = new Map<string, number>();

  constructor(plan: Plan, scenario: Scenario) {
    this.#plan = plan;
    for (const step of scenario.flow) {
      for (const capture of step.kind === "http" ? step.captures : []) {
        if (!this.#captures.has(capture.variable)) this.#captures.set(capture.variable, this.#captures.size);
      }
    }
  }

  get captureCount(): number {
    return this.#captures.size;
  }

  /** Index of a captured variable. */
  captureIndex(variable: string): number {
    return this.#captures.get(variable)!;
  }

  /** Null if no such variable exists. */
  reader(variable: string): Reader | null {
    const captured = this.#captures.get(variable);
    if (captured !== undefined) return ({ captures }) => captures[captured] ?? null;
    for (const table of Object.values(this.#plan.data)) {
      const column = table.fields.indexOf(variable);
      if (column >= 0 && table.rows.length > 0) return fieldReader(table, column);
    }
    return Object.hasOwn(BUILTINS, variable) ? READERS[variable as Builtin] : null;
  }
}

/** Rows are handed out by iteration number, so the swarm as a whole walks the table in order. */
function fieldReader(table: DataTable, column: number): Reader {
  return ({ k }) => table.rows[k % table.rows.length]?.[column] ?? null;
}
