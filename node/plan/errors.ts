// The closed list of errors a user can meet, each with the exit code that the command line gives it.

/** Exit codes of the command line, k6's where k6 has one. */
export const EXIT = {
  pass: 0,
  internal: 1,
  thresholdsFailed: 99,
  invalid: 104,
  stoppedByPerson: 105,
  abortedByThreshold: 108,
  rateNotMet: 111,
  unreachable: 112,
  interrupted: 130,
} as const;

/** Every code, with the exit code of a command that fails with it. */
const CODES = {
  PLAN_INVALID: EXIT.invalid,
  PLAN_TOO_LARGE: EXIT.invalid,
  PLAN_UNREADABLE: EXIT.invalid,
  CONFIG_INVALID: EXIT.invalid,
  USAGE: EXIT.invalid,
  KEY_MISSING: EXIT.invalid,
  TARGET_REFUSED: EXIT.invalid,
  ADDRESS_IN_USE: EXIT.invalid,
  RUN_UNKNOWN: EXIT.invalid,
  UNREACHABLE: EXIT.unreachable,
  OUTPUT_FAILED: EXIT.internal,
  WIRE_INVALID: EXIT.internal,
  INTERNAL: EXIT.internal,
} as const;

export type ErrorCode = keyof typeof CODES;

/** An error meant to be read by a user: what happened, and in `hint` what to do next. */
export class LoadswarmError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LoadswarmError";
    this.code = code;
    this.hint = hint;
  }

  get exitCode(): number {
    return CODES[this.code];
  }
}
