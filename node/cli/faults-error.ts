// A plan that is wrong, with everything that is wrong about it.

import { LoadswarmError } from "../plan/errors.ts";
import type { Fault } from "../plan/types.ts";

export class FaultsError extends LoadswarmError {
  readonly file: string;
  readonly faults: readonly Fault[];

  constructor(file: string, faults: readonly Fault[], cause?: unknown) {
    const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
    super(
      "PLAN_INVALID",
      `${file} has ${count}`,
      `Nothing was started. Check again with: loadswarm validate ${file}`,
      cause,
    );
    this.file = file;
    this.faults = faults;
  }
}
