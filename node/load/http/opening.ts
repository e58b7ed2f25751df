// When a connection came about: the parts of a request's time that went into it.

import type { Socket } from "node:net";
import { monotonicMs } from "../clock.ts";
import type { Setup } from "../driver.ts";

export class Opening {
  readonly #openedMs = monotonicMs();
  readonly #isTls: boolean;
  #resolvedMs = 0;
  #connectedMs = 0;
  #securedMs = 0;

  /** `onOpen` is called when it is open, and negotiated if it is TLS. */
  constructor(socket: Socket, isTls: boolean, onOpen: () => void) {
    this.#isTls = isTls;
    // With several addresses, what failed before the last try is time of connecting.
    socket.once("lookup", () => (this.#resolvedMs = monotonicMs()));
    socket.once("connect", () => (this.#connectedMs = monotonicMs()));
    socket.once(isTls ? "secureConnect" : "connect", () => {
      this.#securedMs = monotonicMs();
      onOpen();
    });
  }

  /** Of a request that began then, for a connection that is of use now. The target's settings are part of connecting. */
  setupOf(startMs: number, readyMs: number): Setup {
    const fromMs = Math.max(this.#resolvedMs, this.#openedMs, startMs);
    const connectedMs = Math.max(this.#connectedMs, fromMs);
    const tlsMs = this.#isTls ? Math.max(0, this.#securedMs - connectedMs) : 0;
    return { blockedMs: fromMs - startMs, connectingMs: readyMs - fromMs - tlsMs, tlsMs };
  }
}
