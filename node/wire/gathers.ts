// Questions for results and their answers, to and from their wire form.

import type { Gather, Gathered, Part, Scope } from "../core/frame.ts";
import { count, identifier, type Loose, MAX_TIME_MS, message, messages, number } from "./check.ts";
import { positionsFromWire, positionsToWire } from "./positions.ts";
import { intervalFromWire, pointToWire, totalsFromWire, totalsToWire } from "./reports.ts";

/** Nobody waits longer for an answer. */
const MAX_PATIENCE_MS = 60_000;

type Draft<T> = { -readonly [K in keyof T]: T[K] };

export function gatherToWire({ scope, ...gather }: Gather): Loose {
  return { ...gather, scope: scope && scopeToWire(scope) };
}

/** What an older version does not say is absent. */
export function gatherFromWire(wire: Loose): Gather {
  const gather: Draft<Gather> = {
    id: count(wire, "id"),
    run: identifier(wire, "run"),
    have: messages(wire, "have").map((entry) => {
      return { member: identifier(entry, "member"), sequence: count(entry, "sequence") };
    }),
  };
  const scope = message(wire, "scope");
  if (scope === null) return gather;
  gather.scope = scopeFromWire(scope);
  gather.fromPoint = count(wire, "fromPoint");
  gather.sinceMs = number(wire, "sinceMs", 0, MAX_TIME_MS);
  return gather;
}

export function gatheredToWire({ id, more, part }: Gathered): Loose {
  return { id, more: more || undefined, part: part && partToWire(part) };
}

export function gatheredFromWire(wire: Loose): Gathered {
  const gathered: Draft<Gathered> = { id: count(wire, "id") };
  if (wire["more"] === true) gathered.more = true;
  const part = message(wire, "part");
  if (part !== null) gathered.part = partFromWire(part);
  return gathered;
}

function scopeToWire({ lineage, view, ask, avoid, silent, patienceMs }: Scope): Loose {
  const [asked, avoided, silenced] = [positionsToWire(ask), positionsToWire(avoid), positionsToWire(silent)];
  return {
    lineage,
    view,
    ask: asked.bits,
    askGaps: asked.gaps,
    avoid: avoided.bits,
    avoidGaps: avoided.gaps,
    silent: silenced.bits,
    silentGaps: silenced.gaps,
    patienceMs: Math.ceil(patienceMs),
  };
}

function scopeFromWire(wire: Loose): Scope {
  return {
    lineage: identifier(wire, "lineage"),
    view: count(wire, "view"),
    ask: positionsFromWire(wire, "ask", "askGaps"),
    avoid: positionsFromWire(wire, "avoid", "avoidGaps"),
    silent: positionsFromWire(wire, "silent", "silentGaps"),
    patienceMs: count(wire, "patienceMs", MAX_PATIENCE_MS),
  };
}

function partToWire({ heard, reported, done, failed, totals, intervals, isStale }: Part): Loose {
  const sets = [heard, reported, done, failed].map(positionsToWire);
  return {
    heard: sets[0]!.bits,
    heardGaps: sets[0]!.gaps,
    reported: sets[1]!.bits,
    reportedGaps: sets[1]!.gaps,
    done: sets[2]!.bits,
    doneGaps: sets[2]!.gaps,
    failed: sets[3]!.bits,
    failedGaps: sets[3]!.gaps,
    stale: isStale || undefined,
    ...totalsToWire(totals),
    intervals: intervals.map(pointToWire),
  };
}

function partFromWire(wire: Loose): Part {
  return {
    heard: positionsFromWire(wire, "heard", "heardGaps"),
    reported: positionsFromWire(wire, "reported", "reportedGaps"),
    done: positionsFromWire(wire, "done", "doneGaps"),
    failed: positionsFromWire(wire, "failed", "failedGaps"),
    totals: totalsFromWire(wire),
    intervals: messages(wire, "intervals").map(intervalFromWire),
    isStale: wire["stale"] === true,
  };
}
