// Whether somebody of the view stands accused. News is urgent everywhere then, and only then roll calls tell who is there.

import { TROUBLE_WINDOWS } from "../limits.ts";

export class Suspicion {
  #fromWindow = Number.POSITIVE_INFINITY;
  #untilWindow = Number.NEGATIVE_INFINITY;

  /** A member was accused, or still is left out for it. */
  raise(window: number): void {
    if (!this.isOn(window)) this.#fromWindow = window;
    this.#untilWindow = window + TROUBLE_WINDOWS;
  }

  isOn(window: number): boolean {
    return window < this.#untilWindow;
  }

  /** Window since which it is on without a break; Infinity while it is off. */
  since(window: number): number {
    return this.isOn(window) ? this.#fromWindow : Number.POSITIVE_INFINITY;
  }
}
