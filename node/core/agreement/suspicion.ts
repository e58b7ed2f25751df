// Whether somebody of the view stands accused. News is urgent everywhere then, and only then roll calls tell who is there.

import { PRESENCE_WINDOWS, TROUBLE_WINDOWS } from "../limits.ts";

export class Alarm {
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

  /**
   * Whoever was in none of the latest roll calls is not there. In quiet times they come a hop per window, so that most members of a
   * large swarm are missing in them: of 300 enough to take whole neighbourhoods for lost.
   */
  tellsPresence(window: number): boolean {
    return this.isOn(window) && window >= this.#fromWindow + 2 * PRESENCE_WINDOWS;
  }
}
