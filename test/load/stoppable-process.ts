// The parent's side of stoppable.ts: a load engine in a process of its own, for tests that stop it.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Order, Told } from "./stoppable.ts";

export interface Stoppable {
  readonly child: ChildProcess;
  /** Settles once the process says something of the kind. */
  told(wanted: (told: Told) => boolean): Promise<void>;
  /** Settles once the order was carried out. */
  order(one: Order): Promise<void>;
}

export function forkStoppable(): Stoppable {
  const child = fork(fileURLToPath(new URL("./stoppable.ts", import.meta.url)));
  const told = (wanted: (told: Told) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const hear = (one: Told): void => {
        if (!wanted(one)) return;
        child.off("message", hear);
        resolve();
      };
      child.on("message", hear);
    });
  const order = (one: Order): Promise<void> => {
    const done = told((answer) => "done" in answer);
    child.send(one);
    return done;
  };
  return { child, told, order };
}
