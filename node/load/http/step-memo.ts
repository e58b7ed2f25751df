// What the requests of a step have in common, put together once.

import type { PreparedRequest } from "../driver.ts";

/** Of what it was put together. */
export interface StepFacts {
  readonly method: string;
  readonly headers: readonly string[];
  readonly closesAfter: boolean;
}

export class StepMemo<T extends StepFacts> {
  readonly #compose: (request: PreparedRequest) => T | null;
  readonly #known = new WeakMap<object, T>();

  /** `compose` gives null for a request that HTTP does not allow. */
  constructor(compose: (request: PreparedRequest) => T | null) {
    this.#compose = compose;
  }

  of(request: PreparedRequest): T | null {
    const { step, method, headers } = request;
    if (step === undefined) return this.#compose(request);
    const known = this.#known.get(step);
    const isSame = known !== undefined && known.headers === headers && known.method === method;
    if (isSame && known.closesAfter === closesAfterAnswer(request)) return known;
    const composed = this.#compose(request);
    if (composed !== null) this.#known.set(step, composed);
    return composed;
  }
}

export function closesAfterAnswer({ http }: PreparedRequest): boolean {
  return http !== undefined && (http.close ?? "keep") !== "keep";
}
