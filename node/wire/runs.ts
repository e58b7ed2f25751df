// Run records to and from their wire form. Their plans are parsed and checked anew.

import type { RunControl, RunRecord } from "../core/events.ts";
import { LoadswarmError } from "../plan/errors.ts";
import { parsePlan } from "../plan/parse.ts";
import { readCanonical } from "../plan/source.ts";
import type { Plan } from "../plan/types.ts";
import { choice, count, identifier, invalid, type Loose, MAX_TIME_MS, number, required, text } from "./check.ts";
import { MAX_PLAN_BYTES, planHash } from "./plan-hash.ts";

const STOP_REASONS = [null, "stopped", "aborted", "finished"] as const;

export function runToWire({ spec, control }: RunRecord): Loose {
  const { plan: _parsed, ...sent } = spec;
  return { ...sent, control: { ...control, stopReason: STOP_REASONS.indexOf(control.stopReason) } };
}

/** A plan that no agent of this version would publish, though one of the next might. */
export class UnknownPlan extends LoadswarmError {
  constructor(what: string) {
    super("WIRE_INVALID", what, "publish plans that use what is new once all agents have the new version");
  }
}

export function runFromWire(wire: Loose): RunRecord {
  const control = controlFromWire(required(wire, "control"));
  const document = text(wire, "document", MAX_PLAN_BYTES);
  const hash = identifier(wire, "planHash");
  const permit = text(wire, "permit");
  return {
    spec: {
      id: identifier(wire, "id"),
      plan: planOf(document, hash),
      document,
      planHash: hash,
      author: identifier(wire, "author"),
      publishedAtMs: number(wire, "publishedAtMs", 0, MAX_TIME_MS),
      notAfterMs: number(wire, "notAfterMs", 0, MAX_TIME_MS),
      ...(permit === "" ? {} : { permit }),
    },
    control,
  };
}

function controlFromWire(wire: Loose): RunControl {
  const stopReason = choice(wire, "stopReason", STOP_REASONS);
  const stopAtMs = number(wire, "stopAtMs", 0, MAX_TIME_MS) || null;
  if ((stopAtMs === null) !== (stopReason === null)) throw invalid("a stop needs both its time and its reason");
  return {
    sequence: count(wire, "sequence"),
    author: identifier(wire, "author"),
    startAtMs: number(wire, "startAtMs", 0, MAX_TIME_MS) || null,
    lineage: text(wire, "lineage") || null,
    stopAtMs,
    stopReason,
  };
}

/** Plans already checked, by hash: each hello repeats the plans of all runs. */
const knownPlans = new Map<string, Plan>();
const KNOWN_PLANS = 64;

function planOf(document: string, hash: string): Plan {
  if (planHash(document) !== hash) throw invalid("a plan does not match its hash");
  const known = knownPlans.get(hash);
  if (known !== undefined) return known;
  // The canonical form is plain JSON: a peer cannot make us read a megabyte of YAML for seconds.
  if (readCanonical(document) === null) throw invalid("a plan is not in canonical form");
  const parsed = parsePlan(document);
  if (!parsed.ok) throw new UnknownPlan(`a plan is invalid: ${parsed.faults[0]?.path} ${parsed.faults[0]?.message}`);
  if (knownPlans.size >= KNOWN_PLANS) knownPlans.delete(knownPlans.keys().next().value!);
  knownPlans.set(hash, parsed.plan);
  return parsed.plan;
}
